"""A reference that is being written: what is there to the left and right of the cursor, and what may stand there."""

import re
from dataclasses import dataclass
from enum import StrEnum

from weighbridge.references.forms import IN_PATH, TRAILING, may_begin_path, reference_at
from weighbridge.references.model import Kind

#: Characters before the cursor that are looked at.
_LOOKED_AT = 2100
# As finished references are: another `@[` begins another one, and `\]` doesn't end it.
_INSIDE = r"(?:[^\]\\\r\n@]|\\[^\r\n]|@(?!\[))"
_EXPLICIT = re.compile(rf"@\[({_INSIDE}{{0,2000}}+\\?)$")
_SHORT = re.compile(rf"@({IN_PATH}{{0,1000}}+(?:#[\w./%:~-]{{0,1000}}+)?)$")
_BRACES = re.compile(r"\{\{[ \t]{0,99}([\w.-]{0,255})$")
_KINDS = re.compile(r"[a-z]*")
#: What goes on with the part of a path, of a heading, of a name, behind the cursor: as far as a bracket closes it, with spaces.
_PATH_GOES_ON = re.compile(r"[^/#\]\s@\\`]*")
_SHORT_PATH_GOES_ON = re.compile(rf"(?:(?!/){IN_PATH})*+")
_CLOSED_PATH_GOES_ON = re.compile(r"(?:[^/#\]\\\r\n@]|\\[^\r\n]|@(?!\[))*+")
_FRAGMENT_GOES_ON = re.compile(r"[^\]\s@\\`]*")
_CLOSED_FRAGMENT_GOES_ON = re.compile(rf"{_INSIDE}*+")
_NAME_GOES_ON = re.compile(r"[\w.-]*")
# A bracket that opens behind the cursor is another's, and so is the one that closes it: unless that is escaped.
_CLOSING = re.compile(r"(?:[^\[\]\\\r\n@]|\\[^\r\n]|@(?!\[)|\[[^\[\]\\\r\n]*+\\\]){0,2000}+\]")
_IMPORT = re.compile(r"(?<![\w@/\\])@((?:[^\s\\@]|\\ ){0,1000}+)$")
_IMPORT_GOES_ON = re.compile(r"(?:[^\s\\@]|\\ )*+")
_AROUND_IMPORT = ".,;:!?)]}>'\"`*_"
_PASTED = re.compile(r"@\{([^{}\r\n]{0,1000}+)$")
_PASTED_GOES_ON = re.compile(r"[^{}\r\n]*+")
_ESCAPED = re.compile(r"\\([\\\]])")


class ReferencePart(StrEnum):
    """What is being written."""

    KIND = "kind"
    PATH = "path"
    FRAGMENT = "fragment"
    API = "api"
    VARIABLE = "variable"


class Form(StrEnum):
    r"""`@[…]`, `@path` or `{{…}}`; and an agent's own `@path`, with `\ ` for a space, or `@{path}`."""

    EXPLICIT = "explicit"
    SHORT = "short"
    BRACES = "braces"
    IMPORT = "import"
    PASTED = "pasted"


@dataclass(frozen=True, slots=True)
class Partial:
    """`begin`: where the reference begins. [start, end): the part that a completion replaces; the cursor is in it.

    `typed`: that part up to the cursor. `above`: of a path the folders before the part, of a fragment the path. Both as
    they stand in the line; `meant` and `meant_above` are what they mean.
    `closed`: the reference's end is there. Columns in code points.
    """

    part: ReferencePart
    form: Form
    begin: int
    start: int
    cursor: int
    end: int
    typed: str
    above: str
    closed: bool
    #: Of a path, where the folders and the name behind the part end; elsewhere no column of the line.
    path_end: int = -1

    @property
    def meant(self) -> str:
        """`typed` without escapes."""
        return self._meant(self.typed)

    @property
    def meant_above(self) -> str:
        """`above` without escapes."""
        return self._meant(self.above)

    def _meant(self, text: str) -> str:
        if self.form is Form.IMPORT:
            return text.replace("\\ ", " ")
        return unescaped(text) if self.form is Form.EXPLICIT else text

    def escaped(self, text: str) -> str:
        """Text as it stands in a reference of this form."""
        if self.form is Form.IMPORT:
            return text.replace(" ", "\\ ")
        return escaped(text) if self.form is Form.EXPLICIT else text

    @property
    def kind(self) -> Kind:
        """Of the reference; of one whose kind is being written, a file's."""
        return {ReferencePart.API: Kind.API, ReferencePart.VARIABLE: Kind.VARIABLE}.get(self.part, Kind.FILE)

    def written(self, text: str) -> str:
        """The whole reference with `text`, escaped where that is needed, in the part's place; unclosed ones are closed."""
        if self.form is Form.BRACES:
            return f"{{{{{text}}}}}"
        inside = f"{self.above}#{text}" if self.part is ReferencePart.FRAGMENT else self.above + text
        if self.form in {Form.SHORT, Form.IMPORT, Form.PASTED}:
            return self.whole(inside)
        kind = {ReferencePart.API: "api", ReferencePart.VARIABLE: "var"}.get(self.part, "file")
        return f"@[{kind}:{inside}]"

    def whole(self, path: str) -> str:
        """A reference of an agent's, or a short one, to a path as it stands in a line."""
        return f"@{{{path}}}" if self.form is Form.PASTED else f"@{path}"


