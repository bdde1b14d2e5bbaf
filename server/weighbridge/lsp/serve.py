"""Run the server for one client, from its first byte to the process's exit code."""

import asyncio
import logging
import os
import sys
import threading
from collections.abc import Callable, Coroutine
from typing import Any

from weighbridge.lsp.server import Server
from weighbridge.lsp.transport import (
    claim_standard_streams,
    serve_streams,
    serve_tcp,
    serve_websocket,
)
from weighbridge.lsp.turns import watched_loop

logger = logging.getLogger(__name__)

#: Seconds that the session gets to end before the process leaves without it.
_SECONDS_TO_LEAVE = 5.0
#: Seconds that a thread may hold the interpreter while another waits.
_SECONDS_TO_SWITCH = 0.001
#: Seconds between two looks at whether the process that started us is still there.
_LOOK_AT_PARENT_EVERY = 3.0


def serve_stdio() -> int:
    """Serve on standard input and output. Returns the exit code: 0 after `shutdown`, else 1."""
    stdin, stdout = claim_standard_streams()
    return _run(lambda server: serve_streams(server.protocol, stdin, stdout))


def serve_on_tcp(host: str, port: int) -> int:
    """Serve one client on a TCP port."""
    return _run(lambda server: serve_tcp(server.protocol, host, port, _announce))


def serve_on_websocket(host: str, port: int) -> int:
    """Serve one client on a WebSocket."""
    return _run(lambda server: serve_websocket(server.protocol, host, port, _announce))


def _announce(address: str) -> None:
    sys.stderr.write(f"listening on {address}\n")
    sys.stderr.flush()


def _run(transport: Callable[[Server], Coroutine[Any, Any, None]]) -> int:
    # Workers that count hold the interpreter; the loop gets it back within this many seconds, not Python's five times.
    sys.setswitchinterval(_SECONDS_TO_SWITCH)
    with asyncio.Runner(loop_factory=watched_loop) as runner:
        return runner.run(_serve(transport))


async def _serve(transport: Callable[[Server], Coroutine[Any, Any, None]]) -> int:
    server = Server()
    loop = asyncio.get_running_loop()
    server.loop_call = loop.call_soon_threadsafe
    left = asyncio.Event()
    server.protocol.on_leave = left.set
    parent: asyncio.Future[int | None] = loop.create_future()

    def named() -> None:
        # Looked at before the reply leaves: a client that dies at once was there all the same.
        if not parent.done():
            parent.set_result(server.process_id if _alive(server.process_id) else None)

    server.protocol.on_initialize = named
    serving = asyncio.ensure_future(transport(server))
    leaving = asyncio.ensure_future(left.wait())
    watching = asyncio.ensure_future(_watch_parent(parent))
    await asyncio.wait({serving, leaving, watching}, return_when=asyncio.FIRST_COMPLETED)
    code = server.protocol.exit_code if server.protocol.exit_code is not None else 1
    # A worker in the middle of a tokenizer call can't be stopped: the process doesn't wait for it.
    deadline = threading.Timer(_SECONDS_TO_LEAVE, os._exit, (code,))
    deadline.daemon = True
    deadline.start()
    await server.aclose()
    server.protocol.close_sink()
    if not serving.done():
        await asyncio.wait({serving}, timeout=1.0)
    for task in (serving, leaving, watching):
        task.cancel()
    if serving.done() and not serving.cancelled() and (error := serving.exception()) is not None:
        logger.error("the transport failed", exc_info=error)
    return code


async def _watch_parent(named: "asyncio.Future[int | None]") -> None:
    """End when the process that the client named (with `initialize`) is gone, as it is after a crash.

    None: no process, or one that never was there; it is on another machine, or in another container. Nothing to watch.
    """
    process_id = await named
    if process_id is None:
        await asyncio.Event().wait()
    while _alive(process_id):  # noqa: ASYNC110  nobody tells of a process's end: it is looked at
        await asyncio.sleep(_LOOK_AT_PARENT_EVERY)
    logger.warning("the client's process %d is gone", process_id)


def _alive(process_id: int | None) -> bool:
    if os.name == "nt" or process_id is None:
        # There a signal would end the process; stdin's end tells as well.
        return True
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
