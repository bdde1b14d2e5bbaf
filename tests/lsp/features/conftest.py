"""A workspace of the test's own, and the editors that open it: four that differ, in the encodings each can be given."""

from pathlib import Path

import pytest
from tests.editors.recording import EGLOT, HELIX, NEOVIM, VSCODE, Recording

EDITORS = (VSCODE, NEOVIM, EGLOT, HELIX)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty workspace; the cache and the user's settings are elsewhere."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    return workspace


@pytest.fixture(params=EDITORS, ids=lambda recording: recording.name)
def recording(request: pytest.FixtureRequest) -> Recording:
    """Each of the four editors in turn."""
    found: Recording = request.param
    return found


@pytest.fixture(params=["utf-8", "utf-16", "utf-32"])
def encoding(request: pytest.FixtureRequest) -> str:
    """Each position encoding in turn."""
    return str(request.param)
