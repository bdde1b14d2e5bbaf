r"""A long line that is being edited, kept in stretches: an edit scans anew those that saw it.

A stretch is what the inline scanner reads between two places where it is inside of nothing. It depends on its own text;
on what it looked at behind its end (`Stretch.beyond`); on there being nothing in all the rest of the line that closes
what it leaves open (`Stretch.wants`); and on the brackets before it, where one of its `](` asks for them (`Stretch.asks`).
Where none of these is other than before, all is found again that was found before.

    edit ──▶ stretches that saw it ──▶ each scanned anew, from its start to where an old one begins ──▶ StretchChange

An edit far behind an unclosed backtick or `<!--` is not seen by it, but for one that closes it: `closers` says which do.
Brackets are kept by what a stretch does to them: how many it closes, which it leaves open.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from weighbridge.references.brackets import answered, open_behind, together
from weighbridge.references.closers import NO_CLOSERS, Closer, Closers
from weighbridge.references.inlines import moved
from weighbridge.references.model import Directive, Reference, Typo
from weighbridge.references.stretch_scanner import Stretch, StretchScanner
from weighbridge.text import Inline

#: Stretches whose brackets are looked up after an edit, before all that is behind it is rather scanned.
_MOST_ASKED: Final = 64


@dataclass(frozen=True, slots=True)
class Needs:
    """What there may be in any of many stretches: the most characters `beyond`, all that is wanted, whether any asks.

    `directs`: whether any holds a directive.
    """

    beyond: int = 0
    wants: frozenset[Closer] = NO_CLOSERS
    asks: bool = False
    directs: bool = False

    def and_of(self, stretches: Sequence[Stretch]) -> "Needs":
        """The needs of these and of more stretches."""
        return Needs(
            max(self.beyond, *(stretch.beyond for stretch in stretches)),
            self.wants.union(*(stretch.wants for stretch in stretches if stretch.wants)),
            self.asks or any(stretch.asks for stretch in stretches),
            self.directs or any(stretch.directives for stretch in stretches),
        )


@dataclass(frozen=True, slots=True)
class StretchChange:
    """In columns [start, end) of the line before stand other references than before, in columns of the line now."""

    start: int
    end: int
    references: tuple[Reference | Typo, ...]


class KeptLine:
    """The stretches of one line. Immutable; `follow` gives those of the line after an edit."""

    __slots__ = ("_closers", "_needs", "_starts", "_stretches")

    def __init__(self, starts: list[int], stretches: list[Stretch], closers: Closers, needs: Needs) -> None:
        """`starts`: where each stretch begins, ascending, and the line's end. `needs`: at least those of all stretches."""
        self._starts = starts
        self._stretches = stretches
        self._closers = closers
        self._needs = needs

    @classmethod
    def of(cls, text: str, start: int) -> tuple["KeptLine", tuple[Reference | Typo, ...]]:
        """Scan a whole line's inline content from `start` on; with the references in it."""
        closers = Closers.of(text)
        scanner = StretchScanner(text, closers, iter(()))
        scanner.scan(start, iter((len(text),)))
        starts = [*scanner.starts, len(text)]
        needs = Needs().and_of(scanner.stretches)
        return cls(starts, scanner.stretches, closers, needs), tuple(scanner.references)

    @property
    def directives(self) -> tuple[Directive, ...]:
        """All directives, in the line's columns."""
        if not self._needs.directs:
            return ()
        return tuple(
            moved(directive, start)
            for start, stretch in zip(self._starts, self._stretches, strict=False)
            for directive in stretch.directives
        )

    def follow(self, text: str, inline: Inline) -> tuple["KeptLine", list[StretchChange]]:
        """The line after an edit behind its start, which is now `text`; and what is other in it, from left to right."""
        closers, created = self._closers.follow(text, inline)
        following = _Following(self._starts, self._stretches, inline, text, closers)
        seen = self._seeing(inline.column, created | _quotes(text, inline))
        starts, stretches = following.run(seen, asking=self._needs.asks)
        needs = self._needs.and_of(following.scanned)
        return KeptLine(starts, stretches, closers, needs), following.changes

    def _seeing(self, column: int, created: frozenset[Closer]) -> list[int]:
        """The stretches that an edit at a column matters to, by themselves, in order; `created`: closers that are new."""
        starts, stretches = self._starts, self._stretches
        last = bisect_right(starts, column, 0, len(stretches)) - 1
        first = max(0, bisect_left(starts, column - self._needs.beyond, 0, last + 1) - 1)
        wants = created & self._needs.wants
        if wants:
            first = 0
        return [
            number
            for number in range(first, last + 1)
            if starts[number + 1] + stretches[number].beyond >= column
            or not wants.isdisjoint(stretches[number].wants)
        ]


