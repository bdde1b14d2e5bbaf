"""On the command line, too, every number of tokens that is not the model's own says so; what a message costs besides is a line of its own."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from weighbridge.cli import main
from weighbridge.tokens import families, registry

_NUMBER = re.compile(r"(≈?)(?<![\d,.])\b\d[\d,]*(?= tokens?\b)")
MODELS = [("gpt-5", ""), ("opus", "≈"), ("gemini-2.5-pro", "≈"), ("grok-4", "≈"), ("gpt-6-sol", "≈")]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    place = tmp_path / "place"
    place.mkdir()
    (place / "b.md").write_text("The included words\n")
    (place / "a.prompt.md").write_text("# Title\n\n@[file:b.md] and more\n")
    (place / "CLAUDE.md").write_text("Rules for agents\n")
    (place / "weighbridge.toml").write_text('[budgets]\ntotal = 3\n"context:claude-code" = 3\n')
    monkeypatch.chdir(place)
    for command in (
        ["init", "-q"],
        ["add", "-A"],
        ["-c", "user.name=x", "-c", "user.email=x@x", "commit", "-qm", "x"],
    ):
        subprocess.run(["git", *command], check=True)
    (place / "b.md").write_text("Other words than before\n")
    return place


@pytest.mark.parametrize(("model", "mark"), MODELS)
@pytest.mark.parametrize(
    "arguments",
    [
        ["count", "a.prompt.md"],
        *(
            ["check", ".", "--budget", "3", "--format", form]
            for form in ("text", "json", "github", "sarif", "junit")
        ),
        ["check", "a.prompt.md", "--diff", "HEAD"],
    ],
    ids=" ".join,
)
def test_every_number_has_its_label(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], model: str, mark: str
) -> None:
    del folder
    main([*arguments, "--model", model])
    said = capsys.readouterr().out
    if arguments[-1] in {"json", "sarif"}:
        said = json.dumps(json.loads(said), ensure_ascii=False)
    numbers = _NUMBER.findall(said)
    assert set(numbers) <= {mark}
    assert numbers or arguments[0] == "count" or "--diff" in arguments
    if arguments[0] == "count":
        columns = [re.split(r" {2,}", line.strip()) for line in said.splitlines()[1:]]
        counted = {name: number for name, number, *_ in columns if name != "around a message"}
        assert [number.startswith("≈") for number in counted.values()] == [mark == "≈"] * 3, counted
    if "--diff" in arguments:
        (line,) = [line for line in said.splitlines() if "a.prompt.md" in line and " to " in line]
        assert [("≈" in part) for part in re.findall(r"≈?[+-]?\d[\d,]*", line)] == [mark == "≈"] * 4, line


@pytest.mark.parametrize(("model", "mark"), MODELS)
def test_what_agents_load_has_its_label(
    folder: Path, capsys: pytest.CaptureFixture[str], model: str, mark: str
) -> None:
    main(["context", "--agent", "claude-code", "--home", str(folder), "--model", model])
    head, *rows = capsys.readouterr().out.splitlines()
    assert _NUMBER.findall(head) == [mark]
    assert [row.strip().startswith("≈") for row in rows] == [mark == "≈"] * len(rows)


@pytest.mark.parametrize(
    ("model", "line", "frame"),
    [
        ("opus", "around a message +6 in no count; measured", {"tokens": 6, "source": "measured"}),
        ("claude-opus-4-5", "around a message +7 in no count; measured", {"tokens": 7, "source": "measured"}),
        (
            "gpt-4o",
            "around a message +7 in no count; OpenAI's cookbook",
            {"tokens": 7, "source": "OpenAI's cookbook"},
        ),
        ("gpt-5", None, None),
        ("grok-4", None, None),
    ],
)
def test_a_messages_frame_is_a_line_of_its_own(
    folder: Path, capsys: pytest.CaptureFixture[str], model: str, line: str | None, frame: object
) -> None:
    del folder
    assert main(["count", "a.prompt.md", "--model", model]) == 0
    lines = [" ".join(one.split()) for one in capsys.readouterr().out.splitlines()]
    assert [one for one in lines if "around" in one] == ([] if line is None else [line])
    assert main(["count", "a.prompt.md", "--model", model, "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    (report,) = found["documents"]
    assert report.get("frame") == frame
    # Never mixed into the count.
    assert lines[1].split()[1].lstrip("≈") == str(report["tokens"]) == str(found["total"])
    assert found["exactness"] == report["exactness"]


def test_what_is_missing_is_told_of_all_models_in_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(families, "_lacking", lambda: "do this")
    monkeypatch.setattr(registry, "_tokenizers", {})
    shown = ["--model", "gpt-5", "--model", "qwen3-coder", "--model", "deepseek-chat"]
    assert main(["count", str(folder / "a.prompt.md"), *shown]) == 0
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("weighbridge: deepseek_v3, qwen3: o200k_base × 1.05, ±15 % (")
    assert line.endswith("; do this")
