"""API responses in a session: asked for once, again when their time is over or somebody says so, and after failures."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.clock import settle as turn
from tests.content.network import Network, public
from tests.session.harness import FakeTimers, a_session, manager_of, set_layer, sizes
from tests.session.test_exactness import check
from tests.tokens.watched import stats_of

from weighbridge.analysis.expand import State
from weighbridge.analysis.report import Range, ReferenceTotals
from weighbridge.content.factory import HandlerFactory
from weighbridge.errors import Code
from weighbridge.session.document import Document
from weighbridge.session.session import Session
from weighbridge.tokens.base import Exactness

SETTINGS = {
    "apis": {"issues": {"url": "https://api.example/issues", "ttl": 100}},
    "apiAllow": ["api.example"],
    "retry": {"attempts": 1},
}


@dataclass
class World:
    """A session with a document that refers to an API, over a network in memory."""

    session: Session
    document: Document
    network: Network
    timers: FakeTimers

    async def pass_(self, seconds: float) -> None:
        """Let time pass, for the network's clock too; then let all that begins by it come to its end."""
        self.network.time += seconds
        self.timers.advance(seconds)
        await self.settle()

    async def settle(self) -> None:
        await turn()
        await self.session.readings.settled(self.document.uri)
        await manager_of(self.session).wait_idle()
        await turn()


@asynccontextmanager
async def a_world(
    folder: Path,
    *answers: httpx.Response | Exception,
    settings: dict[str, Any] | None = None,
    text: str = "[@[api:issues]]",
) -> AsyncIterator[World]:
    network, timers = public(*answers), FakeTimers()
    handlers = HandlerFactory(
        transport=httpx.MockTransport(network.answer),
        resolve=network.resolve,
        now=lambda: network.time,
        sleep=network.sleep,
    )
    async with a_session(folder, settings or SETTINGS, handlers=handlers, timers=timers) as session:
        document = session.open((folder / "doc.md").as_uri(), 1, text)
        yield World(session, document, network, timers)


def text(content: str) -> httpx.Response:
    return httpx.Response(200, text=content)


async def test_a_response_is_asked_for_again_when_its_time_is_over(tmp_path: Path) -> None:
    async with a_world(tmp_path, text("one"), text("two"), text("three")) as world:
        assert await check(world.session, world.document) == "[one]"
        await world.pass_(99)
        assert (await check(world.session, world.document), len(world.network.requests)) == ("[one]", 1)
        await world.pass_(1)
        assert (await check(world.session, world.document), len(world.network.requests)) == ("[two]", 2)
        await world.pass_(100)
        assert (await check(world.session, world.document), len(world.network.requests)) == ("[three]", 3)


async def test_a_look_ahead_of_time_does_not_put_the_next_one_off(tmp_path: Path) -> None:
    async with a_world(tmp_path, text("one"), text("two")) as world:
        await check(world.session, world.document)
        await world.pass_(90)
        readings = world.session.readings
        readings.recheck([*readings._used.things(world.document.uri)])
        await world.settle()
        assert len(world.network.requests) == 1
        await world.pass_(10)
        assert await check(world.session, world.document) == "[two]"


async def test_refresh_asks_at_once(tmp_path: Path) -> None:
    async with a_world(tmp_path, text("one"), text("two"), text("three")) as world:
        await check(world.session, world.document)
        world.session.refresh(world.document)
        await world.settle()
        assert await check(world.session, world.document) == "[two]"
        world.session.refresh()
        await world.settle()
        assert await check(world.session, world.document) == "[three]"


async def test_a_stale_response_counts_says_why_and_is_asked_for_again(tmp_path: Path) -> None:
    async with a_world(tmp_path, text("one"), httpx.Response(503), text("two")) as world:
        await check(world.session, world.document)
        await world.pass_(100)
        assert await check(world.session, world.document) == "[one]"
        (reference,) = world.session.report(world.document).references
        assert (reference.state, reference.tokens) == (State.STALE, 1)
        assert reference.problem is not None
        assert (reference.problem.code, "503" in reference.problem.message) == (Code.FAILED, True)
        report = world.session.report(world.document)
        assert (report.exactness, report.totals) == (Exactness.ESTIMATE, ReferenceTotals(1, 0, 0, 0, stale=1))
        assert [report.exact_in(one) for one in (reference.range, Range(0, 0, 0, 1))] == [False, True]
        await world.pass_(60)
        assert await check(world.session, world.document) == "[two]"
        report = world.session.report(world.document)
        assert report.references[0].state is State.RESOLVED
        assert (report.exactness, report.totals) == (Exactness.EXACT, ReferenceTotals(1, 1, 0, 0))


