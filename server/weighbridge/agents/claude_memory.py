"""What Claude Code wrote down itself for a project: MEMORY.md, cut, and without what nobody sees."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

from weighbridge.agents.claude_settings import ClaudeSettings
from weighbridge.agents.claude_text import stripped
from weighbridge.agents.memory_index import MOST_UNITS, folder_name, shortened
from weighbridge.agents.model import Entry, Files
from weighbridge.agents.text import first_units, js_trim, read_text, utf16_units

#: Characters of MEMORY.md that nobody sees, by Unicode's classes and one by one; and those that stay all the same.
_UNSEEN = frozenset(("Cc", "Cf", "Cn", "Co", "Cs"))
_ALSO_UNSEEN = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\u180b\u180c\u180d\u180f"
    + "".join(map(chr, (*range(0xFE00, 0xFE0E), *range(0xE0100, 0xE01F0))))
)
_SHOWN = frozenset("\t\n\u200c\u200d\ufe0e\ufe0f")
_LINE_ENDS = re.compile("\r\n?|[\u2028\u2029]")


def memory_file(config: Path, settings: ClaudeSettings, main: Path) -> Path | None:
    """Where the memory of a project lies; None where there is to be none. `main`: the project's main checkout."""
    if not settings.has_memory:
        return None
    return (settings.memory_folder or config / "projects" / folder_name(main) / "memory") / "MEMORY.md"


def memory_entry(path: Path, files: Files, *, own: bool) -> Iterator[Entry]:
    """The entry of a memory; none where nothing is left of it. `own`: whether the user says where it lies."""
    whole = read_text(files, path, own=own, keep_mark=True) or ""
    cut, lost = shortened(js_trim(stripped(whole)), "Claude Code", "KB", _cut_off, half="ignore")
    text = js_trim("".join(map(_shown, _LINE_ENDS.sub("\n", cut))))
    if text:
        yield Entry(path, "memory", text, lost=lost)


def _shown(character: str) -> str:
    is_unseen = unicodedata.category(character) in _UNSEEN or character in _ALSO_UNSEEN
    return "" if is_unseen and character not in _SHOWN else character


def _cut_off(lines: Sequence[str], head: str) -> str:
    """What is said of the lines of MEMORY.md that don't arrive. `head`: what does."""
    kept = head.count("\n") + 1
    if head != "\n".join(lines[:kept]):
        return f": everything after the first {MOST_UNITS} characters of line 1 was cut off"
    first = lines[kept].strip() if kept < len(lines) else ""
    shown = first if utf16_units(first) <= 80 else f"{first_units(first, 79, half='ignore')}…"
    named = f' ("{shown}")' if shown else ""
    return f": {len(lines) - kept} of {len(lines)} lines were cut off, starting at line {kept + 1}{named}"
