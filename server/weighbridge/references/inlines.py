r"""CommonMark's inline structure, as far as it decides where references stand: code spans, comments, tags, escapes.

A leaf's text is read from left to right; whatever begins first wins: an escape, a code span, a comment, a tag or
autolink, a reference. Code spans and comments hold no references. Tags, autolinks and the destinations and titles of
links hide their backticks from code spans, but references in them count: `<a href="{{url}}">` reaches the model with
the URL in it. A reference hides what is in it, too: ``@[file:a`b.md]`` opens no code span.

Links by reference (`[text][label]`) depend on definitions anywhere in the document, and hide nothing here.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from weighbridge.references.blocks import BlockLine
from weighbridge.references.forms import reference_at, typo_at
from weighbridge.references.links import Destinations, link_tail
from weighbridge.references.model import Directive, Reference, Typo
from weighbridge.references.tags import CLOSE_TAG, OPEN_TAG, tag_seen

#: Where something may begin that decides or is a reference.
SPECIAL = re.compile(r"[\\`<@\[\]]|\{\{")
#: The same where brackets and backticks mean nothing: in raw HTML, destinations, definitions.
_SPECIAL_RAW = re.compile(r"[\\@]|\{\{")
PUNCTUATION = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
_TICKS = re.compile(r"`+")
_AUTOLINK = re.compile(r"<[A-Za-z][A-Za-z0-9.+-]{1,31}:[^<>\x00-\x20\x7f]*+>")
_EMAIL = re.compile(
    r"<[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]++@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
    r"(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*>"
)
#: As much of an autolink or address as there is.
_AUTOLINK_SO_FAR = re.compile(r"<[A-Za-z][A-Za-z0-9.+-]{0,32}+(?::[^<>\x00-\x20\x7f]*+)?")
_EMAIL_SO_FAR = re.compile(r"<[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]++(?:@[a-zA-Z0-9.-]*+)?")
_TAG = re.compile(rf"{OPEN_TAG}|{CLOSE_TAG}")
#: A `<` before anything else is text, whatever comes in the lines below.
_MAY_BE_TAG = re.compile(r"<[A-Za-z/?!]")
_DECLARATION = re.compile(r"<![A-Za-z]")
#: What an address may begin with besides letters and digits.
_IN_ADDRESS = frozenset(".!#$%&'*+/=?^_`{|}~-")
_DIRECTIVE = re.compile(r"<!--[ \t]*weighbridge:([^\r\n]*?)-->")
_SETTING = re.compile(r"([A-Za-z][\w-]*)[ \t]*=[ \t]*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"']+))")


@dataclass(frozen=True, slots=True)
class Found:
    """What a stretch of text holds, in order; offsets in code points of that text.

    `spans`: what an edit inside may change as a whole: code spans, comments, tags, links; start and end, in order of
    their ends. `open_from`: from where on what comes later decides what is there; -1 if that is nowhere.
    """

    references: tuple[Reference | Typo, ...] = ()
    directives: tuple[Directive, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()
    open_from: int = -1


NOTHING: Final = Found()


def tells(text: str) -> bool:
    """Whether a text holds what may begin a construct without references; without it, brackets mean nothing either."""
    return "`" in text or "<" in text


def scan_inlines(text: str, start: int = 0) -> Found:
    """Scan the inline content of a paragraph or heading from `start` on. Linear in the text."""
    return InlineScanner(text).inlines(start) if tells(text) else scan_plain(text, start, len(text))


def scan_html(text: str, start: int, *, comment: bool) -> Found:
    """Scan a line of an HTML block: all but comments counts. `comment`: the line begins inside one.

    A comment wins here over a reference that begins before it.
    """
    if not comment and "<!--" not in text:
        return scan_plain(text, start, len(text))
    return InlineScanner(text).html(start, comment=comment)


def scan_plain(text: str, start: int, end: int, *, whole: bool = True) -> Found:
    """Scan text in which nothing but an escape keeps a reference from being one: definitions, lines without `tells`.

    `whole`: only references that end at `end` or before.
    """
    if text.find("@", start, end) < 0 and text.find("{{", start, end) < 0:
        # Data is full of backslashes, and they alone are nothing.
        return NOTHING
    scanner = InlineScanner(text)
    scanner.take_references(start, end, whole=whole)
    return scanner.found()


def angle_seen(text: str, at: int) -> tuple[int, str]:
    """Behind the last character that is looked at for a tag or autolink at a `<`, where there is none, and the quote that
    it is for want of, if any; see `tag_seen`. What only a closing string is wanting for is not looked at.
    """
    after = text[at + 1 : at + 2]
    if not after.isalnum() and after not in _IN_ADDRESS:
        return at + 2, ""
    seen, quote = tag_seen(text, at)
    for pattern in (_AUTOLINK_SO_FAR, _EMAIL_SO_FAR):
        match = pattern.match(text, at)
        if match is not None:
            seen = max(seen, match.end() + 1)
    return seen, quote


def is_open(text: str, start: int) -> bool:
    """Whether what stands in the lines behind a line may make a link of what is in it."""
    return "[" in text and InlineScanner(text).inlines(start).open_from >= 0


class InlineScanner:
    """One text being read."""

    def __init__(self, text: str) -> None:
        self.text = text
        #: And typos of them, in order.
        self.references: list[Reference | Typo] = []
        self.directives: list[Directive] = []
        self.spans: list[tuple[int, int]] = []
        self._open_from = -1
        self._ticks: dict[int, list[int]] | None = None
        # What was looked for in vain up to the text's end: from there on it is not looked for again.
        self._missing: set[str] = set()
        # Open brackets: where, and whether of links (else of images). A link holds no link: those before `_dead` that
        # are of links end none any more.
        self._brackets: list[tuple[int, bool]] = []
        self._dead = 0
        self._destinations: Destinations | None = None

    def inlines(self, start: int) -> Found:
        text, at = self.text, start
        escaped = -1
        while (match := SPECIAL.search(text, at)) is not None:
            at = match.start()
            char = text[at]
            if char == "[":
                self._brackets.append((at, text[at - 1 : at] != "!" or at == escaped))
                at += 1
            elif char == "]":
                at = self._bracket(at + 1)
            elif char == "\\":
                at += 2 if text[at + 1 : at + 2] in PUNCTUATION else 1
                escaped = at
            elif char == "`":
                at = self._code(at)
            elif char == "<":
                at = self._angle(at)
            else:
                at = self._reference(at)
        if self._brackets:
            self._opens(self._brackets[0][0])
        return self.found()

    def html(self, start: int, *, comment: bool) -> Found:
        text, at = self.text, start
        while True:
            if comment:
                at = self._find("-->", at)
                if at < 0:
                    return self.found()
            end = text.find("<!--", at)
            if end < 0:
                self.take_references(at, len(text))
                return self.found()
            self.take_references(at, end)
            self._directive(end)
            at = end + 2
            comment = True

    def take_references(self, start: int, end: int, *, whole: bool = True) -> int:
        """Take the references that begin in raw text: in a tag, a destination, an HTML block's line. Escapes count.

        `whole`: only those that end there too. Return where to go on, `end` or later.
        """
        text, at = self.text, start
        while (match := _SPECIAL_RAW.search(text, at, end)) is not None:
            at = match.start()
            if text[at] == "\\":
                at += 2 if text[at + 1 : at + 2] in PUNCTUATION else 1
                continue
            reference = self._reference_at(at)
            if reference is None:
                at += 1
            elif whole and reference.end > end:
                return end
            else:
                self.references.append(reference)
                at = reference.end
        return max(at, end)

    def found(self) -> Found:
        if not self.references and not self.directives and not self.spans and self._open_from < 0:
            return NOTHING
        return Found(tuple(self.references), tuple(self.directives), tuple(self.spans), self._open_from)

    def _opens(self, at: int) -> None:
        self._open_from = at if self._open_from < 0 else min(at, self._open_from)

    def _reference_at(self, at: int) -> Reference | None:
        """The reference that begins at an `@` or `{`, if any; a typo of one is noted."""
        reference = reference_at(self.text, at)
        if reference is None and (typo := typo_at(self.text, at)) is not None:
            self.references.append(typo)
        return reference

    def _reference(self, at: int) -> int:
        """Where to go on behind an `@` or `{{`: behind the reference that it begins, if any."""
        reference = self._reference_at(at)
        if reference is None:
            # Of three braces the inner two open; of an unclosed pair the second may open the next.
            return at + 1
        self.references.append(reference)
        at = reference.end
        if reference.explicit:
            # To Markdown a reference's own brackets may be a link's.
            self._open_link(reference.start + 1)
            return self._bracket(at)
        return at

    def _open_link(self, at: int) -> None:
        self._brackets.append((at, True))

    def _bracket(self, at: int) -> int:
        """Where to go on behind a `]`: behind the destination and title in parentheses, where it ends a link or image."""
        brackets = self._brackets
        if not brackets:
            return at
        start, is_link = brackets.pop()
        dead = is_link and len(brackets) < self._dead
        self._dead = min(self._dead, len(brackets))
        end = at
        if not dead and self.text.startswith("(", at):
            if self._destinations is None:
                self._destinations = Destinations(self.text)
            end = link_tail(self.text, at, self._destinations)
            if end < 0:
                self._opens(start)
                return at
            if is_link:
                self._dead = len(brackets)
            # A reference that begins in the destination is one, even if it ends behind it.
            end = self.take_references(at, end, whole=False)
        if not brackets:
            self.spans.append((start, end))
        return end

    def _code(self, at: int) -> int:
        """Where to go on behind a run of backticks: behind the code span it opens, if any."""
        match = _TICKS.match(self.text, at)
        assert match is not None  # noqa: S101  there is a backtick
        end, size = match.end(), match.end() - at
        close = self._run(size, end)
        if close < 0:
            return end
        close += size
        self.spans.append((at, close))
        return close

    def _run(self, size: int, start: int) -> int:
        """Where the first run of just so many backticks at `start` or behind begins; -1 if there is none."""
        if self._ticks is None:
            self._ticks = {}
            for run in _TICKS.finditer(self.text, start):
                self._ticks.setdefault(run.end() - run.start(), []).append(run.start())
        runs = self._ticks.get(size, ())
        place = bisect_left(runs, start)
        return runs[place] if place < len(runs) else -1

    def _angle(self, at: int) -> int:
        """Where to go on behind a `<`: behind the comment, tag or autolink it opens, if any."""
        text = self.text
        if text.startswith("<!--", at):
            end = self._find("-->", at + 2)
            if end < 0:
                self._opens(at)
                return at + 4
            self._directive(at)
            self.spans.append((at, end))
            return end
        end = self._tag(at)
        if end < 0:
            if _MAY_BE_TAG.match(text, at):
                self._opens(at)
            return at + 1
        self.spans.append((at, end))
        self.take_references(at + 1, end)
        return end

    def _tag(self, at: int) -> int:
        """Where a tag, autolink, processing instruction, declaration or CDATA section ends; -1 if there is none."""
        text = self.text
        after = text[at + 1 : at + 2]
        if after == "?":
            return self._find("?>", at + 2)
        if after == "!":
            if text.startswith("[CDATA[", at + 2):
                return self._find("]]>", at + 9)
            if _DECLARATION.match(text, at):
                return self._find(">", at + 3)
        if after.isalnum() or after in _IN_ADDRESS:
            for pattern in (_TAG, _AUTOLINK, _EMAIL):
                match = pattern.match(text, at)
                if match is not None:
                    return match.end()
        return -1

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
                (pair[1], pair[2] if pair[2] is not None else pair[3] if pair[3] is not None else pair[4])
                for pair in _SETTING.finditer(match[1])
            )
            self.directives.append(Directive(settings, at, match.end()))


def spread(
    parts: Found, starts: Sequence[int], infos: Sequence[BlockLine]
) -> Iterator[tuple[int, Reference | Typo | Directive]]:
    """Assign what was found in a text of several lines to its lines: number, and the same in the line's own columns.

    `starts`: where each line's text begins in the whole, ascending from 0.
    """
    for reference in parts.references:
        line = bisect_right(starts, reference.start) - 1
        yield line, moved(reference, infos[line].start - starts[line])
    for directive in parts.directives:
        line = bisect_right(starts, directive.start) - 1
        yield line, moved(directive, infos[line].start - starts[line])


_Place = TypeVar("_Place", bound=Reference | Typo | Directive)


def moved(place: _Place, columns: int) -> _Place:
    """The same so many columns further on."""
    return replace(place, start=place.start + columns, end=place.end + columns) if columns else place
