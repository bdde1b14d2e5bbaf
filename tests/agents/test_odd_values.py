"""Values of a kind that no agent expects, in every file of settings and all front matter: they end nothing."""

import re
from pathlib import Path

import pytest
from tests.agents.recorded import cases, lay

from weighbridge.agents.registry import AGENTS

#: How values begin, by the file's ending; of other files by what they begin with.
YAML = re.compile(r"^(\s*[\w-]+:[ \t]*).*$", re.MULTILINE)
TOML = re.compile(r'^(\s*[\w."-]+\s*=\s*).*$', re.MULTILINE)
JSON = re.compile(r'("(?:[^"\\]|\\.)*":\s*)(?:"(?:[^"\\]|\\.)*"|true|false|null|-?\d[\d.]*|\[[^\[\]{}]*\])')
WRITTEN = {".json": JSON, ".jsonc": JSON, ".toml": TOML, ".yml": YAML, ".yaml": YAML}
#: Each as JSON, which is YAML, and as TOML.
VALUES = [('["x"]', '["x"]'), ('{"a": "b"}', '{a = "b"}'), ("12", "12")]


def change(folder: Path, value: tuple[str, str]) -> bool:
    """Give every value in a folder's files another; whether there was any."""
    changed = False
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            text = path.read_bytes().decode("utf-8", "surrogateescape")
            written = WRITTEN.get(path.suffix) or (YAML if text.lstrip().startswith("---") else None)
            other = text if written is None else written.sub(rf"\g<1>{value[written is TOML]}", text)
            if other != text:
                changed = True
                path.write_bytes(other.encode("utf-8", "surrogateescape"))
    return changed


@pytest.mark.parametrize("value", VALUES, ids=["list", "mapping", "number"])
@pytest.mark.parametrize("agent", AGENTS)
def test_values_of_another_kind_end_nothing(agent: str, value: tuple[str, str], tmp_path: Path) -> None:
    changed = 0
    for number, case in enumerate(cases(agent)):
        folder = tmp_path.resolve() / str(number)
        laid = lay(case, folder)
        changed += change(folder, value)
        laid.load(agent)
    # goose has settings in no recorded case.
    assert changed or agent == "goose"
