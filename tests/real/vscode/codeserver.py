"""VS Code as a server (code-server), started with a profile that is thrown away. Nothing but this machine is spoken to."""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError

ROOT = Path(__file__).parents[3]
CLIENT = ROOT / "clients" / "vscode"
EDITORS = ROOT / ".editors"
PROGRAM = EDITORS / "vscode" / "node_modules" / "code-server"
#: Where the project itself is installed, as in a user's own environment.
INSTALLED = ROOT / ".venv" / "bin"
INSTALL = "run clients/vscode/test/install.sh first"
#: Seconds until it answers, on a busy machine.
START = 60

SETTINGS: dict[str, Any] = {
    "workbench.startupEditor": "none",
    "workbench.tips.enabled": False,
    "workbench.welcomePage.walkthroughs.openOnInstall": False,
    "workbench.enableExperiments": False,
    "workbench.settings.enableNaturalLanguageSearch": False,
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "workbench.reduceMotion": "on",
    "workbench.editor.useModal": "off",
    "telemetry.telemetryLevel": "off",
    "update.mode": "none",
    "extensions.autoUpdate": False,
    "extensions.autoCheckUpdates": False,
    "extensions.ignoreRecommendations": True,
    "chat.disableAIFeatures": True,
    "npm.fetchOnlinePackageInfo": False,
    "git.enabled": False,
    "editor.minimap.enabled": False,
    "editor.cursorBlinking": "solid",
    "files.autoSave": "off",
    # The last run's edits would come back.
    "files.hotExit": "off",
    "window.commandCenter": False,
    "security.workspace.trust.startupPrompt": "never",
    "security.workspace.trust.banner": "always",
}


def node() -> Path:
    """The Node that code-server runs on: the installed one, else the machine's own."""
    found = sorted((EDITORS / "node" / "node_modules").glob("node-linux-*/bin/node"))
    return found[0] if found else Path("node")


@dataclass
class CodeServer:
    """One running server: `port` on this machine, its profile's folder, and what it is allowed."""

    process: subprocess.Popen[bytes]
    port: int
    profile: Path
    trusted: bool

    def url(self, folder: Path, *, payload: list[tuple[str, str]] = ()) -> str:  # type: ignore[assignment]
        """A page with a folder, or a workspace file, open."""
        what = "workspace" if folder.suffix == ".code-workspace" else "folder"
        said = json.dumps([*payload, ("skipWelcome", "true"), ("skipReleaseNotes", "true")])
        query = urllib.parse.urlencode({what: str(folder), "payload": said})
        return f"http://127.0.0.1:{self.port}/?{query}"

    def remote(self, path: Path) -> str:
        """A file on the server, as the page names it."""
        return f"vscode-remote://127.0.0.1:{self.port}{path}"

    def stop(self) -> None:
        """End it with everything that it started."""
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def start(profile: Path, *, trusted: bool, tests: bool = False, extension: Path | None = None) -> CodeServer:
    """Start one. `tests`: pages may run tests in the extension host (and show no toasts); `extension`: a `.vsix` to install."""
    entry = PROGRAM / "out" / "node" / "entry.js"
    if not entry.exists():
        raise FileNotFoundError(f"{entry} is missing: {INSTALL}")
    user = profile / "data" / "User"
    user.mkdir(parents=True)
    (profile / "home").mkdir()
    # VS Code takes its environment from the user's shell.
    (profile / "home" / ".profile").write_text(f'PATH="{INSTALLED}:$PATH"\n', "utf-8")
    settings = {**SETTINGS, "security.workspace.trust.enabled": not trusted}
    (user / "settings.json").write_text(json.dumps(settings), "utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    config = profile / "config.yaml"
    config.write_text(
        f"bind-addr: 127.0.0.1:{port}\nauth: none\ncert: false\ndisable-telemetry: true\n"
        "disable-update-check: true\ndisable-getting-started-override: true\n"
        # Said at all, whatever the value, it is on.
        + ("disable-workspace-trust: true\n" if trusted else ""),
        "utf-8",
    )
    environment = {
        **os.environ,
        "HOME": str(profile / "home"),
        "SHELL": "/bin/bash",
        "XDG_DATA_HOME": str(profile / "home" / "share"),
        "XDG_CONFIG_HOME": str(profile / "home" / "config"),
        "XDG_CACHE_HOME": str(profile / "home" / "cache"),
        # No marketplace is asked anything.
        "EXTENSIONS_GALLERY": '{"serviceUrl":"","itemUrl":"","resourceUrlTemplate":""}',
        # What prompts of a folder that isn't trusted must not see.
        "WEIGHBRIDGE_TEST_SECRET": "one two three four five six seven",
    }
    command = [str(node()), str(entry), "--config", str(config), "--user-data-dir", str(profile / "data")]
    command += ["--extensions-dir", str(profile / "extensions")]
    if extension is not None:
        installed = subprocess.run(
            [*command, "--install-extension", str(extension), "--force"],
            env=environment,
            capture_output=True,
            check=False,
            timeout=120,
        )
        if installed.returncode != 0:
            raise RuntimeError(f"{extension.name} can't be installed: {installed.stderr.decode()}")
    if tests:
        command += ["--vscode-option", "enable-smoke-test-driver"]
    with (profile / "code-server.log").open("wb") as log:
        process = subprocess.Popen(
            command, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
        )
    server = CodeServer(process, port, profile, trusted)
    try:
        _await_answer(server)
    except BaseException:
        server.stop()
        raise
    return server


def _await_answer(server: CodeServer) -> None:
    deadline = time.monotonic() + START
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/healthz", timeout=5):
                return
        except (URLError, ConnectionError, TimeoutError):
            if time.monotonic() > deadline or server.process.poll() is not None:
                said = (server.profile / "code-server.log").read_text("utf-8")
                raise TimeoutError(f"code-server doesn't answer; it said: {said}") from None
            time.sleep(0.1)
