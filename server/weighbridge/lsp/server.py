"""The language server: what it can do, and how its rooms are wired for one client.

    initialize ──▶ reply ──▶ (heavy imports on a thread) ──▶ Session ──▶ messages that waited, in order

**The reply to `initialize` waits for nothing heavy**: the session's imports (database, HTTP, tokenizers) begin on a
thread when the process starts, and messages that come before they are done are kept, in order.
"""

import asyncio
import gc
import importlib
import logging
import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from cattrs import Converter
from lsprotocol import converters, types
from pygls.lsp.server import LanguageServer

from weighbridge import __version__
from weighbridge.lsp.protocol import Protocol
from weighbridge.lsp.routes import COMMANDS, ROUTES
from weighbridge.lsp.watchdog import started

if TYPE_CHECKING:
    from weighbridge.lsp.wiring import Wiring

logger = logging.getLogger(__name__)

#: When the collector looks: at the youngest objects after so many new ones, at the young ones after so many looks at the
#: youngest, and at all after so many looks at the young. It looks at 50,000 in 10 ms, and everything stands still.
_COLLECTING = 10_000, 4, 1000


class Server(LanguageServer):
    """One client's server. `wiring` is there once the session is."""

    protocol: Protocol

    def __init__(self) -> None:
        super().__init__(
            "weighbridge",
            __version__,
            text_document_sync_kind=types.TextDocumentSyncKind.Incremental,
            protocol_cls=Protocol,
            converter_factory=partial(converters.get_converter, Converter(detailed_validation=False)),
        )
        self._wiring: Wiring | None = None
        #: Whether `weighbridge mcp` may ask for what is not saved.
        self.offers_unsaved = False
        self._imports = threading.Thread(target=_import_heavy, name="weighbridge-imports", daemon=True)
        self._imports.start()
        self._starting: asyncio.Task[None] | None = None
        self._register()

    @property
    def wiring(self) -> "Wiring":
        """The session and what shows it. Messages are held back until it is there."""
        if self._wiring is None:
            raise RuntimeError("asked before the session was there")
        return self._wiring

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Log: a pop-up in the user's face helps nobody."""
        logger.error("internal error (%s)", getattr(source, "__name__", "?"), exc_info=error)

    async def aclose(self) -> None:
        """End the session, whatever it does."""
        if self._starting is not None:
            self._starting.cancel()
        self.protocol.abandon()
        if self._wiring is not None:
            await self._wiring.aclose()

    # Life

    def _initialize(self, params: types.InitializeParams) -> None:
        self.protocol.hold()
        self._starting = asyncio.get_running_loop().create_task(self._start(params))

    async def _start(self, params: types.InitializeParams) -> None:
        while self._imports.is_alive():  # noqa: ASYNC110  a thread's end has no event of the loop's
            await asyncio.sleep(0.005)
        try:
            wiring = importlib.import_module("weighbridge.lsp.wiring")
            self._wiring = cast("Wiring", await wiring.Wiring.make(self, params))
        except Exception:  # whatever it is: what waits must still be answered, if only with errors
            logger.exception("the session could not be started")
        self.protocol.learn()
        # What was imported stays for good: the collector needn't walk it again and again, holding the loop.
        gc.freeze()
        gc.set_threshold(*_COLLECTING)
        gc.enable()
        self.protocol.release()
        started()

    def _register(self) -> None:
        # Partials, because pygls marks what it registers, and methods can't be marked.
        self.feature(types.INITIALIZE)(partial(self._initialize))
        for route in ROUTES:
            self.feature(route.method, route.options)(partial(self._answer, route.to))
        for command in COMMANDS:
            self._register_command(command)

    def _answer(self, to: "Callable[[Wiring], Callable[[Any], Any]]", params: Any) -> Any:
        """Hand a message to the session's rooms, which are there by the time it is handled."""
        return to(self.wiring)(params)

    def _register_command(self, command: str) -> None:
        async def run(arguments: list[Any]) -> Any:
            return await self.wiring.answers.commands[command](arguments)

        self.command(f"weighbridge.{command}")(run)


def _import_heavy() -> None:
    """Import what the session needs while the client is still saying hello."""
    try:
        importlib.import_module("weighbridge.lsp.wiring")
    except Exception:  # imported again, and reported, where it is needed
        logger.debug("early import failed", exc_info=True)