@pytest.mark.parametrize(
    ("written", "totals", "said"),
    [
        ("@[api:issues]", ReferenceTotals(1, 0, 0, 0, sampled=1), "1 from a sample"),
        ("@[file:inc.md] @[var:name]", ReferenceTotals(2, 1, 0, 0, sampled=1), "1 from a sample"),
        ("@[api:issues] @[file:inc.md] @[file:no.md]", ReferenceTotals(3, 0, 0, 1, 2), "2 from a sample"),
        ("@[var:name]", ReferenceTotals(1, 1, 0, 0), ""),
    ],
)
@pytest.mark.parametrize("allowed", [True, False])
async def test_what_counts_by_a_sample_makes_the_total_an_estimate(
    tmp_path: Path, written: str, totals: ReferenceTotals, said: str, *, allowed: bool
) -> None:
    sampled = {"issues": {"url": "https://api.example/issues", "sample": "for example"}}
    settings = {**SETTINGS, "apis": sampled, "variables": {"name": "x"}}
    settings |= {} if allowed else {"apiAllow": []}
    (tmp_path / "inc.md").write_text("in @[api:issues]")
    async with a_world(tmp_path, httpx.Response(503), settings=settings, text=written) as world:
        rendered = await check(world.session, world.document)
        report = world.session.report(world.document)
        assert ("for example" in rendered) == bool(said)
        assert (report.totals, report.totals.not_of_today(), report.exact) == (totals, said, not said)
        assert report.status_json()["references"]["sampled"] == totals.sampled
        assert report.as_json()["exactness"] == ("estimate" if said else "exact")


@pytest.mark.parametrize("failure", [httpx.Response(503), httpx.ConnectError("no route")])
async def test_what_failed_and_may_do_better_is_tried_again(
    tmp_path: Path, failure: httpx.Response | Exception
) -> None:
    async with a_world(tmp_path, failure, text("one")) as world:
        assert await check(world.session, world.document) == "[@[api:issues]]"
        await world.pass_(59)
        assert len(world.network.requests) == 1
        await world.pass_(1)
        assert await check(world.session, world.document) == "[one]"


@pytest.mark.parametrize("settings", [{**SETTINGS, "apiAllow": []}, {**SETTINGS, "trusted": False}])
async def test_what_is_denied_is_never_asked_for(tmp_path: Path, settings: dict[str, Any]) -> None:
    async with a_world(tmp_path, settings=settings) as world:
        assert await check(world.session, world.document) == "[@[api:issues]]"
        await world.pass_(10_000)
        assert (world.network.requests, world.timers.waiting) == ([], [])
        set_layer(world.session, SETTINGS)
        world.network._respond = [text("one")]
        assert await check(world.session, world.document) == "[one]"


async def test_a_closed_document_asks_for_nothing(tmp_path: Path) -> None:
    async with a_world(tmp_path, text("one")) as world:
        await check(world.session, world.document)
        world.session.close(world.document.uri)
        await world.pass_(10_000)
        assert (len(world.network.requests), world.timers.waiting) == (1, [])
        assert set(sizes(world.session).values()) == {0}


async def test_clearing_the_cache_asks_and_counts_anew(tmp_path: Path) -> None:
    async with a_world(tmp_path, text("one " * 300), text("two " * 300)) as world:
        await check(world.session, world.document)
        counted = stats_of(world.session.service).tokenized
        await world.session.clear_cache()
        await world.settle()
        assert await check(world.session, world.document) == f"[{'two ' * 300}]"
        assert stats_of(world.session.service).tokenized > counted
        assert len(world.network.requests) == 2


async def test_one_response_serves_all_references_to_it(tmp_path: Path) -> None:
    two = "@[api:issues] @[api:issues]"
    async with a_world(tmp_path, text("one"), text=two) as world:
        other = world.session.open((tmp_path / "other.md").as_uri(), 1, two)
        assert await check(world.session, world.document) == "one one"
        assert await check(world.session, other) == "one one"
        assert len(world.network.requests) == 1
