"""Inside VS Code's extension host, with the whole API: `clients/vscode/test/host`, run over the package's own files."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser
from tests.real.vscode.codeserver import CLIENT, INSTALLED, CodeServer
from tests.real.vscode.conftest import Servers
from tests.real.vscode.samples import (
    HOSTILE,
    MORE,
    NOTE,
    NOTES,
    PROMPT,
    PROMPT_FILE,
    SCRIPT,
    count,
    resolve,
    write_workspace,
)

#: Seconds for a whole suite.
PATIENCE = 200
#: Windows opened until one has its folders.
WINDOWS = 5


def test_in_a_trusted_folder(browser: Browser, servers: Servers, unpacked: Path, tmp_path: Path) -> None:
    folder = write_workspace(tmp_path / "workspace")
    friends = "Ada Lovelace and all her friends"
    expected = {
        "greeting": resolve(PROMPT),
        "greeting as typed": PROMPT,
        "greeting and more": resolve(PROMPT + MORE),
        "note": resolve(NOTE),
        "end": "## End\n\nThat was all.\n",
        "heading": "# Greeting",
        "last line": "That was all.",
        "notes": NOTES,
        "script": SCRIPT,
        "script's first line": SCRIPT.splitlines(keepends=True)[0],
        "notes and more": NOTES + MORE,
        "untitled": "<!-- weighbridge: budget=100 -->\nHello Ada, not saved.\n",
        "cell": "Hello Ada, in a cell.",
        "virtual": "<!-- weighbridge: budget=100 -->\n# Virtual\n\n@[file:other.md]\n",
    }
    counts = {name: count(text) for name, text in expected.items()}
    counts["greeting in cl100k_base"] = count(resolve(PROMPT), "cl100k_base")
    counts["greeting of friends in cl100k_base"] = count(resolve(PROMPT, name=friends), "cl100k_base")
    run(
        "trusted",
        browser,
        servers(tests=True),
        folder,
        unpacked,
        counts,
        {"more": MORE, "resolved": resolve(PROMPT), "environment": str(INSTALLED / "weighbridge")},
    )


def test_in_a_folder_that_is_not_trusted(
    browser: Browser, servers: Servers, unpacked: Path, tmp_path: Path
) -> None:
    folder = write_workspace(tmp_path / "workspace", hostile=True)
    server = servers(trusted=False, tests=True)
    run("untrusted", browser, server, folder, unpacked, {"hostile": count(resolve(HOSTILE))})


def test_with_several_folders(browser: Browser, servers: Servers, unpacked: Path, tmp_path: Path) -> None:
    one = write_workspace(tmp_path / "one")
    two = write_workspace(tmp_path / "two", name="Grace", model="gpt-4")
    workspace = tmp_path / "both.code-workspace"
    workspace.write_text(json.dumps({"folders": [{"path": str(one)}, {"path": str(two)}]}), "utf-8")
    counts = {
        "one": count(resolve(PROMPT)),
        "two": count(resolve(PROMPT, name="Grace"), "cl100k_base"),
        "two of the Navy": count(resolve(PROMPT, name="Grace Hopper of the Navy"), "cl100k_base"),
    }
    assert (two / PROMPT_FILE).exists()
    run("folders", browser, servers(tests=True), workspace, unpacked, counts)


def run(
    suite: str,
    browser: Browser,
    server: CodeServer,
    root: Path,
    extension: Path,
    counts: Mapping[str, int],
    texts: Mapping[str, str] | None = None,
) -> None:
    """Open `root` with a suite to run there, and wait for its results: it fails with what those that failed said."""
    tests = CLIENT / "out" / "host" / "index.js"
    assert tests.exists(), f"{tests} is missing: run `node esbuild.mjs --tests` in {CLIENT}"
    wanted = {"suite": suite, "extension": os.fspath(extension), "counts": counts, "texts": texts or {}}
    (root.parent / "expected.json").write_text(json.dumps(wanted), "utf-8")
    results = root.parent / "results.json"
    for _ in range(WINDOWS):
        exits, said = open_window(browser, server, root, extension, tests)
        if results.exists() or not exits:
            break
    found = json.loads(results.read_text("utf-8")) if results.exists() else []
    for one in found:
        print(f"{one['milliseconds']:>7} ms  {one['name']}")  # noqa: T201  pytest shows it when one failed
    failed = [f"{one['name']}\n{one['error']}" for one in found if one["error"] is not None]
    assert exits, f"it didn't end after {len(found)} tests:\n" + "\n\n".join([*failed, *said[-20:]])
    assert found, "the suite is empty"
    assert not failed, f"{len(failed)} of {len(found)} failed:\n\n" + "\n\n".join(failed)


def open_window(
    browser: Browser, server: CodeServer, root: Path, extension: Path, tests: Path
) -> tuple[list[Any], list[str]]:
    """One window with the tests in it, until they end: the code they ended with, if they did, and what the page said."""
    exits: list[Any] = []
    said: list[str] = []
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    try:
        # The resolved prompt is copied.
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = context.new_page()
        page.expose_function("codeAutomationLog", lambda kind, args: said.append(f"{kind}: {args}"))
        page.expose_function("codeAutomationExit", lambda code, _logs: exits.append(code))
        payload = [
            ("extensionDevelopmentPath", server.remote(extension)),
            ("extensionTestsPath", server.remote(tests)),
        ]
        page.goto(server.url(root, payload=payload))
        for _ in range(PATIENCE * 4):
            if exits:
                break
            page.wait_for_timeout(250)
    finally:
        context.close()
    return exits, said
