"""Values of a kind that no agent expects, in every file of settings and all front matter: they end nothing."""

import re
from collections.abc import Iterator, Sequence
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


def written_values(folder: Path) -> Iterator[tuple[Path, str, list[re.Match[str]], bool]]:
    """The files in a folder that hold values, with their texts, where each of those stands, and whether it is TOML."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            text = path.read_bytes().decode("utf-8", "surrogateescape")
            written = WRITTEN.get(path.suffix) or (YAML if text.lstrip().startswith("---") else None)
            if written is not None and (found := [*written.finditer(text)]):
                yield path, text, found, written is TOML


def put(path: Path, text: str, places: Sequence[re.Match[str]], value: str) -> None:
    """Write a text with another value in some places."""
    parts, at = [], 0
    for place in places:
        parts += [text[at : place.start()], place[1], value]
        at = place.end()
    path.write_bytes("".join((*parts, text[at:])).encode("utf-8", "surrogateescape"))


@pytest.mark.parametrize("value", VALUES, ids=["list", "mapping", "number"])
@pytest.mark.parametrize("agent", AGENTS)
def test_values_of_another_kind_end_nothing(agent: str, value: tuple[str, str], tmp_path: Path) -> None:
    changed = 0
    for number, case in enumerate(cases(agent)):
        folder = tmp_path.resolve() / str(number)
        laid = lay(case, folder)
        for path, text, places, toml in [*written_values(folder)]:
            put(path, text, places, value[toml])
            changed += 1
        laid.load(agent)
    # goose has settings in no recorded case.
    assert changed or agent == "goose"


@pytest.mark.parametrize("agent", AGENTS)
def test_a_value_of_another_kind_among_others_ends_nothing(agent: str, tmp_path: Path) -> None:
    for number, case in enumerate(cases(agent)):
        folder = tmp_path.resolve() / str(number)
        laid = lay(case, folder)
        for path, text, places, toml in [*written_values(folder)]:
            # Of more of them some will do.
            for turn, place in enumerate(places[:12]):
                put(path, text, [place], VALUES[(number + turn) % len(VALUES)][toml])
                laid.load(agent)
            put(path, text, [], "")
