"""Every recorded case: what Weighbridge says an agent sends is what it was seen to send, byte for byte."""

from pathlib import Path

import pytest
from tests.agents.recorded import Case, cases, expected, lay, seen

from weighbridge.agents import AGENTS

#: Cases that can't be met, each with the reason: at most 3 in a hundred of an agent's.
UNMET = {
    ("claude-code", "command-vars"): "holds the session's number, which no session has before it begins",
    ("claude-code", "subagent-Explore"): "what a sub-agent receives, which is no first request",
    ("claude-code", "subagent-Plan"): "what a sub-agent receives, which is no first request",
    ("codex", "skills-budget-60"): "Codex's own skills share the room; their lengths are not known",
    ("codex", "tui-at-file"): "shows what was typed, not what came from files",
    (
        "qwen-code",
        "first-start",
    ): "Qwen Code writes a file of its own at its first start, whose words are not recorded",
    ("codex", "tui-prompts-gone"): "shows that nothing was sent after an unknown command",
}


def _all() -> list[tuple[str, Case]]:
    return [(agent, case) for agent in AGENTS for case in cases(agent)]


@pytest.mark.parametrize(
    ("agent", "case"),
    [
        pytest.param(agent, case, id=f"{agent}-{case.name}")
        for agent, case in _all()
        if (agent, case.name) not in UNMET
    ],
)
def test_what_arrived(agent: str, case: Case, tmp_path: Path) -> None:
    laid = lay(case, tmp_path.resolve())
    wanted = expected(case)
    assert seen(laid, laid.load(agent), wanted) == wanted


@pytest.mark.parametrize(("agent", "name"), UNMET)
def test_what_is_not_met_is_not_met(agent: str, name: str, tmp_path: Path) -> None:
    (case,) = (case for case in cases(agent) if case.name == name)
    laid = lay(case, tmp_path.resolve())
    wanted = expected(case)
    assert seen(laid, laid.load(agent), wanted) != wanted, "met after all: take it out of the table"


@pytest.mark.parametrize("agent", AGENTS)
def test_few_are_not_met(agent: str) -> None:
    unmet = sum(one == agent for one, _ in UNMET)
    assert unmet <= 0.03 * len(cases(agent))
