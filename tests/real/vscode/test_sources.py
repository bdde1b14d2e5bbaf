"""The extension's own checks: types, style, unit tests, and a manifest that says what there is."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.real.vscode.codeserver import CLIENT, ROOT, node

from weighbridge.config.schema import RESTRICTED, vscode_properties

MANIFEST: dict[str, Any] = json.loads((CLIENT / "package.json").read_text("utf-8"))
TEXTS: dict[str, str] = json.loads((CLIENT / "package.nls.json").read_text("utf-8"))
SETTINGS: dict[str, dict[str, Any]] = {
    name: setting
    for block in MANIFEST["contributes"]["configuration"]
    for name, setting in block["properties"].items()
}
#: Words in a setting's name that say it is about a place, an address, the environment, a cache or what is started.
TELLTALE = re.compile(r"path|root|url|api|env|cache|server\.|worker|retry|bytes", re.IGNORECASE)
#: Such a word in another sense.
HARMLESS = {"weighbridge.trace.server"}


def run(*command: str | Path) -> None:
    """Run one of the client's tools with the Node that it needs."""
    environment = {**os.environ, "NO_COLOR": "1", "PATH": f"{node().parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        command, cwd=CLIENT, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize("script", ["check", "test"])
def test_types_style_and_units(script: str) -> None:
    run("npm", "run", "--silent", script)


def test_the_settings_are_the_servers_own() -> None:
    run(sys.executable, ROOT / "scripts" / "vscode_manifest.py", "--check")


def test_every_setting_of_the_server_has_a_scope_a_text_and_a_default() -> None:
    assert {name for name in SETTINGS if name in vscode_properties()} == set(vscode_properties())
    for name, setting in SETTINGS.items():
        assert setting["scope"] in {"machine", "resource", "window"}, name
        assert "default" in setting or setting.get("type", "object") == "object", name
        assert TEXTS[setting["markdownDescription"].strip("%")], name


def test_a_folder_that_is_not_trusted_has_no_say_in_what_is_read_fetched_or_started() -> None:
    restricted = set(MANIFEST["capabilities"]["untrustedWorkspaces"]["restrictedConfigurations"])
    assert restricted <= set(SETTINGS), "restricted, but there is no such setting"
    assert {
        name for name in SETTINGS if TELLTALE.search(name.removeprefix("weighbridge."))
    } - HARMLESS == restricted
    # `trusted` is no setting here: the editor tells it.
    named = {f"weighbridge.{name}" for name in RESTRICTED - {"trusted"}}
    assert named | {"weighbridge.server.path", "weighbridge.server.importStrategy"} == restricted


def test_what_a_projects_files_may_never_decide_is_the_machines() -> None:
    for name in ("env", "apiAllow", "fileRoots", "cacheUrl", "server.path", "server.importStrategy"):
        assert SETTINGS[f"weighbridge.{name}"]["scope"] == "machine", name
    assert "weighbridge.trusted" not in SETTINGS


def test_every_text_is_used_and_there() -> None:
    used = set(re.findall(r'"%([^%"]+)%"', (CLIENT / "package.json").read_text("utf-8")))
    assert used == set(TEXTS)


def test_every_string_of_the_code_can_be_translated(tmp_path: Path) -> None:
    tool = CLIENT / "node_modules" / "@vscode" / "l10n-dev" / "dist" / "cli.js"
    run(node(), tool, "export", "--outDir", tmp_path, "src")
    exported = json.loads((tmp_path / "bundle.l10n.json").read_text("utf-8"))
    kept = json.loads((CLIENT / "l10n" / "bundle.l10n.json").read_text("utf-8"))
    assert kept == exported, "run `npm run l10n`"


def test_commands_have_titles_and_icons_and_menus_name_commands_that_exist() -> None:
    contributes = MANIFEST["contributes"]
    commands = {one["command"] for one in contributes["commands"]}
    for one in contributes["commands"]:
        assert one["title"]
        assert one["icon"]
        assert one["category"] == "Weighbridge"
    for place in contributes["menus"].values():
        assert {one["command"] for one in place} <= commands
    sources = "\n".join(path.read_text("utf-8") for path in (CLIENT / "src").glob("*.ts"))
    for name in commands:
        # Two are the server's own: the language client registers them.
        short = name.removeprefix("weighbridge.")
        assert f'"{name}"' in sources or f'"{short}"' in sources or short in {"toggleTokens", "clearCache"}, (
            name
        )


def test_pictures_and_pages_that_are_named_exist() -> None:
    named = [MANIFEST["icon"], MANIFEST["contributes"]["viewsContainers"]["activitybar"][0]["icon"]]
    steps = [step for one in MANIFEST["contributes"]["walkthroughs"] for step in one["steps"]]
    named += [step["media"]["markdown"] for step in steps]
    assert len(steps) == 4
    for path in named:
        assert (CLIENT / path).is_file(), path
    for step in steps:
        said = TEXTS[step["description"].strip("%")]
        for command in re.findall(r"\(command:(weighbridge\.[\w.]+)\)", said):
            known = {one["command"] for one in MANIFEST["contributes"]["commands"]}
            assert command in known | {"weighbridge.context.focus"}, command
