r"""CommonMark's inline structure, as far as it decides where references stand: code spans, comments, tags, escapes.

A leaf's text is read from left to right; whatever begins first wins: an escape, a code span, a comment, a tag or
autolink, a reference. Code spans and comments hold no references. Tags and autolinks hide their backticks from code
spans, but references in them count: `<a href="{{url}}">` reaches the model with the URL in it.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from weighbridge.references.blocks import CLOSE_TAG, OPEN_TAG
from weighbridge.references.model import Directive, Kind, Reference

#: Where something may begin that decides or is a reference.
_SPECIAL = re.compile(r"[\\`<@\[\]]|\{\{")
#: The same where brackets mean nothing: in raw HTML.
_SPECIAL_RAW = re.compile(r"[\\`<@]|\{\{")
_PUNCTUATION = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
_TICKS = re.compile(r"`+")
_AUTOLINK = re.compile(r"<[A-Za-z][A-Za-z0-9.+-]{1,31}:[^<>\x00-\x20]*+>")
_EMAIL = re.compile(
    r"<[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]++@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
    r"(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*>"
)
_TAG = re.compile(rf"{OPEN_TAG}|{CLOSE_TAG}")
_DECLARATION = re.compile(r"<![A-Za-z]")
_DIRECTIVE = re.compile(r"<!--[ \t]*weighbridge:([^\r\n]*?)-->")
_SETTING = re.compile(r"([A-Za-z][\w-]*)[ \t]*=[ \t]*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"']+))")

# A target ends at the first `]` that is not escaped. Another `@[` inside means that the first one was never closed.
_EXPLICIT = re.compile(r"@\[(file|api|var):((?:[^\]\\\r\n@]|\\[^\r\n]|@(?!\[)){0,2000}+)\]")
_BRACES = re.compile(
    r"\{\{[ \t]{0,99}+([^\W\d][\w.-]{0,255}+)[ \t]{0,99}+(?::((?:[^{}\r\n]|\}(?!\})|\{(?!\{)){0,3000}+))?\}\}"
)
_PATH = re.compile(r"@((?:[^\s@<>\"'`|(){}\[\]*?;,:#\\]|:(?=[^\s:])){1,2000}+(?:#[\w./%:~-]{1,1000}+)?)")
#: What may stand before a short file reference.
_BEFORE_PATH = frozenset(" \t\r\n([{\"'“‘«<>*_~|,;:=-—–!")  # noqa: RUF001  quotes and dashes of all sorts
_TRAILING = ".,;:!?…"
_EXTENSION = re.compile(r"\.[A-Za-z][A-Za-z0-9]{0,11}$")
_RELATIVE = re.compile(r"\.{1,2}/.")
#: Characters of the longest reference: the patterns above allow no longer one.
LONGEST_REFERENCE: Final = 4096
_UNESCAPE = re.compile(r"\\([\\\]])")


@dataclass(frozen=True, slots=True)
class Found:
    """What a stretch of text holds, in order; offsets in code points of that text.

    `spans`: code spans, comments and tags, start and end. `unclosed`: the first `<` that could begin a tag but for
    what comes later; -1 if there is none.
    """

    references: tuple[Reference, ...]
    directives: tuple[Directive, ...]
    spans: tuple[tuple[int, int], ...]
    unclosed: int = -1


NOTHING: Final = Found((), (), ())


def scan_inlines(text: str, start: int = 0) -> Found:
    """Scan the inline content of a paragraph or heading from `start` on. Linear in the text."""
    return _Scanner(text).inlines(start)


def scan_html(text: str, start: int, *, comment: bool) -> Found:
    """Scan a line of an HTML block: all but comments counts. `comment`: the line begins inside one."""
    return _Scanner(text).html(start, comment=comment)


def scan_plain(text: str, start: int, end: int, *, whole: bool = True) -> Found:
    """Scan text without code, comments and tags: link reference definitions, and lines that can hold none of these.

    `whole`: only references that end at `end` or before.
    """
    stretch = text[start:end]
    if "@" not in stretch and "{{" not in stretch:
        return NOTHING
    scanner = _Scanner(text)
    scanner.take_references(start, end, whole=whole)
    return scanner.found()


class _Scanner:
    """One text being read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.references: list[Reference] = []
        self.directives: list[Directive] = []
        self.spans: list[tuple[int, int]] = []
        self._unclosed = -1
        self._ticks: dict[int, list[int]] | None = None
        # What was looked for in vain up to the text's end: from there on it is not looked for again.
        self._missing: set[str] = set()

    def inlines(self, start: int) -> Found:
        text, at = self.text, start
        # Open brackets: of links (true) and images (false). A link holds no link: its opener closes those before it.
        brackets: list[bool] = []
        while (match := _SPECIAL.search(text, at)) is not None:
            at = match.start()
            char = text[at]
            if char == "[":
                brackets.append(text[at - 1 : at] != "!")
                at += 1
            elif char == "]":
                at = self._bracket(at + 1, brackets)
            elif char == "\\":
                at += 2 if self._escapes(at) else 1
            elif char == "`":
                at = self._code(at)
            elif char == "<":
                at = self._angle(at)
            else:
                begun, at = at, self._reference(at)
                if text[at - 1] == "]" and at - begun > 1:
                    # To Markdown a reference's own brackets may be a link's.
                    brackets.append(True)
                    at = self._bracket(at, brackets)
        return self.found()

    def _bracket(self, at: int, brackets: list[bool]) -> int:
        """Where to go on behind a `]`: behind the destination and title in parentheses, where it ends a link or image."""
        if not brackets:
            return at
        is_link = brackets.pop()
        end = link_tail(self.text, at)
        if end < 0:
            return at
        if is_link:
            brackets[:] = [one for one in brackets if not one]
        self.spans.append((at, end))
        # A reference that begins in the destination is one, even if it ends behind it.
        return self.take_references(at, end, whole=False)

    def html(self, start: int, *, comment: bool) -> Found:
        text, at = self.text, start
        while True:
            if comment:
                end = text.find("-->", at)
                if end < 0:
                    return self.found()
                at = end + 3
                comment = False
            match = _SPECIAL_RAW.search(text, at)
            if match is None:
                return self.found()
            at = match.start()
            if text.startswith("<!--", at):
                self._directive(at)
                at += 2
                comment = True
            elif text[at] in "\\`<":
                at += 2 if self._escapes(at) else 1
            else:
                at = self._reference(at)

    def found(self) -> Found:
        if not self.references and not self.directives and not self.spans and self._unclosed < 0:
            return NOTHING
        return Found(tuple(self.references), tuple(self.directives), tuple(self.spans), self._unclosed)

    def _code(self, at: int) -> int:
        """Where to go on behind a run of backticks: behind the code span it opens, if any."""
        match = _TICKS.match(self.text, at)
        assert match is not None  # noqa: S101  there is a backtick
        end, size = match.end(), match.end() - at
        if self._ticks is None:
            self._ticks = {}
            for run in _TICKS.finditer(self.text, at):
                self._ticks.setdefault(run.end() - run.start(), []).append(run.start())
        runs = self._ticks.get(size, [])
        place = bisect_left(runs, end)
        if place == len(runs):
            return end
        close = runs[place] + size
        self.spans.append((at, close))
        return close

    def _angle(self, at: int) -> int:
        """Where to go on behind a `<`: behind the comment, tag or autolink it opens, if any."""
        text = self.text
        if text.startswith("<!--", at):
            end = self._find("-->", at + 2)
            if end < 0:
                self._note_unclosed(at)
                return at + 4
            self._directive(at)
            self.spans.append((at, end))
            return end
        end = -1
        if text.startswith("<?", at):
            end = self._find("?>", at + 2)
        elif text.startswith("<![CDATA[", at):
            end = self._find("]]>", at + 9)
        elif _DECLARATION.match(text, at):
            end = self._find(">", at + 3)
        else:
            for pattern in (_AUTOLINK, _EMAIL, _TAG):
                match = pattern.match(text, at)
                if match is not None:
                    end = match.end()
                    break
        if end < 0:
            self._note_unclosed(at)
            return at + 1
        self.spans.append((at, end))
        self.take_references(at + 1, end)
        return end

    def take_references(self, start: int, end: int, *, whole: bool = True) -> int:
        """Take the references that begin where no other inlines are looked for; return where to go on, `end` or later.

        `whole`: only those that end there too.
        """
        at = start
        while (match := _SPECIAL_RAW.search(self.text, at, end)) is not None:
            at = match.start()
            if self.text[at] in "\\`<":
                at += 2 if self._escapes(at) else 1
                continue
            count = len(self.references)
            at = self._reference(at)
            if whole and len(self.references) > count and self.references[-1].end > end:
                self.references.pop()
                return end
        return max(at, end)

    def _escapes(self, at: int) -> bool:
        """Whether there is a backslash that escapes the next character."""
        return self.text[at] == "\\" and at + 1 < len(self.text) and self.text[at + 1] in _PUNCTUATION

    def _note_unclosed(self, at: int) -> None:
        if self._unclosed < 0:
            self._unclosed = at

    def _find(self, what: str, start: int) -> int:
        """Where the text behind `what` goes on; -1 if there is none."""
        if what in self._missing:
            return -1
        end = self.text.find(what, start)
        if end < 0:
            self._missing.add(what)
            return -1
        return end + len(what)

    def _directive(self, at: int) -> None:
        match = _DIRECTIVE.match(self.text, at)
        if match is not None:
            settings = tuple(
                (one[1], one[2] if one[2] is not None else one[3] if one[3] is not None else one[4])
                for one in _SETTING.finditer(match[1])
            )
            self.directives.append(Directive(settings, at, match.end()))

    def _reference(self, at: int) -> int:
        """Take the reference that begins here, if one does; where to go on."""
        if self.text[at] == "{":
            match = _BRACES.match(self.text, at)
            # Of three braces the inner two open; of an unclosed pair the second may open the next.
            if match is None:
                return at + 1
            self._add(Kind.VARIABLE, match[1], at, match.end(), default=match[2], explicit=False)
            return match.end()
        match = _EXPLICIT.match(self.text, at)
        if match is not None:
            # Brackets that name nothing are text, in which others may begin.
            return match.end() if self._explicit(match[1], match[2], at, match.end()) else at + 1
        return self._short(at)

    def _explicit(self, kind: str, target: str, start: int, end: int) -> bool:
        """Take a reference in brackets; False if it names nothing."""
        plain = _UNESCAPE.sub(r"\1", target)
        if kind == "api":
            name, fragment, default = plain.strip(), None, None
            named = Kind.API
        elif kind == "file":
            path, _, anchor = plain.strip().partition("#")
            name, fragment, default = path.strip(), anchor.strip() or None, None
            named = Kind.FILE
        else:
            variable, colon, value = plain.partition(":")
            name, fragment, default = variable.strip(), None, value if colon else None
            named = Kind.VARIABLE
        if name:
            self._add(named, name, start, end, fragment=fragment, default=default)
        return bool(name)

    def _short(self, at: int) -> int:
        """A path behind an `@`, where it looks like one."""
        if at > 0 and self.text[at - 1] not in _BEFORE_PATH:
            return at + 1
        match = _PATH.match(self.text, at)
        if match is None:
            return at + 1
        path, hash_sign, fragment = match[1].partition("#")
        if hash_sign:
            fragment = fragment.rstrip(_TRAILING + "-")
        if not fragment:
            path, hash_sign = path.rstrip(_TRAILING), ""
        if not _looks_like_path(path):
            return at + 1
        end = at + 1 + len(path) + (1 + len(fragment) if hash_sign else 0)
        self._add(Kind.FILE, path, at, end, fragment=fragment if hash_sign else None, explicit=False)
        return end

    def _add(
        self,
        kind: Kind,
        target: str,
        start: int,
        end: int,
        *,
        fragment: str | None = None,
        default: str | None = None,
        explicit: bool = True,
    ) -> None:
        self.references.append(Reference(kind, target, start, end, fragment, default, explicit))