def partial_at(line: str, column: int) -> Partial | None:
    """What is being written at a column of a line; None where that is no reference."""
    before, after = line[max(0, column - _LOOKED_AT) : column], line[column:].rstrip("\r\n")
    braces = _BRACES.search(before[-400:])
    if braces is not None:
        end = column + len(_goes_on(_NAME_GOES_ON, after))
        closed = re.match(r"[ \t]*(?:\}\}|:)", line[end:]) is not None
        start = column - len(braces[1])
        begin = column - len(braces[0])
        return Partial(ReferencePart.VARIABLE, Form.BRACES, begin, start, column, end, braces[1], "", closed)
    explicit = _EXPLICIT.search(before)
    if explicit is not None:
        return _explicit(explicit[1], line, column, column - len(explicit[0]))
    short = _SHORT.search(before)
    if short is None:
        return None
    begin = column - len(short[0])
    if not may_begin_path(line, begin):
        return None
    return _path(short[1], line, column, begin, Form.SHORT, closed=True)


def import_at(line: str, column: int) -> Partial | None:
    """The import of an agent's that is being written at a column of a line; None where none can be."""
    before = line[max(0, column - _LOOKED_AT) : column]
    match, form = _PASTED.search(before), Form.PASTED
    if match is None:
        match, form = _IMPORT.search(before), Form.IMPORT
    if match is None:
        return None
    folders, slash, name = match[1].rpartition("/")
    if form is Form.PASTED:
        goes_on = _goes_on(_PASTED_GOES_ON, line[column:])
        closed = line.startswith("}", column + len(goes_on))
        # What follows is no path, if no brace closes it.
        path_end = column + (len(goes_on.rstrip()) if closed else 0)
    else:
        # What ends a sentence is left where it is.
        path_end = column + len(_goes_on(_IMPORT_GOES_ON, line[column:]).rstrip(_AROUND_IMPORT))
        closed = True
    slash_at = line.find("/", column, path_end)
    end = path_end if slash_at < 0 else slash_at
    begin, start = column - len(match[0]), column - len(name)
    return Partial(
        ReferencePart.PATH,
        form,
        begin,
        start,
        column,
        end,
        name,
        folders + slash,
        closed=closed,
        path_end=path_end,
    )


def _explicit(inside: str, line: str, column: int, begin: int) -> Partial | None:
    kind, colon, target = inside.partition(":")
    after = line[column:].rstrip("\r\n")
    if not colon:
        if _KINDS.fullmatch(kind) is None:
            return None
        # With a colon behind the cursor, that is replaced as well.
        word = _goes_on(_KINDS, after)
        end = column + len(word) + after.startswith(":", len(word))
        return Partial(
            ReferencePart.KIND, Form.EXPLICIT, begin, begin + 2, column, end, kind, "", closed=False
        )
    closed = _CLOSING.match(line, column) is not None
    # Spaces before a target mean nothing.
    target = target.lstrip(" \t")
    if kind == "file":
        return _path(target, line, column, begin, Form.EXPLICIT, closed=closed)
    if kind not in {"api", "var"} or (kind == "var" and ":" in target):
        return None
    part = ReferencePart.API if kind == "api" else ReferencePart.VARIABLE
    word = _goes_on(_NAME_GOES_ON, after)
    closed = closed or line.startswith((":", "]"), column + len(word))
    start = column - len(target)
    return Partial(part, Form.EXPLICIT, begin, start, column, column + len(word), target, "", closed)


def _path(target: str, line: str, column: int, begin: int, form: Form, *, closed: bool) -> Partial:
    after = line[column:].rstrip("\r\n")
    spaced = closed and form is Form.EXPLICIT
    path, sharp, fragment = target.partition("#")
    if sharp:
        goes_on = _goes_on(_CLOSED_FRAGMENT_GOES_ON if spaced else _FRAGMENT_GOES_ON, after)
        start = column - len(fragment)
        return Partial(
            ReferencePart.FRAGMENT, form, begin, start, column, column + len(goes_on), fragment, path, closed
        )
    folders, slash, name = path.rpartition("/")
    explicit = _CLOSED_PATH_GOES_ON if spaced else _PATH_GOES_ON
    part = explicit if form is Form.EXPLICIT else _SHORT_PATH_GOES_ON
    end = path_end = column + len(_goes_on(part, after))
    while line.startswith("/", path_end):
        path_end += 1 + len(_goes_on(part, line[path_end + 1 :].rstrip("\r\n")))
    if form is Form.SHORT and not line.startswith("#", path_end):
        # What ends a sentence is not its path's.
        path_end = max(column, len(line[:path_end].rstrip(TRAILING)))
        end = min(end, path_end)
    start = column - len(name)
    return Partial(
        ReferencePart.PATH, form, begin, start, column, end, name, folders + slash, closed, path_end
    )


def _goes_on(pattern: re.Pattern[str], after: str) -> str:
    match = pattern.match(after)
    return "" if match is None else match[0]


def can_be_written(partial: Partial, text: str) -> bool:
    """Whether a reference with this text is one, and names just that."""
    written = partial.written(partial.escaped(text))
    reference = reference_at(f" {written}", 1)
    if reference is None or reference.end != len(written) + 1:
        return False
    if partial.part is ReferencePart.FRAGMENT:
        return reference.kind is Kind.FILE and reference.fragment == text
    return reference.target == partial.meant_above + text and reference.fragment is None


def escaped(text: str) -> str:
    r"""Text as it stands in brackets: `\` and `]` behind a backslash."""
    return text.replace("\\", "\\\\").replace("]", "\\]")


def unescaped(text: str) -> str:
    r"""What a text in brackets means."""
    return _ESCAPED.sub(r"\1", text)
