"""Front matter of skills, rules and commands."""

import re
from itertools import takewhile
from pathlib import Path
from typing import Any

from weighbridge.agents.model import Files, Lost
from weighbridge.agents.text import read_text, unix_lines
from weighbridge.agents.yaml_values import yaml_mapping
from weighbridge.errors import Code

#: Characters of a skill's name, and how it is written, as the open format for skills has it.
_LONGEST_NAME = 64
_NAME = re.compile("[a-z0-9]+(-[a-z0-9]+)*")
#: A line of three hyphens or more, around the front matter of agents that are written in Python.
_BORDER = re.compile(r"^-{3,}\s*$", re.MULTILINE)
_FRONT_MATTER = re.compile(r"---[ \t]*\n((?:.*?\n)??)---[ \t]*(?:\n|$)", re.DOTALL)
_DESCRIPTION = re.compile(r"^description[ \t]*:", re.MULTILINE)
_KEY_AND_TEXT = re.compile(r"([A-Za-z_][\w-]*):[ \t]+(\S.*)")


def split_front_matter(text: str) -> tuple[str | None, str]:
    """A text's front matter (without its rules) and its body; None and the text where it has none."""
    match = _FRONT_MATTER.match(text)
    return (None, text) if match is None else (match[1], text[match.end() :])


def is_name(name: str) -> bool:
    """Whether a skill may have this name: small letters, digits and single hyphens."""
    return len(name) <= _LONGEST_NAME and _NAME.fullmatch(name) is not None


def split_at_borders(text: str) -> tuple[str, str] | None:
    """A text's front matter and its body, between and behind lines of three hyphens or more; None where it doesn't begin so."""
    parts = _BORDER.split(text, 2)
    return (parts[1], parts[2]) if len(parts) == 3 and not parts[0].strip() else None


def cut(text: str, whole: str, listed: str, reason: str) -> Lost | None:
    """The part of a file's description `whole` that does not arrive where `listed` is listed; None where all of it does."""
    if listed == whole:
        return None
    alike = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(whole, listed, strict=False)))
    tail = whole[alike:]
    before = _DESCRIPTION.search(text)
    return Lost(Code.TRUNCATED, 0 if before is None else text.count("\n", 0, before.start()), 0, tail, reason)


def front_matter(text: str, *, lenient: bool = False) -> dict[str, Any] | None:
    """A text's front matter as values by name, None where it has none or it is no YAML.

    `lenient`: where it is no YAML, each line `key: text` is a string of its own, as several agents try then.
    """
    source, _ = split_front_matter(text)
    if source is None:
        return None
    values = yaml_mapping(source)
    if values is None and lenient:
        lines = [_KEY_AND_TEXT.fullmatch(line.rstrip()) for line in source.split("\n")]
        values = {line[1]: line[2] for line in lines if line is not None}
    return values


def front_matter_of(files: Files, path: Path, *, lenient: bool = False) -> dict[str, Any]:
    """The front matter of a file; empty where it has none, or there is no such file. `lenient`: as `front_matter` has it."""
    text = read_text(files, path)
    return {} if text is None else front_matter(unix_lines(text), lenient=lenient) or {}
