"""Diagnostics of settings files, open or not."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from lsprotocol import types

from weighbridge.config.places import FileFault
from weighbridge.errors import Code
from weighbridge.lsp.client import Client
from weighbridge.uris import uri_of


class SettingsFiles:
    """Diagnostics of settings files, pushed when they change."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._shown: dict[Path, Sequence[FileFault]] = {}

    def show(self, faults: Mapping[Path, Sequence[FileFault]]) -> None:
        """Bring the client up to date. `faults`: of all files that have any."""
        for path in (*faults, *(self._shown.keys() - faults.keys())):
            file_faults = faults.get(path, ())
            if file_faults != self._shown.get(path, ()):
                params = types.PublishDiagnosticsParams(uri_of(path), [*map(_diagnostic, file_faults)])
                self._client.notify(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS, params)
        self._shown = {**faults}


def _diagnostic(fault: FileFault) -> types.Diagnostic:
    """A fault, over its line."""
    start, end = types.Position(fault.line, 0), types.Position(fault.line + 1, 0)
    severity = types.DiagnosticSeverity.Error if fault.whole else types.DiagnosticSeverity.Warning
    return types.Diagnostic(
        types.Range(start, end), fault.message, severity, Code.SETTINGS, source="weighbridge"
    )
