"""Front matter of skills, rules and commands."""

import re
from typing import Any

from weighbridge.agents.text import yaml_mapping

_FRONT_MATTER = re.compile(r"---[ \t]*\n((?:.*?\n)??)---[ \t]*(?:\n|$)", re.DOTALL)
_KEY_AND_TEXT = re.compile(r"([A-Za-z_][\w-]*):[ \t]+(\S.*)")


def split_front_matter(text: str) -> tuple[str | None, str]:
    """A text's front matter (without its rules) and its body; None and the text where it has none."""
    found = _FRONT_MATTER.match(text)
    return (None, text) if found is None else (found[1], text[found.end() :])


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
