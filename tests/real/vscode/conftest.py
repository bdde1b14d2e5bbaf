"""One browser and at most three servers for all tests of a run; a workspace for each test."""

import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright
from tests.real.vscode import codeserver
from tests.real.vscode.codeserver import CLIENT, INSTALLED, ROOT, CodeServer
from tests.real.vscode.workbench import Workbench

#: Nothing of the browser's own may speak to the world.
BROWSER = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

Servers = Callable[..., CodeServer]
OpenWorkbench = Callable[..., Workbench]


@pytest.fixture(scope="session")
def vsix() -> Path:
    """The extension as it was packaged for this platform."""
    found = sorted(CLIENT.glob("weighbridge-*.vsix"))
    assert found, f"no .vsix in {CLIENT}: {codeserver.INSTALL}"
    return found[-1]


@pytest.fixture(scope="session")
def unpacked(vsix: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The extension's folder as the package holds it, with the modes that it holds."""
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(vsix) as package:
        for info in package.infolist():
            path = Path(package.extract(info, folder))
            if mode := info.external_attr >> 16:
                path.chmod(mode)
    return folder / "extension"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or pytest.fail(f"no chromium: {codeserver.INSTALL}"),
            args=list(BROWSER),
        )
        yield started
        started.close()


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory, vsix: Path) -> Iterator[Servers]:
    """The server of each kind, started when it is wanted first."""
    started: dict[tuple[bool, bool], CodeServer] = {}

    def get(*, trusted: bool = True, tests: bool = False) -> CodeServer:
        kind = (trusted, tests)
        if kind not in started:
            profile = tmp_path_factory.mktemp("profile")
            extension = None if tests else vsix
            started[kind] = codeserver.start(profile, trusted=trusted, tests=tests, extension=extension)
        return started[kind]

    yield get
    for server in started.values():
        server.stop()


@pytest.fixture
def workbench(browser: Browser, servers: Servers) -> Iterator[OpenWorkbench]:
    """Opens a folder in a page of its own."""
    opened: list[Workbench] = []

    def get(folder: Path, *files: str, trusted: bool = True, width: int = 1280) -> Workbench:
        page = Workbench(browser, servers(trusted=trusted), folder, width=width)
        opened.append(page)
        page.open(*files)
        return page

    yield get
    for page in opened:
        page.close()
        assert not page.refused, f"the workbench asked the world: {sorted(page.refused)}"


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    """The example workspace, to be written to."""
    folder = tmp_path / "examples"
    shutil.copytree(
        ROOT / "examples", folder, ignore=shutil.ignore_patterns("demo.py", "editor.py", "__pycache__")
    )
    return folder


@pytest.fixture(scope="session")
def resolved() -> Callable[[Path], str]:
    """What the command line says a document stands for, byte for byte."""

    def get(path: Path) -> str:
        found = subprocess.run(
            [INSTALLED / "weighbridge", "render", path],
            capture_output=True,
            check=True,
            cwd=path.parents[1],
        )
        return found.stdout.decode()

    return get
