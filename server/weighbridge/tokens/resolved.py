"""Reading the resolved text of a document's rows."""

from weighbridge.tokens.base import Borders
from weighbridge.tokens.chunks import Chunks
from weighbridge.tokens.rows import Lines, Resolved, first_border, first_border_typed


class ResolvedRows:
    """The document's rows as resolved: the lines, and what stands over some of them."""

    __slots__ = ("_chunks", "borders", "lines")

    def __init__(self, lines: Lines, chunks: Chunks, borders: Borders) -> None:
        self.lines = lines
        self._chunks = chunks
        self.borders = borders

    def at(self, line: int) -> Resolved:
        resolved = self._over(line)
        return Resolved((self.lines.line(line),)) if resolved is None else resolved

    def _over(self, line: int) -> Resolved | None:
        """What stands over a row, if it doesn't stand for itself."""
        index, row = self._chunks.locate(line)
        return self._chunks.list[index].over.get(row)

    def start(self, line: int, end: int) -> str:
        """Read the row's first text up to `end`."""
        resolved = self._over(line)
        return self.lines.kept(line)[:end] if resolved is None else resolved.texts[0][:end]

    def before(self, line: int) -> str:
        """Read the last character before a row; "" if there is none."""
        while line > 0:
            line -= 1
            resolved = self._over(line)
            last = self.lines.kept(line)[-1:] if resolved is None else resolved.texts[-1][-1:]
            if last:
                return last
        return ""

    def border(self, line: int) -> int:
        """Where the row's first border is; -1: nowhere."""
        resolved = self._over(line)
        before = self.before(line)
        if resolved is None:
            return first_border_typed(self.borders, before, self.lines.kept(line))
        return first_border(self.borders, before, resolved)

    def atoms(self, start: int, offset: int, stop: int, tail: str) -> list[str | int]:
        """Read what is between `offset` in the first text of row `start` and the start of row `stop`, then `tail`.

        Texts (none empty but a single one) and the tokens of the gaps between them.
        """
        index, row = self._chunks.locate(start)
        chunk = self._chunks.list[index]
        if row + stop - start <= chunk.rows and not (
            chunk.over and not chunk.over.keys().isdisjoint(range(row, row + stop - start))
        ):
            return [self.lines.slice(start, stop)[offset:] + tail]
        texts: list[str] = []
        atoms: list[str | int] = []
        for line in range(start, stop):
            resolved = self.at(line)
            for place, text in enumerate(resolved.texts):
                if place:
                    atoms.append("".join(texts))
                    atoms.append(resolved.gaps[place - 1])
                    texts = []
                texts.append(text[offset:])
                offset = 0
        texts.append(tail)
        atoms.append("".join(texts))
        return atoms
