"""Where a name is given its value: the line of a settings or data file, as far as it can be told from its text."""

import re
from collections.abc import Sequence

_KEY = r"""(?:^|[\s{{,\[.])["']?{name}["']?[ \t]*[:=]"""
_TABLE = (
    r"""^[ \t]*\[[ \t]*(?:tool\.weighbridge\.)?{table}[ \t]*(?:\.[ \t]*["']?(?P<name>{name})["']?[ \t]*)?\]"""
)


def key_in(
    lines: Sequence[str], name: str, start: int = 0, stop: int | None = None
) -> tuple[int, int, int] | None:
    """Find where a key is set in lines [start, stop) of TOML, YAML or JSON: its line, and its columns in code points."""
    key = re.compile(_KEY.format(name=re.escape(name)))
    for number in range(start, len(lines) if stop is None else min(stop, len(lines))):
        found = key.search(lines[number])
        if found is not None:
            begin = lines[number].index(name, found.start())
            return number, begin, begin + len(name)
    return None


def key_in_table(lines: Sequence[str], table: str, name: str) -> tuple[int, int, int] | None:
    """Find where `[table]`, in TOML, gives a name its value: as a table of its own, or as a key in it."""
    header = re.compile(_TABLE.format(table=re.escape(table), name=re.escape(name)))
    for number, line in enumerate(lines):
        found = header.match(line)
        if found is not None:
            if found["name"] is not None:
                return number, *found.span("name")
            return key_in(lines, name, number + 1)
    dotted = key_in(lines, name)
    return dotted if any(table in line for line in lines) else None
