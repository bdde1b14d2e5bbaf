"""Every recorded case: what Weighbridge says an agent sends is what it was seen to send, byte for byte."""

from pathlib import Path
from typing import Any

import pytest
from tests.agents.recorded import Case, cases, expected, lay, seen

from weighbridge.agents.registry import AGENTS

_FETCHED = "holds a text that was fetched: Weighbridge fetches nothing that a repository names"
_SUB_AGENT = "what a sub-agent receives, which is no first request"
#: Cases that can't be met, by agent, each with the reason: at most 3 in a hundred of an agent's.
UNMET = {
    "aider": {
        "read-home-path": "a repository's configuration names a file of the home: Weighbridge does not open it"
    },
    "claude-code": {
        "command-vars": "holds the session's number, which no session has before it begins",
        "subagent-Explore": _SUB_AGENT,
        "subagent-Plan": _SUB_AGENT,
    },
    "codex": {
        "tui-at-file": "shows what was typed, not what came from files",
        "tui-prompts-gone": "shows that nothing was sent after an unknown command",
    },
    "kilo": {"instr-url": _FETCHED},
    "mistral-vibe": {"invalid-utf8": "bytes that are no UTF-8 are read in an encoding that Vibe guesses"},
    "openhands": {
        "skill-desc-3000": "the cut depends on the length of the folder's path, which is not recorded"
    },
    "opencode": {
        "command-shell": "holds what shell commands printed: Weighbridge never runs any",
        "instr-url": _FETCHED,
    },
    "qwen-code": {"first-start": "Qwen Code writes a file at its first start, whose words are not recorded"},
}

#: Cases in which an order is the disk's own: entries are compared as a set.
DISK_ORDER = {
    "aider": {"content-crlf-bom", "content-edges", "read-home-path", "read-option", "read-symlink"},
    "opencode": {"instr-home", "instr-dot", "instr-abs", "run-globs"},
    "vscode-copilot": {"applyto"},
}


def in_any_order(parts: list[Any]) -> list[Any]:
    return [sorted(part.split("\n")) if isinstance(part, str) else part for part in parts]


def _all() -> list[tuple[str, Case]]:
    return [(agent, case) for agent in AGENTS for case in cases(agent)]


@pytest.mark.parametrize(
    ("agent", "case"),
    [
        pytest.param(agent, case, id=f"{agent}-{case.name}")
        for agent, case in _all()
        if case.name not in UNMET.get(agent, {})
    ],
)
def test_what_arrived(agent: str, case: Case, tmp_path: Path) -> None:
    laid = lay(case, tmp_path.resolve())
    wanted = expected(case)
    got = seen(laid, laid.load(agent), wanted)
    if case.name in DISK_ORDER.get(agent, set()):
        got, wanted = in_any_order(got), in_any_order(wanted)
    assert got == wanted


@pytest.mark.parametrize(
    ("agent", "name"), [(agent, name) for agent, names in UNMET.items() for name in names]
)
def test_what_is_not_met_is_not_met(agent: str, name: str, tmp_path: Path) -> None:
    (case,) = (case for case in cases(agent) if case.name == name)
    laid = lay(case, tmp_path.resolve())
    wanted = expected(case)
    assert seen(laid, laid.load(agent), wanted) != wanted, "met after all: take it out of the table"


@pytest.mark.parametrize("agent", AGENTS)
def test_few_are_not_met(agent: str) -> None:
    assert len(UNMET.get(agent, {})) <= max(1, 0.03 * len(cases(agent)))
