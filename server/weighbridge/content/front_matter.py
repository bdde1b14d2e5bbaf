"""Front matter: what stands between `---` lines at the very start of a document, and the variables it sets.

It is meant to be YAML and often is none: `globs: *.ts` of an editor's rules, a colon in a description. Whoever loads the
document takes it for front matter all the same.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from weighbridge.content.values import DataError, NotYamlError, read_yaml, text_of_value
from weighbridge.errors import Code, Problem

#: Bytes; what is longer is not front matter.
LONGEST = 1 << 16

_FENCE = re.compile(r"---[ \t]*(?:\r\n|\n|\r|\Z)")
_END = re.compile(r"(?:---|\.\.\.)[ \t]*(?:\r\n|\n|\r|\Z)")
#: `key:`, blank lines and comments before it left aside.
_KEYS = re.compile(r"""(?:[ \t]*(?:\#.*)?\n)*["']?[\w.-]+["']?[ \t]*:(?:[ \t]|$)""", re.MULTILINE)
_VARIABLES = re.compile(r"^variables[ \t]*:", re.MULTILINE)
_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """`lines`: how many lines it takes, both fences included; 0 if there is none. `variables`: its `variables:`."""

    lines: int
    variables: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    problem: Problem | None = None


NO_FRONT_MATTER = FrontMatter(0)


def read_front_matter(lines: Iterable[str]) -> FrontMatter:
    """Read a document's front matter. `lines`: with or without their ends; only as many as needed are taken.

    It counts as front matter only if it is empty, a YAML mapping, or begins with `key:`: a rule drawn with `---` starts
    prose just as well. What can't be read sets no variables. Never raises.
    """
    front_lines: list[str] = []
    size = 0
    for line in lines:
        if not front_lines:
            if not _FENCE.fullmatch(line):
                return NO_FRONT_MATTER
            front_lines.append(line)
            continue
        if _END.fullmatch(line):
            return _read("\n".join(front_matter_text([*front_lines, line])), len(front_lines) + 1)
        size += len(line.encode("utf-8", "surrogatepass"))
        if size > LONGEST:
            return NO_FRONT_MATTER
        front_lines.append(line)
    return NO_FRONT_MATTER


def front_matter_text(lines: Sequence[str]) -> list[str]:
    """What is YAML in front matter, given with both its fences: lines without their ends, numbered as the document's own."""
    return ["", *(text.rstrip("\r\n") for text in lines[1:-1])]


def _read(text: str, lines: int) -> FrontMatter:
    try:
        data = read_yaml(text)
    except NotYamlError as error:
        if not _KEYS.match(text):
            return NO_FRONT_MATTER
        # What nobody meant to be YAML is no fault, unless variables are to be read from it.
        has_variables = _VARIABLES.search(text) is not None
        return FrontMatter(lines, problem=_problem(f"{error}") if has_variables else None)
    except DataError as error:
        return FrontMatter(lines, problem=_problem(f"{error}"))
    if not isinstance(data, dict):
        return NO_FRONT_MATTER if text.strip() else FrontMatter(lines)
    variables = data.get("variables")
    if variables is None:
        variables = {}
    if not isinstance(variables, dict):
        return FrontMatter(lines, problem=_problem("`variables:` must map names to values"))
    texts = ((str(name), text_of_value(value)) for name, value in variables.items())
    return FrontMatter(lines, MappingProxyType({name: text for name, text in texts if text is not None}))


def _problem(message: str) -> Problem:
    return Problem(Code.SETTINGS, f"front matter: {message}")