def _looks_like_path(path: str) -> bool:
    """Whether a word behind an `@` is meant as a file: its last part has an extension, or it begins with a dot.

    `@someone`, `@scope/package` and `@v1.2` stay quiet.
    """
    if "://" in path or path.endswith("/"):
        return False
    if _RELATIVE.match(path):
        return True
    return _EXTENSION.search(path) is not None and not path.startswith("-")


_LABEL = re.compile(r"\[(?=[^\]]*?[^\s\]])(?:[^\\\[\]]|\\.){1,1000}+\]:", re.DOTALL)
_GAP = re.compile(r"[ \t]*+(?:\r\n|\r|\n)?[ \t]*+")
_BRACKETED = re.compile(r"<(?:[^<>\r\n\\]|\\.)*+>")
_TITLE = re.compile(r"\"(?:[^\"\\]|\\.)*+\"|'(?:[^'\\]|\\.)*+'|\((?:[^()\\]|\\.)*+\)", re.DOTALL)
_END_OF_LINE = re.compile(r"[ \t]*+(?:\r\n|\r|\n|\Z)")
#: Parentheses inside each other in a link's destination; the specification allows a limit of 3 or more.
_MOST_PARENTHESES = 32
_BARE = re.compile(r"(?:[^\s\x00-\x1f\x7f\\()]|\\[!-/:-@\[-`{-~]|\\)++|[()]")


