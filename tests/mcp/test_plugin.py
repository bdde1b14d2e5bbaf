"""The plugin for Claude Code: its files say what is there."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from weighbridge.arguments import parser
from weighbridge.mcp_server import TOOLS

ROOT = Path(__file__).parents[2]
PLUGIN = ROOT / "clients" / "claude-code"


def read(name: str) -> Any:
    return json.loads((PLUGIN / name).read_text(encoding="utf-8"))


def test_the_manifests_name_the_plugin_and_its_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    manifest = read(".claude-plugin/plugin.json")
    assert (manifest["name"], manifest["version"]) == (project["name"], project["version"])
    (listed,) = read(".claude-plugin/marketplace.json")["plugins"]
    assert (listed["name"], listed["description"]) == (manifest["name"], manifest["description"])
    assert (PLUGIN / listed["source"] / ".claude-plugin" / "plugin.json").is_file()


@pytest.mark.parametrize(
    ("started", "command"),
    [
        (read(".mcp.json")["mcpServers"]["weighbridge"], "mcp"),
        (read(".lsp.json")["weighbridge"], "serve"),
    ],
    ids=["tools", "language server"],
)
def test_what_it_starts_is_a_command_of_ours(started: dict[str, Any], command: str) -> None:
    assert (started["command"], started["args"]) == ("weighbridge", [command])
    assert parser().parse_args(started["args"]).command == command


def test_the_language_server_is_for_the_files_that_hold_prompts() -> None:
    languages = read(".lsp.json")["weighbridge"]["extensionToLanguage"]
    assert languages == {".md": "markdown", ".mdc": "markdown", ".txt": "plaintext"}


def test_the_skill_is_named_as_its_folder_and_names_the_tools_and_their_arguments() -> None:
    (skill,) = (PLUGIN / "skills").glob("*/SKILL.md")
    _, front_matter, text = skill.read_text(encoding="utf-8").split("---\n", 2)
    found = yaml.safe_load(front_matter)
    assert found["name"] == skill.parent.name
    assert 0 < len(found["description"]) <= 1024
    for tool in TOOLS:
        assert f"`{tool.name}`" in text
        assert all(f"`{argument}`" in text for argument in tool.input_schema["properties"])
