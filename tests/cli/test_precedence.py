"""Whatever is nearest to the user says by what is counted: flag, directive, editor, file, default. Over all combinations."""

import json
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from weighbridge.budget.directive import Overrides
from weighbridge.cli import main
from weighbridge.config import Layer, resolve
from weighbridge.session.choice import choose
from weighbridge.tokens.registry import tokenizer

#: What each place may say: nothing, a model, an encoding; and what then counts. Each of its own, so that one tells who said it.
FLAG = {"": None, "model=gpt-4o": ("o200k_base", "gpt-4o"), "encoding=p50k_base": ("p50k_base", None)}
DIRECTIVE = {"": None, "model=opus": ("claude-4.8", "opus"), "encoding=r50k_base": ("r50k_base", None)}
EDITOR = {
    "": None,
    "model=claude-opus-4-5": ("claude-3", "claude-opus-4-5"),
    "encoding=qwen3": ("qwen3", None),
}
FILE = {"": None, "model=gpt-4": ("cl100k_base", "gpt-4"), "encoding=o200k_harmony": ("o200k_harmony", None)}
DEFAULT = ("cl100k_base", None)


def values(said: str) -> dict[str, str]:
    return dict([said.split("=")]) if said else {}


def nearest(*said: tuple[str, str | None] | None) -> tuple[str, str | None]:
    return next((one for one in said if one is not None), DEFAULT)


@pytest.mark.parametrize("flag", FLAG)
@pytest.mark.parametrize("directive", DIRECTIVE)
@pytest.mark.parametrize("editor", EDITOR)
@pytest.mark.parametrize("file", FILE)
def test_of_all_that_speak_the_nearest_is_heard(flag: str, directive: str, editor: str, file: str) -> None:
    layers = [
        Layer("file", values(file), trusted_source=False),
        Layer("editor", values(editor), trusted_source=True),
    ]
    found = resolve(layers)
    given, own = values(flag), values(directive)
    overrides = Overrides(model=given.get("model"), encoding=given.get("encoding")).over(
        Overrides(model=own.get("model"), encoding=own.get("encoding"))
    )
    choice = choose(found.settings, overrides)
    expected = nearest(FLAG[flag], DIRECTIVE[directive], EDITOR[editor], FILE[file])
    assert (choice.encoding, choice.name, found.warnings, choice.warnings) == (*expected, (), ())


def workspace(folder: Path, file: str) -> None:
    (folder / ".git").mkdir(exist_ok=True)
    (folder / "weighbridge.toml").write_text(
        "".join(f'{name} = "{one}"\n' for name, one in values(file).items())
    )


def flags(flag: str) -> list[str]:
    return [part for name, one in values(flag).items() for part in (f"--{name}", one)]


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main([*arguments, "--format", "json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.parametrize("command", ["count", "check"])
def test_in_commands_that_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    for flag, directive, file in product(FLAG, DIRECTIVE, FILE):
        workspace(tmp_path, file)
        text = f"<!-- weighbridge: {directive} -->\nIt's some text.\n" if directive else "It's some text.\n"
        (tmp_path / "a.prompt.md").write_text(text)
        (found,) = told(capsys, command, "a.prompt.md", *flags(flag))["documents"]
        expected = nearest(FLAG[flag], DIRECTIVE[directive], FILE[file])
        assert (found["encoding"], found["model"]) == expected, (flag, directive, file)
        assert found["tokens"] == tokenizer(expected[0]).count(text)


def test_in_contexts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are of many files: no file's directive speaks for all. The default is the agent's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "CLAUDE.md").write_text("<!-- weighbridge: model=gpt-4 -->\nIt's some text.\n")
    for flag, file in product(FLAG, FILE):
        workspace(tmp_path, file)
        asked = ("context", str(tmp_path), "--agent", "claude-code", "--home", str(tmp_path / "home"))
        (found,) = told(capsys, *asked, *flags(flag))["contexts"]
        expected = next((one for one in (FLAG[flag], FILE[file]) if one is not None), ("claude-4.8", None))
        assert (found["encoding"], found["model"]) == expected, (flag, file)


@pytest.mark.parametrize("command", ["count", "check", "render", "context"])
@pytest.mark.parametrize("flag", [["--model", "nobody-knows"], ["--encoding", "nobody-knows"]], ids=" ".join)
def test_a_flag_that_says_nothing_known_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
    flag: list[str],
) -> None:
    """However much the files say."""
    monkeypatch.chdir(tmp_path)
    workspace(tmp_path, "model=gpt-4")
    (tmp_path / "a.prompt.md").write_text("<!-- weighbridge: model=opus -->\ntext\n")
    try:
        code = main([command, *(["."] if command == "context" else ["a.prompt.md"]), *flag])
    except SystemExit as end:
        code = int(end.code or 0)
    assert code == 2
    assert "nobody-knows" in capsys.readouterr().err


def test_rendered_by_what_is_nearest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """What a text stands for is the same, whatever counts it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "b.md").write_text("the included words\n")
    (tmp_path / "a.prompt.md").write_text("@[file:b.md]\n")
    for flag, file in product(FLAG, FILE):
        workspace(tmp_path, file)
        assert main(["render", "a.prompt.md", *flags(flag)]) == 0
        assert capfdbinary.readouterr().out == b"the included words\n\n"
