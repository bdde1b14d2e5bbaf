"""MEMORY.md, in which Claude Code and Qwen Code write down what they are to remember of a project."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from weighbridge.agents.model import Lost
from weighbridge.agents.text import cut_at_line, kilobytes, utf16_units
from weighbridge.errors import Code

#: Of MEMORY.md: lines, then UTF-16 units.
_MOST_LINES = 200
MOST_UNITS = 25_000


def folder_name(project: Path) -> str:
    """The name of a project's folder among those of all projects."""
    return re.sub(r"[^A-Za-z0-9]", "-", str(project))


def shortened(
    text: str,
    title: str,
    kilobyte: str,
    cut_off: Callable[[Sequence[str], str], str] = lambda lines, head: "",
    half: str = "replace",
) -> tuple[str, Lost | None]:
    """MEMORY.md's text as it arrives, with the warning that an agent puts behind a cut.

    `kilobyte`: the unit as it is written behind a number. `cut_off`: what is said of its lines, of which so much is kept. `half`:
    as `first_units` has it.
    """
    lines, units = text.split("\n"), utf16_units(text)
    too_many, too_long = len(lines) > _MOST_LINES, units > MOST_UNITS
    if not too_many and not too_long:
        return text, None
    head = cut_at_line("\n".join(lines[:_MOST_LINES]), MOST_UNITS, half)
    size, limit = f"{kilobytes(units)}{kilobyte}", f"{kilobytes(MOST_UNITS)}{kilobyte}"
    if not too_many:
        what = f"{size} (limit: {limit}) — index entries are too long"
    else:
        what = f"{len(lines)} lines and {size}" if too_long else f"{len(lines)} lines (limit: {_MOST_LINES})"
    line = head.count("\n") + 1
    warning = (
        f"\n\n> WARNING: MEMORY.md is {what}. Only part of it was loaded{cut_off(lines, head)}. "
        "Keep index entries to one line under ~200 chars; move detail into topic files."
    )
    reason = f"{title} reads {_MOST_LINES} lines and {MOST_UNITS:,} UTF-16 units of MEMORY.md"
    return head + warning, Lost(Code.TRUNCATED, line, 0, text[len(head) :], reason)