def _quotes(text: str, inline: Inline) -> frozenset[str]:
    """The quotes that an edit puts in."""
    end = inline.column + inline.inserted
    return frozenset(quote for quote in "\"'" if text.find(quote, inline.column, end) >= 0)


class _Following:
    """One edit being followed."""

    def __init__(
        self, starts: list[int], stretches: list[Stretch], inline: Inline, text: str, closers: Closers
    ) -> None:
        self._starts = starts
        self._stretches = stretches
        self._inline = inline
        self._shift = inline.inserted - inline.removed
        self._text = text
        self._closers = closers
        self._new_starts: list[int] = []
        self._new: list[Stretch] = []
        self.changes: list[StretchChange] = []
        #: The stretches that are new.
        self.scanned: list[Stretch] = []
        # Whether brackets are open other than before, and how many stretches have been asked whether they mind.
        self._brackets_differ = False
        self._ask_count = 0

    def run(self, seen: Sequence[int], *, asking: bool) -> tuple[list[int], list[Stretch]]:
        """Scan anew the stretches `seen` and those whose brackets are others; where all begin now, and what they are.

        `asking`: whether there are any that ask for brackets.
        """
        done, count = 0, len(self._stretches)
        for number in (*seen, count):
            while done < number:
                if asking and self._brackets_differ:
                    minding = self._keep_until_minding(done, number)
                else:
                    self._keep(done, number)
                    minding = number
                done = minding if minding == number else self._scan(minding)
            if done == number < count:
                done = self._scan(number)
        return [*self._new_starts, len(self._text)], self._new

    def _keep(self, first: int, behind: int) -> None:
        """Take over stretches as they are."""
        starts = self._starts[first:behind]
        if self._shift and starts and starts[0] > self._inline.column:
            starts = [start + self._shift for start in starts]
        self._new_starts += starts
        self._new += self._stretches[first:behind]

    def _keep_until_minding(self, first: int, behind: int) -> int:
        """Take over stretches up to the first that asks for brackets and gets another answer; its number, or `behind`."""
        for number in range(first, behind):
            asks = self._stretches[number].asks
            if asks:
                self._keep(first, number)
                first = number
                self._ask_count += 1
                if self._ask_count > _MOST_ASKED or not answered(asks, self._open()):
                    return number
        self._keep(first, behind)
        return behind

    def _open(self) -> Iterator[str]:
        return open_behind(self._new[number].brackets for number in range(len(self._new) - 1, -1, -1))

    def _scan(self, first: int) -> int:
        """Scan from the start of a stretch to where an old one begins; the number of that one."""
        start = self._starts[first]
        scanner = StretchScanner(self._text, self._closers, self._open())
        # Who has asked too many in vain goes on to the end.
        places = iter((len(self._text),)) if self._ask_count > _MOST_ASKED else self._places(first + 1)
        new_start = start if start <= self._inline.column else start + self._shift
        end = scanner.scan(new_start, places)
        inline = self._inline
        old_end = end if end <= inline.column else end - self._shift
        behind = len(self._stretches)
        if end < len(self._text):
            behind = bisect_left(self._starts, old_end)
        else:
            old_end = self._starts[-1]
        self._new_starts += scanner.starts
        self._new += scanner.stretches
        self.scanned += scanner.stretches
        self.changes.append(StretchChange(start, old_end, tuple(scanner.references)))
        if not self._brackets_differ:
            before = together(stretch.brackets for stretch in self._stretches[first:behind])
            self._brackets_differ = before != together(stretch.brackets for stretch in scanner.stretches)
        return behind

    def _places(self, first: int) -> Iterator[int]:
        """Where the old stretches from a number on begin now, as far as they do, and the text's end."""
        inline = self._inline
        for start in self._starts[first:-1]:
            if start <= inline.column:
                yield start
            elif start > inline.column + inline.removed:
                yield start + self._shift
        yield len(self._text)
