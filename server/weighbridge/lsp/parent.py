"""The process that started the server: when it is gone, as after a crash, the server goes too."""

import asyncio
import contextlib
import os

#: Seconds between two looks, where nobody tells of a process's end.
_LOOK_EVERY = 3.0


class Parent:
    """A process, looked at when this is made: one that ends right after is noticed too.

    One that never was there is on another machine, or in another container: it never ends.
    """

    def __init__(self, process_id: int) -> None:
        self._process_id = process_id
        self._was_alive = _alive(process_id)
        self._descriptor = _descriptor(process_id) if self._was_alive else None

    async def gone(self) -> None:
        """Wait until it has ended. To be called once."""
        if not self._was_alive:
            await asyncio.Event().wait()
        elif self._descriptor is None:
            while _alive(self._process_id):  # noqa: ASYNC110  nobody tells: it is looked at
                await asyncio.sleep(_LOOK_EVERY)
        else:
            await _readable(self._descriptor)


async def _readable(descriptor: int) -> None:
    """Wait until a file can be read, then close it."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(descriptor, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


def _descriptor(process_id: int) -> int | None:
    """A file that can be read once the process has ended, be it that nobody has asked for its exit code yet. Linux only."""
    if hasattr(os, "pidfd_open"):
        with contextlib.suppress(OSError):
            return os.pidfd_open(process_id)
    return None


def _alive(process_id: int) -> bool:
    if os.name == "nt":
        # There a signal would end the process; stdin's end tells as well.
        return True
    if process_id <= 0:
        return False
    try:
        os.kill(process_id, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True
