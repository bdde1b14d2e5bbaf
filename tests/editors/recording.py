"""Real editors and agents as they introduce themselves: `initialize` parameters recorded from fourteen builds, and what each allows.

Claude Code's were read in its program, which makes them.

The recordings in `recordings/` are whole parameters; the workspace in them is replaced by the test's own.
"""

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_RECORDINGS = Path(__file__).parent / "recordings"


@dataclass(frozen=True)
class Recording:
    """One editor. `params`: what it sends with `initialize`."""

    name: str
    params: Mapping[str, Any] = field(repr=False)

    def declares(self, path: str) -> Any:
        """What its capabilities hold at a dotted path; None where they hold nothing."""
        return _at(self.params["capabilities"], path)

    def with_(self, path: str, value: Any) -> "Recording":
        """Make the same editor with another capability; None takes it away."""
        params = copy.deepcopy(dict(self.params))
        *above, last = path.split(".")
        inner = params["capabilities"]
        for name in above:
            if not isinstance(inner.get(name), dict):
                inner[name] = {}
            inner = inner[name]
        if value is None:
            inner.pop(last, None)
        else:
            inner[last] = value
        return Recording(self.name, params)

    @property
    def pulls(self) -> bool:
        """Whether diagnostics are for it to ask for.

        One that can't be told to ask again would show old ones when a referenced file changes: it gets them pushed.
        """
        return self.declares("textDocument.diagnostic") is not None and bool(
            self.declares("workspace.diagnostics.refreshSupport")
        )

    @property
    def related_information(self) -> bool:
        """Whether its diagnostics may hold related information."""
        way = "textDocument.diagnostic" if self.pulls else "textDocument.publishDiagnostics"
        return bool(self.declares(f"{way}.relatedInformation"))

    @property
    def watches_files(self) -> bool:
        """Whether it can be asked to tell of changed files."""
        return bool(self.declares("workspace.didChangeWatchedFiles.dynamicRegistration"))


def _at(value: Any, path: str) -> Any:
    for name in path.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def _load(path: Path) -> Recording:
    return Recording(path.stem, json.loads(path.read_text(encoding="utf-8")))


def _version(path: Path) -> tuple[str, list[int]]:
    name, _, version = path.stem.partition("_v")
    return name, [int(part) for part in version.split(".")]


RECORDINGS = tuple(_load(path) for path in sorted(_RECORDINGS.glob("*.json"), key=_version))
_BY_NAME = {recording.name.partition("_v")[0]: recording for recording in RECORDINGS}
#: The newest recordings of editors that differ in what matters here.
VSCODE, NEOVIM, EGLOT, HELIX, ALE = (_BY_NAME[name] for name in ("vscode", "neovim", "eglot", "helix", "ale"))
#: Coding agents, which are clients, too.
CLAUDE_CODE, OPENCODE = _BY_NAME["claude-code"], _BY_NAME["opencode"]

#: What a server may send, and the capability that allows it. None: always. Anything else is never sent.
ALLOWED_BY: Mapping[str, str | None] = {
    "window/showMessage": None,
    "window/logMessage": None,
    # YouCompleteMe shows them and declares nothing.
    "textDocument/publishDiagnostics": None,
    "workspace/configuration": "workspace.configuration",
    "workspace/workspaceFolders": "workspace.workspaceFolders",
    "workspace/applyEdit": "workspace.applyEdit",
    "workspace/inlayHint/refresh": "workspace.inlayHint.refreshSupport",
    "workspace/diagnostic/refresh": "workspace.diagnostics.refreshSupport",
    "workspace/textDocumentContent/refresh": "workspace.textDocumentContent",
    "workspace/codeLens/refresh": "workspace.codeLens.refreshSupport",
    "workspace/semanticTokens/refresh": "workspace.semanticTokens.refreshSupport",
    "workspace/foldingRange/refresh": "workspace.foldingRange.refreshSupport",
    "window/showDocument": "window.showDocument.support",
    "window/workDoneProgress/create": "window.workDoneProgress",
    "$/progress": None,
    "experimental/serverStatus": "experimental.serverStatusNotification",
}
#: Methods whose capability is not where their name says.
_REGISTERED_BY = {
    "workspace/didChangeConfiguration": "workspace.didChangeConfiguration",
    "workspace/didChangeWatchedFiles": "workspace.didChangeWatchedFiles",
    "workspace/didChangeWorkspaceFolders": "workspace.workspaceFolders",
}


class Rules:
    """What one client allows the server to send. Knows what went before: progress needs a token, and so on."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        self._params = params
        self._tokens: set[Any] = set()
        self._special: Mapping[str, Callable[[Any], str | None]] = {
            "client/registerCapability": self._registers,
            "weighbridge/status": self._tells_status,
            "window/workDoneProgress/create": self._creates,
            "$/progress": self._progresses,
            "textDocument/publishDiagnostics": self._publishes,
        }

    def asks(self, params: Any) -> None:
        """Note the tokens of a request of the client's: the server may send progress to them."""
        if isinstance(params, dict):
            tokens = (params.get("workDoneToken"), params.get("partialResultToken"))
            self._tokens.update(token for token in tokens if token is not None)

    def fault(self, method: str, params: Any) -> str | None:
        """Say why the client never allowed this message; None if it did."""
        special = self._special.get(method)
        if special is None and method not in ALLOWED_BY:
            return f"{method}: no client knows it"
        needed = ALLOWED_BY.get(method)
        if needed is not None and not self._declares(needed):
            return f"{method}: {needed} is not declared"
        return None if special is None else special(params)

    def _declares(self, path: str) -> Any:
        found = _at(self._params["capabilities"], path)
        # `{}` declares what has only optional fields.
        return found is not None and found is not False

    def _registers(self, params: Any) -> str | None:
        for registration in params["registrations"]:
            method = registration["method"]
            path = _REGISTERED_BY.get(method, method.replace("/", "."))
            if _at(self._params["capabilities"], f"{path}.dynamicRegistration") is not True:
                return f"client/registerCapability: {path}.dynamicRegistration is not declared"
        return None

    def _tells_status(self, _: Any) -> str | None:
        options = self._params.get("initializationOptions")
        asked = _at(self._params["capabilities"], "experimental.weighbridge.status") or _at(options, "status")
        return None if asked is True else "weighbridge/status: not asked for"

    def _creates(self, params: Any) -> str | None:
        token = params["token"]
        if token in self._tokens:
            return f"window/workDoneProgress/create: {token!r} is in use"
        self._tokens.add(token)
        return None

    def _progresses(self, params: Any) -> str | None:
        return (
            None if params["token"] in self._tokens else f"$/progress: {params['token']!r} was never created"
        )

    def _publishes(self, params: Any) -> str | None:
        published = "textDocument.publishDiagnostics"
        if "version" in params and not self._declares(f"{published}.versionSupport"):
            return f"{published}.versionSupport is not declared"
        for field_, needed in (
            ("relatedInformation", "relatedInformation"),
            ("tags", "tagSupport"),
            ("codeDescription", "codeDescriptionSupport"),
            ("data", "dataSupport"),
        ):
            if any(one.get(field_) for one in params["diagnostics"]) and not self._declares(
                f"{published}.{needed}"
            ):
                return f"{published}.{needed} is not declared"
        return None
