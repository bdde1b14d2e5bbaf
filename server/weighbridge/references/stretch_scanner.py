"""The inline scanner for a line that is kept in stretches: it notes what each of them depends on. See `stretches`."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from weighbridge.references.brackets import DEAD, IMAGE, LINK, UNTOUCHED, Ask, Below, Brackets, living
from weighbridge.references.closers import NO_CLOSERS, Closer, Closers
from weighbridge.references.forms import may_begin_path, reference_seen
from weighbridge.references.inlines import PUNCTUATION, SPECIAL, InlineScanner, angle_seen, moved
from weighbridge.references.links import Destinations, link_tail, tail_seen
from weighbridge.references.model import Directive, Reference

#: Characters of a stretch, unless what it holds is longer; up to twice as many.
STRETCH: Final = 1024
#: What every construct may look at behind its end, if only to see that it is none.
_NEAR: Final = 16


@dataclass(frozen=True, slots=True)
class Stretch:
    """`beyond`: characters behind its end that it looked at. `wants`: what would close something in it, were it behind.

    `directives`: in the stretch's own columns.
    """

    beyond: int
    wants: frozenset[Closer]
    brackets: Brackets
    asks: tuple[Ask, ...] = ()
    directives: tuple[Directive, ...] = ()


class StretchScanner(InlineScanner):
    """The inline scanner that notes what each stretch depends on."""

    def __init__(self, text: str, closers: Closers, brackets: Iterator[str]) -> None:
        """`brackets`: those that are open where it begins, the innermost first."""
        super().__init__(text)
        self.starts: list[int] = []
        self.stretches: list[Stretch] = []
        self._closers = closers
        self._below = Below(brackets)
        # Brackets opened since the scan began, how many of the first of them a link has killed, and how many were
        # closed that had been open before.
        self._opened: list[str] = []
        self._killed = 0
        self._closed = 0
        self._linked = False
        self._escaped = -1
        # The same of the stretch: how many are open (below zero, if more were closed) at its start, and at least.
        self._height = 0
        self._lowest = 0
        self._links = False
        self._asks: list[Ask] = []
        self._wants: set[Closer] = set()
        # What was looked for in vain is not looked for again further on.
        self._nowhere: set[Closer] = set()
        self._seen = 0

    def scan(self, start: int, places: Iterator[int]) -> int:
        """Scan from `start` to the first of some places at which nothing is open but brackets; which that is.

        `places`: ascending, the last is the text's end.
        """
        text, at = self.text, start
        place = next(places)
        while True:
            while place < at:
                place = next(places)
            stop = place if place - start <= 2 * STRETCH else max(at, start + STRETCH)
            if at == self._escaped and at < len(text):
                # That what stands before it is escaped can't be seen from here.
                stop = max(stop, at + 1)
            if at < stop:
                match = SPECIAL.search(text, at, stop + 1)
                if match is not None and match.start() < stop:
                    at = self._step(match.start())
                    continue
            at = stop
            if place < at:
                continue
            self._end(start, at)
            if at == place:
                return at
            start = at

    def _step(self, at: int) -> int:
        """Where to go on behind what begins at a special character."""
        text = self.text
        char = text[at]
        if char == "[":
            image = text[at - 1 : at] == "!" and at != self._escaped
            self._opened.append(IMAGE if image else LINK)
            return at + 1
        if char == "]":
            return self._bracket(at + 1)
        if char == "\\":
            at += 2 if text[at + 1 : at + 2] in PUNCTUATION else 1
            self._escaped = at
            return at
        if char == "`":
            return self._code(at)
        if char == "<":
            return self._angle(at)
        return self._reference(at)

    def _end(self, start: int, at: int) -> None:
        """End a stretch, and begin the next one."""
        height = len(self._opened) - self._closed
        first = len(self._opened) - (height - self._lowest)
        if height == self._height == self._lowest and not self._links:
            brackets = UNTOUCHED
        else:
            opened = "".join(
                DEAD if letter == LINK and number < self._killed else letter
                for number, letter in enumerate(self._opened[first:], first)
            )
            brackets = Brackets(self._height - self._lowest, opened, self._links)
        self.starts.append(start)
        self.stretches.append(
            Stretch(
                max(0, self._seen - at) + _NEAR,
                frozenset(self._wants) if self._wants else NO_CLOSERS,
                brackets,
                tuple(self._asks),
                tuple(moved(directive, -start) for directive in self.directives),
            )
        )
        self._height = self._lowest = height
        self._links = False
        self._seen = 0
        self._asks.clear()
        self._wants.clear()
        self.directives.clear()

    def _open_link(self, at: int) -> None:  # noqa: ARG002  where is nothing to a stretch
        self._opened.append(LINK)

    def _bracket(self, at: int) -> int:
        height = len(self._opened) - self._closed
        own = height > self._lowest
        if not own:
            self._lowest = height - 1
        asks = self.text.startswith("(", at)
        letter = self._close(asks=asks)
        if not asks:
            return at
        if not own:
            self._asks.append(Ask(self._height - height, self._links, letter))
        return self._link(at, letter) if letter else at

    def _close(self, *, asks: bool) -> str:
        """Close the innermost bracket; which it is if it may make a link or image, else nothing. Not `asks`: either."""
        opened = self._opened
        if opened:
            letter = opened.pop()
            dead = len(opened) < self._killed
            self._killed = min(self._killed, len(opened))
            return living(letter, behind_link=dead)
        self._closed += 1
        return self._below.answer(self._closed - 1, behind_link=self._linked) if asks else ""

    def _link(self, at: int, letter: str) -> int:
        """Where to go on behind the destination and title of a link or image, where there are any."""
        if self._destinations is None:
            self._destinations = Destinations(self.text)
        end = link_tail(self.text, at, self._destinations)
        if end < 0:
            self._seen = max(self._seen, tail_seen(self.text, at, self._destinations))
            return at
        if letter == LINK:
            self._killed = len(self._opened)
            self._linked = self._links = True
        return self.take_references(at, end, whole=False)

    def _run(self, size: int, start: int) -> int:
        place = -1 if size in self._nowhere else self._closers.run(size, start)
        if place < 0:
            self._lacks(size)
        return place

    def _find(self, what: str, start: int) -> int:
        place = -1 if what in self._nowhere else self._closers.closing(what, start)
        if place < 0:
            self._lacks(what)
            return -1
        return place + len(what)

    def _lacks(self, what: Closer) -> None:
        self._nowhere.add(what)
        self._wants.add(what)

    def _tag(self, at: int) -> int:
        end = super()._tag(at)
        if end < 0:
            seen, quote = angle_seen(self.text, at)
            self._seen = max(self._seen, seen)
            if quote:
                self._wants.add(quote)
        return end

    def _reference_at(self, at: int) -> Reference | None:
        text = self.text
        reference = super()._reference_at(at)
        path = text[at] == "@" and not text.startswith("[", at + 1)
        if path and not may_begin_path(text, at):
            return reference
        # One in a tag may end behind the tag, and be none for that.
        seen = reference_seen(text, at) if path or reference is None else reference.end
        self._seen = max(self._seen, seen)
        return reference
