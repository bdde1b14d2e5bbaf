"""Recorded cases as `weighbridge context` runs them: as recorded, but for what a repository would have it read outside."""

from pathlib import Path

import pytest
from tests.agents.recorded import Case, Laid, cases, expected, lay, seen
from tests.agents.test_recorded import DISK_ORDER, UNMET, in_any_order

from weighbridge.agents.registry import AGENTS
from weighbridge.analysis import contexts

_LINK = "a link in the repository leads out of it"
_NAMED = "a file of the repository names one outside"
_ABOVE = "without git, a file of the session folder names one above it"
#: What is not opened unless the user allows it, by agent and case, each with the reason.
REFUSED = {
    "aider": {"read-symlink": _LINK},
    "claude-code": {"agents-symlink-outside": _LINK, "claude-symlink-outside": _LINK},
    "cline": {"symlink-outside": _LINK},
    "codex": {"skill-symlink": _LINK, "symlink-outside": _LINK},
    "continue-cli": {"rules-symlinks": _LINK, "symlink-outside": _LINK},
    "gemini-cli": {"symlink-outside": _LINK},
    "mistral-vibe": {"symlink-outside": _LINK},
    "opencode": {"instr-abs": _NAMED, "instr-no-git": _ABOVE, "instr-up": _NAMED, "symlink-outside": _LINK},
    "openhands": {"symlink-outside": _LINK},
    "qwen-code": {"import-symlink": _LINK, "symlink-outside": _LINK},
}


def _as_the_command(
    agent: str, case: Case, laid: Laid, *roots: str
) -> tuple[object, object, tuple[Path, ...]]:
    """What arrived, what is said to, and what was not opened."""
    start = laid.start()
    (loaded,) = contexts.load(
        [AGENTS[agent]],
        laid.folder,
        laid.home,
        environment=start.environment,
        arguments=start.arguments,
        file_roots=[Path(laid.names[name]) for name in roots],
    )
    wanted = expected(case)
    got = seen(laid, loaded.context, wanted)
    if case.name in DISK_ORDER.get(agent, set()):
        got, wanted = in_any_order(got), in_any_order(wanted)
    return wanted, got, loaded.refused


@pytest.mark.parametrize("agent", AGENTS)
def test_all_else_is_as_recorded(agent: str, tmp_path: Path) -> None:
    left_out = {*UNMET.get(agent, {}), *REFUSED.get(agent, {})}
    for case in cases(agent):
        laid = lay(case, (tmp_path / case.name.replace("/", "-")).resolve())
        if case.name not in left_out and not laid.start().prompt:
            wanted, got, _ = _as_the_command(agent, case, laid)
            assert got == wanted, case.name


@pytest.mark.parametrize(
    ("agent", "name"), [(agent, name) for agent, names in REFUSED.items() for name in names]
)
def test_what_is_refused_is_said_and_can_be_allowed(agent: str, name: str, tmp_path: Path) -> None:
    (case,) = (case for case in cases(agent) if case.name == name)
    laid = lay(case, tmp_path.resolve())
    wanted, got, refused = _as_the_command(agent, case, laid)
    assert refused
    assert got != wanted
    wanted, got, refused = _as_the_command(agent, case, laid, "root", "outside")
    assert (got, refused) == (wanted, ())
