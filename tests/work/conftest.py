import gc
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from tests.clock import FakeClock
from tests.work.gate import Gate

from weighbridge.work import TaskManager


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest_asyncio.fixture
async def manager(clock: FakeClock) -> AsyncIterator[TaskManager]:
    """Two workers, two coroutines, a clock that stands still."""
    manager = TaskManager(workers=2, coroutines=2, clock=clock)
    yield manager
    await manager.aclose(0)


@pytest.fixture(autouse=True)
def complaints(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing may be complained about on the way: 'never retrieved', 'destroyed but pending' and the like."""
    gc.freeze()  # What was there before is no business of this test, and collecting it again takes long.
    yield
    assert Gate.forgotten == []
    gc.collect()
    gc.unfreeze()
    records = caplog.get_records("call") + caplog.get_records("teardown")
    assert [record.getMessage() for record in records if record.name == "asyncio"] == []
