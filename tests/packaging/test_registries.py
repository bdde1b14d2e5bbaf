"""The files for registries say of Weighbridge what is true: version, license, address, command line, files."""

import json
import re
import shlex
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from tests.patience import HANGS_AFTER

from weighbridge import __version__
from weighbridge.arguments import parser
from weighbridge.cli import main
from weighbridge.config import Settings
from weighbridge.config.documents import DEFAULT_INCLUDE
from weighbridge.config.files import OWN_FILE

ROOT = Path(__file__).parents[2]
PACKAGING, CLIENTS = ROOT / "packaging", ROOT / "clients"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
VSCODE = json.loads((CLIENTS / "vscode/package.json").read_text())
ADDRESS = VSCODE["repository"]["url"].removesuffix(".git")
#: What mason's registry asks of a package from PyPI: its own schema is in no registry of packages.
MASON = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name", "description", "homepage", "licenses", "languages", "categories", "source"],
    "properties": {
        "name": {"type": "string"},
        "description": {"type": "string"},
        "homepage": {"type": "string", "pattern": "^https?://"},
        "licenses": {"type": "array", "minItems": 1, "items": {"type": "string"}},
        "languages": {"type": "array", "items": {"type": "string"}},
        "categories": {
            "type": "array",
            "items": {"enum": ["Compiler", "DAP", "Formatter", "LSP", "Linter", "Runtime"]},
        },
        "source": {
            "type": "object",
            "additionalProperties": False,
            "required": ["id"],
            "properties": {"id": {"type": "string", "pattern": "^pkg:pypi/.+@.+"}},
        },
        "bin": {"type": "object", "additionalProperties": {"type": "string", "pattern": "^pypi:"}},
        "neovim": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"lspconfig": {"type": "string"}},
        },
    },
}


def in_neovim(folder: Path) -> Any:
    """What Neovim itself reads from a folder's `lsp/weighbridge.lua`."""
    fields = "cmd = c.cmd, filetypes = c.filetypes, root_markers = c.root_markers"
    done = subprocess.run(
        [
            *(Path(sys.executable).with_name("nvim"), "--clean", "--headless"),
            *("--cmd", f"set runtimepath^={folder}"),
            *(
                "-c",
                f"lua local c = vim.lsp.config.weighbridge; io.stdout:write(vim.json.encode({{ {fields} }}))",
            ),
            *("-c", "quitall!"),
        ],
        capture_output=True,
        text=True,
        timeout=HANGS_AFTER,
        check=True,
    )
    assert done.stderr == ""
    return json.loads(done.stdout)


def test_neovim_reads_the_same_from_both(tmp_path: Path) -> None:
    given = in_neovim(PACKAGING / "nvim-lspconfig")
    assert given == in_neovim(CLIENTS / "neovim")
    program, *arguments = given["cmd"]
    assert (program in PROJECT["scripts"], parser().parse_args(arguments).command) == (True, "serve")
    assert OWN_FILE in given["root_markers"]


def test_mason() -> None:
    package = yaml.safe_load((PACKAGING / "mason/package.yaml").read_text())
    jsonschema.validate(package, MASON)
    assert package["source"]["id"] == f"pkg:pypi/{PROJECT['name']}@{__version__}"
    assert package["bin"] == {name: f"pypi:{name}" for name in PROJECT["scripts"]}
    assert (package["name"], package["homepage"]) == (PROJECT["name"], ADDRESS)
    assert package["licenses"] == [PROJECT["license"]]
    assert (PACKAGING / f"nvim-lspconfig/lsp/{package['neovim']['lspconfig']}.lua").is_file()


