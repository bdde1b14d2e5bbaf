"""What Claude Code makes of one file's text: its front matter, its comments, its imports, the patterns of a rule."""

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

from weighbridge.agents.claude_ignored import Blocks, places
from weighbridge.agents.markdown import block_comments, stretches, without_block_comments
from weighbridge.agents.model import Ignored, Importance
from weighbridge.agents.remembering import remembered
from weighbridge.agents.settled import settled
from weighbridge.agents.text import JS_SPACE_CLASS, split_patterns
from weighbridge.agents.yaml_values import yaml_mapping, yaml_value
from weighbridge.errors import Code

FRONT_MATTER = re.compile(rf"\ufeff?---[{JS_SPACE_CLASS}]*\n([\s\S]*?)---[{JS_SPACE_CLASS}]*\n?")
IMPORT_START = re.compile(r"[A-Za-z0-9._-]|/.|~/")
#: What says in other agents' rules for which files they are, and `paths` itself in other letters.
_OTHER_KEYS = frozenset(("globs", "applyTo", "Paths"))
_KEY_AND_TEXT = re.compile(r"^([A-Za-z_-]+):[ \t]+([^\s][^\n\r\u2028\u2029]*)$", re.MULTILINE)
_SPECIAL = re.compile(r"[{}\[\]*&#!|>%@`]|: ")
_PATHS = re.compile(r"^paths(?=[ \t]*:)", re.MULTILINE)
#: Lines in which the end of front matter is looked for, where it may be left out.
_LONGEST_HEAD = 200
_IMPORT = re.compile(rf"(?:^|[{JS_SPACE_CLASS}])@((?:[^{JS_SPACE_CLASS}\\]|\\ )+)")


def stripped(text: str) -> str:
    """A file's text without front matter and block comments."""
    return without_block_comments(FRONT_MATTER.sub("", text, count=1) if FRONT_MATTER.match(text) else text)


@remembered
def imports(text: str) -> tuple[str, ...]:
    """The targets that the imports of a text without front matter name, in order, unescaped."""
    return tuple(_imports(text))


def _imports(text: str) -> Iterator[str]:
    for stretch in stretches(text):
        for match in _IMPORT.finditer(stretch):
            target = match[1].split("#", 1)[0].replace("\\ ", " ")
            if target and IMPORT_START.match(target):
                yield target


def find(text: str) -> Iterator[tuple[int, int, str]]:
    """Where a file's imports stand, and what they name."""
    yield from places(Blocks(text, begin_of(text)), frozenset(targets_in(text)))


def settled_lines(lines: Sequence[str]) -> int:
    """The number of lines at the start that may be left out when it is found out whether an import stands behind them."""
    if not lines or not lines[0].startswith("---"):
        return settled(lines)
    head = lines[:_LONGEST_HEAD]
    starts = [*accumulate(map(len, head))]
    begin = begin_of("".join(head))
    if begin not in starts[:-1]:
        # It ends within a line, or nowhere.
        return 0
    left_out = settled(lines, starts.index(begin) + 1)
    # What is left may not look like front matter.
    return 0 if lines[left_out].startswith("---") else left_out


def targets_in(text: str) -> tuple[str, ...]:
    """The targets that a file's imports name."""
    return imports(text[begin_of(text) :])


def begin_of(text: str) -> int:
    """Where a file's front matter ends."""
    match = FRONT_MATTER.match(text)
    return 0 if match is None else match.end()


def removed(text: str) -> Iterator[tuple[int, int]]:
    """The stretches of a file's text that never arrive: front matter, and comments that are blocks of their own."""
    begin = begin_of(text)
    if begin:
        yield 0, begin
    for start, end in block_comments(text[begin:]):
        yield begin + start, begin + end


def conditions(text: str) -> tuple[str, ...]:
    """The patterns on which a rule waits; none where it always loads."""
    paths = values_of(text).get("paths")
    written = [paths] if isinstance(paths, str) else paths if isinstance(paths, list) else []
    patterns = [part.strip() for item in written if isinstance(item, str) for part in split_patterns(item)]
    # What a folder's pattern ends with says nothing more: a folder stands for all in it.
    always = {"", "**"}
    return (
        ()
        if all(pattern.removesuffix("/**") in always for pattern in patterns)
        else tuple(filter(None, patterns))
    )


def values_of(text: str) -> dict[str, Any]:
    """The values of a text's front matter; where it is no YAML, those that it has with some of its texts in quotes, else none."""
    match = FRONT_MATTER.match(text)
    if match is None:
        return {}
    values = yaml_mapping(match[1])
    return values or yaml_mapping(_KEY_AND_TEXT.sub(_quoted, match[1])) or {}


def conditions_in_vain(path: Path, text: str) -> Iterator[Ignored]:
    """Notices about front matter that looks as if its rule waited for files, though the rule always loads."""
    begin, values = begin_of(text), values_of(text)
    if "paths" not in values and (key := _PATHS.search(text, 0, begin)) is not None:
        reason = "loads always: this is no YAML as it stands; put the patterns in quotes"
        yield Ignored(path, *key.span(), reason, Importance.LIKELY, code=Code.ALWAYS)
    for name, value in values.items():
        patterns = value if isinstance(value, list) else [value]
        says_some = any(isinstance(pattern, str) and pattern.strip("*/ ") for pattern in patterns)
        key = re.compile(rf"^{re.escape(name)}(?=[ \t]*:)", re.MULTILINE).search(text, 0, begin)
        if name in _OTHER_KEYS and says_some and key is not None and values.get("alwaysApply") is not True:
            reason = f"loads always: Claude Code knows no `{name}`, write `paths`"
            yield Ignored(path, *key.span(), reason, Importance.LIKELY, "paths", Code.ALWAYS)


def _quoted(match: re.Match[str]) -> str:
    """A line of front matter with its text in quotes, where that has none and means something to YAML."""
    value = match[2].rstrip()
    is_quoted = value[0] in "\"'" and value[0] == value[-1]
    is_list = value[0] == "[" and value[-1] == "]" and isinstance(yaml_value(value), list)
    if is_quoted or is_list or _SPECIAL.search(value) is None:
        return match[0]
    value = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{match[1]}: "{value}"'
