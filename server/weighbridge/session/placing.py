"""Where the references of an open document stand."""

from typing import Any

from weighbridge.analysis.report import Range
from weighbridge.references.index import ScanIndex
from weighbridge.references.model import Reference
from weighbridge.session.target import Target
from weighbridge.steps import ITEMS, Steps
from weighbridge.text import LineBuffer


class Placing:
    """A document's own references with their places in the client's units, in order; and the lines that each target stands in.

    They are gathered anew, some at a time, when the index's references changed.
    """

    def __init__(self, discarded: list[list[Any]]) -> None:
        """`discarded`: takes long lists that nobody wants any more."""
        self.placed: list[tuple[Reference, Range, Target]] = []
        self.lines_of: dict[Target, list[int]] = {}
        self._discarded = discarded
        self._revision = -1
        self._placing: Steps[None] | None = None

    def outdate(self) -> None:
        """References may have moved, though they are the same."""
        self._revision = -1

    def are_of(self, index: ScanIndex) -> bool:
        """Whether these are the index's references, or will be once all are placed."""
        return self._revision == index.references_revision

    def place(self, index: ScanIndex, buffer: LineBuffer) -> bool:
        """Place some references; True when all are."""
        if not self.are_of(index):
            self._revision = index.references_revision
            self._placing = self._place(index, buffer)
        if self._placing is not None and next(self._placing, self) is None:
            return False
        self._placing = None
        return True

    def _place(self, index: ScanIndex, buffer: LineBuffer) -> Steps[None]:
        self._discarded.append(self.placed)
        self.placed, self.lines_of = [], {}
        for number, (line, reference) in enumerate(index.references()):
            target = Target.of(reference)
            lines = self.lines_of.setdefault(target, [])
            if not lines or lines[-1] != line:
                lines.append(line)
            start = buffer.to_units(line, reference.start)
            place = Range(line, start, line, buffer.to_units(line, reference.end))
            self.placed.append((reference, place, target))
            if number % ITEMS == ITEMS - 1:
                yield
