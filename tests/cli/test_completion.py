"""Completions, as a real bash makes them; and for every argument in every shell."""

import re
import subprocess
from pathlib import Path

import pytest
import shtab
from tests.cli.test_commands import run
from tests.patience import HANGS_AFTER

from weighbridge import cli
from weighbridge.agents.readers import DIALECTS
from weighbridge.agents.registry import AGENTS
from weighbridge.completion import script
from weighbridge.tokens.registry import encodings

#: Completes the last of the words that it is given, with the script that it is given first.
BASH = """
source "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
$(complete -p weighbridge | sed 's/.*-F \\([^ ]*\\).*/\\1/') weighbridge "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("completion")
    (made / "script").write_text(script("bash"))
    (made / "prompts").mkdir()
    (made / "prompt.md").write_text("words")
    return made


def completed(folder: Path, *words: str) -> list[str]:
    done = subprocess.run(
        ["/bin/bash", "--norc", "-c", BASH, "bash", "./script", "weighbridge", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        timeout=HANGS_AFTER,
    )
    assert done.stderr == ""
    return sorted(done.stdout.split())


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["co"], ["completion", "context", "count"]),
        (["count", "--w"], ["--watch"]),
        (["check", "--format", ""], ["github", "json", "jsonl", "junit", "sarif", "text"]),
        (["check", "--base"], ["--baseline"]),
        (["check", "--baseline", "pr"], ["prompt.md", "prompts"]),
        (["check", "pr"], ["prompt.md", "prompts"]),
        (["check", ".", "pr"], ["prompt.md", "prompts"]),
        (["context", "pr"], ["prompts"]),
        (["context", "--agent", ""], sorted(AGENTS)),
        (["count", "--model", "gpt-5", "--model", "claude-opus-4-5"], ["claude-opus-4-5"]),
        (["count", "--encoding", ""], sorted(encodings())),
        (["render", "--dialect", ""], sorted(DIALECTS)),
        (["verify", "--provider", "a"], ["anthropic"]),
        (["completion", "z"], ["zsh"]),
    ],
    ids=" ".join,
)
def test_bash_completes(folder: Path, words: list[str], expected: list[str]) -> None:
    found = completed(folder, *words)
    # Of names that begin alike there may be more.
    assert found == expected or (words[-1] != "" and set(expected) <= set(found) and "--model" in words)


@pytest.mark.parametrize("shell", shtab.SUPPORTED_SHELLS)
def test_every_shell_has_a_script_with_all_commands(tmp_path: Path, shell: str) -> None:
    done = run(tmp_path, "completion", shell)
    assert (done.returncode, done.stderr) == (0, b"")
    words = {*re.findall(r"[\w-]+", done.stdout.decode())}
    assert {
        *re.findall(r"^weighbridge (\w+)", cli.__doc__ or "", re.MULTILINE),
        "claude-code",
        "gpt-5",
    } <= words
