"""The editors that open a workspace: four that differ, in the encodings each can be given."""

import pytest
from tests.editors.recording import EGLOT, HELIX, NEOVIM, VSCODE, Recording
from tests.patience import HANGS_AFTER

from weighbridge.lsp.features import completion

EDITORS = (VSCODE, NEOVIM, EGLOT, HELIX)


@pytest.fixture(params=EDITORS, ids=lambda recording: recording.name)
def recording(request: pytest.FixtureRequest) -> Recording:
    """Each of the four editors in turn."""
    found: Recording = request.param
    return found


@pytest.fixture(params=["utf-8", "utf-16", "utf-32"])
def encoding(request: pytest.FixtureRequest) -> str:
    """Each position encoding in turn."""
    return str(request.param)


@pytest.fixture(autouse=True)
def all_time_to_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a completion costs is told whenever it is counted, on a busy machine as well."""
    monkeypatch.setattr(completion, "_SECONDS_TO_COUNT", HANGS_AFTER)
