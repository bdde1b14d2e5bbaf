"""A reference that is being written: what is there to the left and right of the cursor, and what may stand there."""

import re
from dataclasses import dataclass
from enum import StrEnum

from weighbridge.references.forms import reference_at
from weighbridge.references.model import Kind

_EXPLICIT = re.compile(r"@\[([^\]\r\n]{0,2000})$")
_SHORT = re.compile(r"(?:^|(?<=[\s(\[{\"'<>*_~|,;:=!-]))@([^\s@<>\"'`|(){}\[\]*?;,\\]{0,1000})$")
_BRACES = re.compile(r"\{\{[ \t]{0,99}([\w.-]{0,255})$")
_KINDS = re.compile(r"[a-z]*")
#: What goes on with the part of a path, of a name, behind the cursor.
_PATH_GOES_ON = re.compile(r"[^/#\]\s@\\`]*")
_FRAGMENT_GOES_ON = re.compile(r"[^\]\s@\\`]*")
_NAME_GOES_ON = re.compile(r"[\w.-]*")


class Part(StrEnum):
    """What is being written."""

    KIND = "kind"
    PATH = "path"
    FRAGMENT = "fragment"
    API = "api"
    VARIABLE = "variable"


class Form(StrEnum):
    """`@[…]`, `@path` or `{{…}}`."""

    EXPLICIT = "explicit"
    SHORT = "short"
    BRACES = "braces"


@dataclass(frozen=True, slots=True)
class Partial:
    """`begin`: where the reference begins. [start, end): the part that a completion replaces; the cursor is in it.

    `typed`: that part up to the cursor. `above`: of a path the folders before the part, of a fragment the path.
    `closed`: the reference's end is there. Columns in code points.
    """

    part: Part
    form: Form
    begin: int
    start: int
    cursor: int
    end: int
    typed: str
    above: str
    closed: bool

    def written(self, text: str) -> str:
        """The whole reference with `text` in the part's place; unclosed ones are closed."""
        if self.form is Form.BRACES:
            return f"{{{{{text}}}}}"
        inside = f"{self.above}#{text}" if self.part is Part.FRAGMENT else self.above + text
        if self.form is Form.SHORT:
            return f"@{inside}"
        kind = {Part.API: "api", Part.VARIABLE: "var"}.get(self.part, "file")
        return f"@[{kind}:{inside}]"


def partial_at(line: str, column: int) -> Partial | None:
    """What is being written at a column of a line; None where that is no reference."""
    before, after = line[:column], line[column:].rstrip("\r\n")
    braces = _BRACES.search(before[-300:])
    if braces is not None:
        end = column + len(_goes_on(_NAME_GOES_ON, after))
        closed = re.match(r"[ \t]*(?:\}\}|:)", line[end:]) is not None
        start = column - len(braces[1])
        begin = column - len(braces[0])
        return Partial(Part.VARIABLE, Form.BRACES, begin, start, column, end, braces[1], "", closed)
    explicit = _EXPLICIT.search(before[-2100:])
    if explicit is not None:
        return _explicit(explicit[1], line, column, column - len(explicit[0]))
    short = _SHORT.search(before[-1100:])
    if short is not None:
        begin = column - len(short[0])
        return _path(short[1], line, column, begin, Form.SHORT, closed=True)
    return None


def _explicit(inside: str, line: str, column: int, begin: int) -> Partial | None:
    kind, colon, target = inside.partition(":")
    after = line[column:].rstrip("\r\n")
    if not colon:
        if _KINDS.fullmatch(kind) is None:
            return None
        # With a colon behind the cursor, that is replaced as well.
        word = _goes_on(_KINDS, after)
        end = column + len(word) + after.startswith(":", len(word))
        return Partial(Part.KIND, Form.EXPLICIT, begin, begin + 2, column, end, kind, "", closed=False)
    if kind == "file":
        return _path(target, line, column, begin, Form.EXPLICIT, closed=_closed(line, column))
    if kind not in {"api", "var"} or (kind == "var" and ":" in target):
        return None
    part = Part.API if kind == "api" else Part.VARIABLE
    word = _goes_on(_NAME_GOES_ON, after)
    closed = line.startswith(("]", ":"), column + len(word)) or _closed(line, column)
    start = column - len(target)
    return Partial(part, Form.EXPLICIT, begin, start, column, column + len(word), target, "", closed)


def _path(target: str, line: str, column: int, begin: int, form: Form, *, closed: bool) -> Partial:
    after = line[column:].rstrip("\r\n")
    path, sharp, fragment = target.partition("#")
    if sharp:
        end = column + len(_goes_on(_FRAGMENT_GOES_ON, after))
        start = column - len(fragment)
        return Partial(Part.FRAGMENT, form, begin, start, column, end, fragment, path, closed)
    folders, slash, name = path.rpartition("/")
    start = column - len(name)
    end = column + len(_goes_on(_PATH_GOES_ON, after))
    return Partial(Part.PATH, form, begin, start, column, end, name, folders + slash, closed)


def _closed(line: str, column: int) -> bool:
    """Whether a bracket closes what is open at a column: before another reference begins."""
    rest = line[column:]
    closing, opening = rest.find("]"), rest.find("@[")
    return closing >= 0 and (opening < 0 or closing < opening)


def _goes_on(pattern: re.Pattern[str], after: str) -> str:
    found = pattern.match(after)
    return "" if found is None else found[0]


def can_be_written(partial: Partial, text: str) -> bool:
    """Whether a reference with this text is one, and names just that."""
    written = partial.written(text if partial.form is not Form.EXPLICIT else escaped(text))
    found = reference_at(f" {written}", 1)
    if found is None or found.end != len(written) + 1:
        return False
    if partial.part is Part.FRAGMENT:
        return found.kind is Kind.FILE and found.fragment == text
    return found.target == partial.above + text and found.fragment is None


def escaped(text: str) -> str:
    r"""Text as it stands in brackets: `\` and `]` behind a backslash."""
    return text.replace("\\", "\\\\").replace("]", "\\]")