#: Characters in which a link label ends, or is none.
LABEL_DECIDED: Final = 1100


def may_define(text: str) -> bool:
    """Whether a paragraph begins with a link label: what follows decides whether it is a definition."""
    return _LABEL.match(text) is not None


def skip_definitions(text: str) -> int:
    """Where a paragraph's text begins behind the link reference definitions at its start."""
    at = 0
    while text.startswith("[", at):
        end = _definition(text, at)
        if end < 0:
            break
        at = end
    return at


def _definition(text: str, at: int) -> int:
    """Where a link reference definition ends; -1 if there is none."""
    label = _LABEL.match(text, at)
    if label is None:
        return -1
    gap = _GAP.match(text, label.end())
    place = gap.end() if gap is not None else label.end()
    place = _destination(text, place)
    if place < 0:
        return -1
    without_title = _END_OF_LINE.match(text, place)
    gap = _GAP.match(text, place)
    if gap is not None and gap.end() > place and (title := _TITLE.match(text, gap.end())) is not None:
        ended = _END_OF_LINE.match(text, title.end())
        if ended is not None:
            return ended.end()
    return -1 if without_title is None else without_title.end()


def link_tail(text: str, at: int) -> int:
    """Where an inline link's `(destination "title")` ends; -1 if there is none at `at`."""
    if not text.startswith("(", at):
        return -1
    place = _space(text, at + 1)
    end = _destination(text, place)
    if end < 0:
        end = place
    gap = _space(text, end)
    if gap > end and (title := _TITLE.match(text, gap)) is not None:
        gap = _space(text, title.end())
    return gap + 1 if text.startswith(")", gap) else -1


