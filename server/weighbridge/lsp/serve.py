"""Run the server for one client, from its first byte to the process's exit code."""

import asyncio
import logging
import os
import sys
import threading
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

from weighbridge.lsp.parent import Parent
from weighbridge.lsp.server import Server
from weighbridge.lsp.sockets import serve_client_at, serve_tcp, serve_websocket
from weighbridge.lsp.transport import claim_standard_streams, serve_streams
from weighbridge.lsp.watchdog import watched_loop

logger = logging.getLogger(__name__)

#: Seconds that the session gets to end before the process leaves without it.
_SECONDS_TO_LEAVE = 5.0
#: Seconds that a thread may hold the interpreter while another waits.
_SECONDS_TO_SWITCH = 0.001


Transport = Callable[[Server], Coroutine[Any, Any, None]]
"""Carries a server's messages until its client is gone."""


def on_stdio() -> Transport:
    """Standard input and output, which nothing else may use from now on."""
    stdin, stdout = claim_standard_streams()
    return lambda server: serve_streams(server.protocol, stdin, stdout)


def on_tcp(host: str, port: int) -> Transport:
    """A TCP port, for one client."""
    return lambda server: serve_tcp(server.protocol, host, port, _announce)


def on_websocket(host: str, port: int) -> Transport:
    """A WebSocket, for one client."""
    return lambda server: serve_websocket(server.protocol, host, port, _announce)


def at(address: str | int) -> Transport:
    """Where the client waits: a Unix socket's path, or a TCP port of this machine."""
    return lambda server: serve_client_at(server.protocol, address)


def serve(
    transport: Transport,
    *,
    content: bool = False,
    process_id: int | None = None,
    offers_unsaved: bool = False,
) -> int:
    """Serve one client. Returns the exit code: 0 after `shutdown`, else 1.

    `content`: verbose traces hold what documents say. `process_id`: the client's; when it is gone the server leaves.
    `offers_unsaved`: `weighbridge mcp` may ask for what is not saved.
    """
    # Workers that count hold the interpreter; the loop gets it back within this many seconds, not Python's five times.
    sys.setswitchinterval(_SECONDS_TO_SWITCH)
    with asyncio.Runner(loop_factory=watched_loop) as runner:
        return runner.run(_serve(transport, content, process_id, offers_unsaved))


def leave(code: int) -> NoReturn:
    """End the process with this exit code, now.

    Threads that import or count can't be stopped, and an interpreter that shuts down under them aborts.
    """
    logging.shutdown()
    os._exit(code)


def _announce(address: str) -> None:
    sys.stderr.write(f"listening on {address}\n")
    sys.stderr.flush()


async def _serve(
    transport: Transport, content: bool = False, process_id: int | None = None, offers_unsaved: bool = False
) -> int:
    server = Server()
    server.offers_unsaved = offers_unsaved
    server.protocol.tracing.content = content
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_loop_failed)
    left = asyncio.Event()
    server.protocol.on_leave = left.set
    watching: set[asyncio.Task[None]] = set()

    def greeted(process_id: int | None) -> None:
        if process_id is not None:
            watching.add(loop.create_task(_watch(Parent(process_id), left)))

    server.protocol.on_greeted = greeted
    greeted(process_id)
    serving = asyncio.ensure_future(transport(server))
    leaving = asyncio.ensure_future(left.wait())
    await asyncio.wait({serving, leaving}, return_when=asyncio.FIRST_COMPLETED)
    code = server.protocol.exit_code if server.protocol.exit_code is not None else 1
    # A worker in the middle of a tokenizer call can't be stopped: the process doesn't wait for it.
    deadline = threading.Timer(_SECONDS_TO_LEAVE, os._exit, (code,))
    deadline.daemon = True
    deadline.start()
    await server.aclose()
    server.protocol.close_sink()
    if not serving.done():
        await asyncio.wait({serving}, timeout=1.0)
    for task in (serving, leaving, *watching):
        task.cancel()
    if serving.done() and not serving.cancelled() and (error := serving.exception()) is not None:
        logger.error("the transport failed", exc_info=error)
    return code


async def _watch(process: Parent, left: asyncio.Event) -> None:
    """End when the process that the client named is gone, as it is after a crash."""
    await process.gone()
    logger.warning("the client's process is gone")
    left.set()


def _loop_failed(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what nobody caught. asyncio's own way writes the arguments of calls, and documents are in them."""
    logger.error("%s", context.get("message", "the loop failed"), exc_info=context.get("exception"))