def test_homebrew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    formula = (PACKAGING / "homebrew/weighbridge.rb").read_text()
    fields = dict(re.findall(r'^  (desc|homepage|url|sha256|license) "(.*)"$', formula, re.MULTILINE))
    assert fields["url"] == f"{ADDRESS}/archive/refs/tags/v{__version__}.tar.gz"
    assert (fields["homepage"], fields["license"]) == (ADDRESS, PROJECT["license"])
    assert re.fullmatch("[0-9a-f]{64}", fields["sha256"])
    # What `brew audit` refuses in a description.
    assert len(fields["desc"]) < 80
    assert not re.match(r"(?i)(an?|the|weighbridge)\b|.*\.$", fields["desc"])
    (shells,) = re.findall(r'"completion", shells: \[(.*?)\]', formula)
    for shell in shells.split(", "):
        assert parser().parse_args(["completion", shell.removeprefix(":")])
    (python,) = re.findall(r'"python@3\.(\d+)"', formula)
    assert int(python) >= int(PROJECT["requires-python"].removeprefix(">=3."))
    # Its test, as brew runs it.
    ((name, text),) = re.findall(r'\(testpath/"(.*?)"\).write "(.*?)"', formula)
    ((expected, command),) = re.findall(r'assert_match "(.*?)", shell_output\("#\{bin\}/(.*?)"\)', formula)
    (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    program, *arguments = shlex.split(command)
    assert (program in PROJECT["scripts"], main(arguments)) == (True, 0)
    assert expected in capsys.readouterr().out


def test_open_vsx() -> None:
    assert VSCODE["version"] == __version__
    assert VSCODE["license"] == PROJECT["license"]
    assert {
        "name",
        "publisher",
        "displayName",
        "description",
        "icon",
        "engines",
        "categories",
    } <= VSCODE.keys()
    assert (CLIENTS / "vscode" / VSCODE["icon"]).is_file()
    assert re.fullmatch("[a-z0-9][a-z0-9-]*", VSCODE["publisher"])
    assert VSCODE["repository"]["directory"] == "clients/vscode"


def test_zed() -> None:
    extension = tomllib.loads((CLIENTS / "zed/extension.toml").read_text())
    required = {"id", "name", "version", "schema_version", "authors", "description", "repository"}
    assert required <= extension.keys()
    assert re.fullmatch("[a-z0-9-]+", extension["id"])
    # Zed's registry refuses names that say what every extension is.
    assert not re.search("zed|extension", f"{extension['id']} {extension['name']}", re.IGNORECASE)
    assert (extension["schema_version"], extension["repository"]) == (1, ADDRESS)
    cargo = tomllib.loads((CLIENTS / "zed/Cargo.toml").read_text())["package"]
    (page,) = re.findall(r"```toml\n(.*?)```", (PACKAGING / "README.md").read_text(), re.DOTALL)
    (entry,) = tomllib.loads(page).values()
    assert {one["version"] for one in (extension, cargo, entry)} == {__version__}
    assert (ROOT / entry["path"] / "extension.toml").is_file()
    # Of a subfolder it looks at that one's license only.
    assert (CLIENTS / "zed/LICENSE").read_text() == (ROOT / "LICENSE").read_text()
    started = (CLIENTS / "zed/src/lib.rs").read_text()
    (program,) = re.findall(r'\.which\("(.*?)"\)', started)
    (arguments,) = re.findall(r'args: vec!\["(.*?)"\.to_string\(\)\]', started)
    assert (program in PROJECT["scripts"], parser().parse_args([arguments]).command) == (True, "serve")


def test_lsp4ij() -> None:
    template = json.loads((CLIENTS / "lsp4ij/template.json").read_text())
    assert template.keys() == {"id", "name", "programArgs", "fileTypeMappings"}
    program, *arguments = template["programArgs"]["default"].split()
    assert (program in PROJECT["scripts"], parser().parse_args(arguments).command) == (True, "serve")
    mappings = template["fileTypeMappings"]
    assert all(one.keys() == {"fileType", "languageId"} for one in mappings)
    patterns = [pattern for one in mappings for pattern in one["fileType"]["patterns"]]
    names = {
        glob.rpartition("/")[2].replace("*", "x") for glob in DEFAULT_INCLUDE if not glob.startswith("!")
    }
    unmatched = [name for name in {*names, OWN_FILE} if not any(fnmatch(name, one) for one in patterns)]
    assert unmatched == []
    Settings.model_validate(json.loads((CLIENTS / "lsp4ij/settings.json").read_text())["weighbridge"])
    for name in ("initializationOptions", "clientSettings"):
        assert json.loads((CLIENTS / f"lsp4ij/{name}.json").read_text()) == {}


@pytest.mark.parametrize(
    ("file", "pattern"),
    [
        ("clients/emacs/weighbridge.el", r"^;; Version: (\S+)$"),
        ("clients/claude-code/.claude-plugin/plugin.json", r'"version": "(\S+)"'),
        ("pyproject.toml", r'^version = "(\S+)"$'),
    ],
)
def test_other_files_have_the_version(file: str, pattern: str) -> None:
    assert re.findall(pattern, (ROOT / file).read_text(), re.MULTILINE) == [__version__]


def test_the_page_names_files_that_are_there() -> None:
    page = (PACKAGING / "README.md").read_text()
    links = re.findall(r"\]\(([^)]+)\)", page)
    assert len(links) == 6
    assert [link for link in links if not (PACKAGING / link).exists()] == []


@pytest.mark.parametrize(
    ("client", "package"),
    [
        ("claude-code", "@anthropic-ai/claude-code"),
        ("opencode", "opencode-ai"),
        ("copilot-cli", "@github/copilot"),
    ],
)
def test_a_page_names_the_version_that_it_is_tested_in(client: str, package: str) -> None:
    (tested,) = re.findall(rf"{package}@(\S+)", (ROOT / "Makefile").read_text())
    (said,) = re.findall(r"tested\s+in [A-Za-z ]+ ([\d.]+\d)", (CLIENTS / client / "README.md").read_text())
    assert said == tested
