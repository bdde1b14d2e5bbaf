"""Texts in which braces belong to a template language or to code, which fill them in their own ways.

`{{name:default}}` never stands for its default there: the model may get anything else. `{{name}}` with a value still
stands for that, and is silent where it has none.
"""

import re
from pathlib import PurePath
from typing import Final

from weighbridge.references.leaves import LONGEST_LINE
from weighbridge.references.model import Reference
from weighbridge.rope import Line
from weighbridge.text import Inline

#: Files that are such by their names: JSX in Markdown, Jinja, an agent's rules.
_SUFFIXES: Final = frozenset((".mdx", ".prompty", ".mdc"))
#: What Jinja, Handlebars and their like are known by: statements, blocks, partials, filters (`{{name:a|b}}` is a default).
_SIGN = re.compile(
    r"\{%|\{\{[#/^~>!&]"
    r"|\{\{(?![ \t]{0,99}[^\W\d][\w.-]{0,255}[ \t]{0,99}:)[^{}|\r\n]{1,200}+\|[^{}|\r\n]{1,200}+\}\}"
)
#: Characters of the longest sign, and more.
_REACH: Final = 512


def is_template(path: PurePath | None) -> bool:
    """Whether a file is a template by its name."""
    return path is not None and path.suffix.lower() in _SUFFIXES


def shows_sign(line: str) -> bool:
    """Whether a line shows a sign of a template language; one that is data shows none. Linear in the line."""
    return "{" in line and len(line) <= LONGEST_LINE and _SIGN.search(line) is not None


def still_shows_sign(line: Line, inline: Inline, *, before: bool) -> bool:
    """The same of a line that was edited, and is `line` now: looks near the edit, where that tells. `before`: it showed one."""
    was = len(line) - inline.inserted + inline.removed
    if len(line) > LONGEST_LINE:
        return False
    if len(line) > 2 * _REACH and was <= LONGEST_LINE:
        near = line[max(0, inline.column - _REACH) : inline.column + inline.inserted + _REACH]
        # What is cut off at either end is no sign of its own, and none where the line had none.
        if not before or shows_sign(near):
            return shows_sign(near)
    return shows_sign(str(line))


def without_defaults(references: tuple[Reference, ...]) -> tuple[Reference, ...]:
    """References as a template holds them: short ones have no default."""
    if all(reference.explicit or reference.default is None for reference in references):
        return references
    return tuple(
        reference
        if reference.explicit or reference.default is None
        else Reference(reference.kind, reference.target, reference.start, reference.end, explicit=False)
        for reference in references
    )
