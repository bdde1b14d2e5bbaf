"""All that answers a client, made once for it: one attribute for each feature. `routes` says which message goes where."""

from collections.abc import Awaitable, Callable
from typing import Any

from weighbridge.lsp.backend import Backend
from weighbridge.lsp.features.code_actions import CodeActions
from weighbridge.lsp.features.code_lens import CodeLenses
from weighbridge.lsp.features.completion import Completion
from weighbridge.lsp.features.hover import Hover
from weighbridge.lsp.features.includes import Includes
from weighbridge.lsp.features.inlay_hints import Hints
from weighbridge.lsp.features.moves import Moves
from weighbridge.lsp.features.navigation import Definitions, Navigation
from weighbridge.lsp.features.rename import Rename
from weighbridge.lsp.features.resolved_text import ResolvedTexts
from weighbridge.lsp.features.symbols import Symbols
from weighbridge.lsp.features.token_borders import TokenBorders
from weighbridge.lsp.features.workspace_diagnostics import PulledDiagnostics
from weighbridge.lsp.requests import Requests
from weighbridge.lsp.sync import TextSync
from weighbridge.lsp.weighing import WeighingProgress

Command = Callable[[list[Any]], Awaitable[Any]]


class Answers:
    """The features of one client."""

    def __init__(self, backend: Backend, sync: TextSync) -> None:
        self.sync = sync
        self.requests = Requests(backend)
        self.token_borders = TokenBorders(backend)
        self.hover = Hover(backend, self.token_borders)
        self.code_lenses = CodeLenses(backend)
        self.code_actions = CodeActions(backend)
        self.completion = Completion(backend)
        self.symbols = Symbols(backend)
        definitions = Definitions(backend)
        self.hints = Hints(backend, definitions)
        self.navigation = Navigation(backend, definitions)
        self.includes = Includes(backend, definitions)
        self.rename = Rename(backend)
        self.moves = Moves(backend)
        self.diagnostics = PulledDiagnostics(backend)
        self.weighing = WeighingProgress(backend)
        self.resolved_texts = ResolvedTexts(backend)
        #: By name, without `weighbridge.`; the names are listed in `routes`.
        self.commands: dict[str, Command] = {
            "report": self.requests.report_command,
            "render": self.requests.render_command,
            "refresh": self.requests.refresh_command,
            "clearCache": self.requests.clear_cache_command,
            "showCounts": self.requests.show_counts_command,
            "showResolved": self.resolved_texts.show,
            "checkWorkspace": self.diagnostics.check,
            "models": self.requests.models_command,
            "toggleTokens": self.token_borders.toggle,
            "applyFix": self.code_actions.apply,
            "show": self.code_actions.show,
        }