def _space(text: str, at: int) -> int:
    match = _GAP.match(text, at)
    return at if match is None else match.end()


def _destination(text: str, at: int) -> int:
    if text.startswith("<", at):
        match = _BRACKETED.match(text, at)
        return -1 if match is None else match.end()
    depth, place = 0, at
    while (match := _BARE.match(text, place)) is not None:
        if match[0] == "(":
            depth += 1
            if depth > _MOST_PARENTHESES:
                return -1
        elif match[0] == ")":
            if depth == 0:
                break
            depth -= 1
        place = match.end()
    return place if place > at and depth == 0 else -1


def spread(found: Found, starts: Sequence[int]) -> Iterator[tuple[int, Reference | Directive]]:
    """Assign what was found in a text of several lines to its lines: number, and the same relative to the line.

    `starts`: where each line begins in the text, ascending from 0.
    """
    for one in found.references:
        line = bisect_left(starts, one.start + 1) - 1
        yield (
            line,
            Reference(
                one.kind,
                one.target,
                one.start - starts[line],
                one.end - starts[line],
                one.fragment,
                one.default,
                one.explicit,
            ),
        )
    for directive in found.directives:
        line = bisect_left(starts, directive.start + 1) - 1
        yield (
            line,
            Directive(directive.settings, directive.start - starts[line], directive.end - starts[line]),
        )
