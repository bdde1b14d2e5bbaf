r"""The resolved token count of an open document, kept true under edits.

The buffer is a piece table over the resolved text:

    text    a rope: the lines as resolved, with one character for each text that is known by its tokens alone
    rows    how long each line is in it
    pieces  how long each piece of it is, and the piece's tokens

A piece begins and ends at borders (places where counts may be cut, known from the two characters around them), at
gaps, or at an end of the text. So the document's count is the sum of the pieces' counts; an edit counts the piece it is
in again; and a part of the document is a sum over pieces, with what it cuts off of a piece at either end.
Pieces that nobody touched are some KB long and counted by workers; an edit cuts those it touches finely. The piece that
keys are typed in is at hand as a string, which goes into the rope when something else is asked for.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate, pairwise
from typing import Any, Final

from weighbridge.rope import Rope, RopeSizes
from weighbridge.text import Inline
from weighbridge.tokens.base import AT_ONCE, Tokenizer, characters_at_once
from weighbridge.tokens.jobs import Job, Jobs
from weighbridge.tokens.pieces import ends_of_pieces, together
from weighbridge.tokens.resolved import (
    AS_TYPED,
    RESOLVED,
    Gap,
    Resolved,
    SliceableLines,
    TextPart,
    alike,
    resolve,
)
from weighbridge.tokens.summary import Summary, cut
from weighbridge.tokens.summed import BLOCK, Item, ItemPlace, SummedList

__all__ = ["STANDARD", "CountedBuffer", "Job", "Sizes", "TextPart"]

#: A text of 10 MB has some dozens of blocks.
_ROPE_SIZES: Final = RopeSizes(piece=8 * 1024)

#: Notes of pieces; any other is the job that counts it.
_IS_COUNTED: Final = -1
_IS_GAP: Final = -2


@dataclass(frozen=True, slots=True)
class Sizes:
    """Sizes, in characters; whatever they are, counts are the same.

    `at_once`: of a text that is counted between two keystrokes, unless its tokenizer says less; a longer one is a job.
    `fine`, `coarse`: of a piece that is counted at once, or by a worker; there may be twice as many.
    `short`: of a piece that is not worth a job, up to `at_once`.
    `block`: pieces, or rows, that are looked through one by one.
    """

    at_once: int = AT_ONCE
    fine: int = 56
    coarse: int = 3 * 1024
    short: int = 512
    block: int = BLOCK


STANDARD: Final = Sizes()


@dataclass(slots=True)
class _Typed:
    """The small piece that keys are typed in, and the line they are typed in.

    `row`, `row_start`: where the line is, `piece`: where the piece is; `written`: its text as the rope has it.
    """

    line: int
    row: ItemPlace
    row_start: int
    piece: ItemPlace
    tokens: int
    text: str
    written: str

    def around(self, line: int, column: int, removed: int) -> bool:
        """Whether characters both before and behind those removed are in the piece: its ends are borders as before."""
        at = self.row_start + column - self.piece.start
        return line == self.line and 0 < at < len(self.text) - removed


class CountedBuffer:
    """The counts of one document under one tokenizer. For one thread at a time; no input or output.

    `lines` is the caller's and always holds the text after the edits told so far. `parts` are those lines that hold
    references: literal text and, for what is resolved, its summary; joined they are the whole line, line end included.
    `cuts`: lines where it will be asked for counts (headings).
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        lines: SliceableLines,
        parts: Mapping[int, tuple[TextPart, ...]] | None = None,
        cuts: Iterable[int] = (),
        sizes: Sizes = STANDARD,
    ) -> None:
        self._lines = lines
        self._borders = tokenizer.borders
        self._count = tokenizer.count
        at_once = self._at_once = min(sizes.at_once, characters_at_once(tokenizer))
        self._fine = sizes.fine
        # What an edit touches is counted at once.
        self._coarse = max(min(sizes.coarse, at_once // 2), 1)
        self._short = min(sizes.short, at_once)
        self._small = min(2 * sizes.fine, at_once)
        self._apart = 4 * sizes.fine
        self._rows = SummedList(sizes.block)
        self._pieces = SummedList(sizes.block)
        self._typed: _Typed | None = None
        self._jobs = Jobs()
        #: Jobs of pieces that are not answered yet.
        self._open: set[int] = set()
        #: Parts of the text that are too long to count at once (their starts and ends): tokens, None while uncounted.
        self._long: dict[tuple[int, int], int | None] = {}
        self._long_jobs: dict[int, tuple[int, int]] = {}
        resolved = resolve(lines, 0, len(lines), parts or {})
        #: For good: what a secret stood in is counted again when it has gone, and fragments of it may stay longer.
        self._private = resolved.private
        row, piece = self._rows.find(0), self._pieces.find(0)
        self._rows.replace(row, row, [1] * len(lines), resolved.lengths, resolved.notes)
        self._rope = Rope.of(resolved.text, None, _ROPE_SIZES)
        starts = [0, *accumulate(resolved.lengths)]
        places = sorted({starts[line] for line in cuts})
        self._put(piece, piece, starts[-1], resolved.gaps, places, opens=True)

    def follow(self, lines: SliceableLines) -> None:
        """Go on with other lines that hold the same text, or hold it but for an edit that is told next."""
        self._lines = lines

    def discard(self) -> list[Any]:
        """End it: answers are of no use any more; returns what takes long to free."""
        self._open.clear()
        self._jobs.clear()
        self._long_jobs.clear()
        return self._pieces.discard() + self._rows.discard()

    # Counts

    @property
    def tokens(self) -> int | None:
        """Tokens of the resolved document; None while anything is uncounted."""
        return None if self._open else self._pieces.value

    @property
    def tokens_so_far(self) -> int:
        """Tokens counted so far."""
        return self._pieces.value

    def tokens_between(self, start: int, stop: int) -> int | None:
        """Tokens of lines [start, stop), resolved, as a text standing alone. None while uncounted: pending jobs tell."""
        return self._between(*self._stretch(start, stop))

    def summary_between(self, start: int, stop: int) -> Summary | None:
        """Summarize lines [start, stop), resolved. None while uncounted: pending jobs tell."""
        begin, end = self._stretch(start, stop)
        if begin >= end:
            return Summary("", None, "", self._private)
        first = self._pieces.after(self._pieces.find(begin)).start
        last = self._pieces.find(end - 1).start
        if first > last:
            head, inner, tail = cut(self._text()[begin:end], self._borders)
            if inner is None:
                return Summary(head, None, "", self._private)
        else:
            head, tail = self._text()[begin:first], self._text()[last:end]
            border = self._borders.first(head)
            head = head if border < 0 else head[:border]
            tail = tail[max(self._borders.last(tail), 0) :]
        tokens = self._between(begin + len(head), end - len(tail))
        return None if tokens is None else Summary(head, tokens, tail, self._private)

    def _text(self) -> Rope:
        """The resolved text, with all that was typed."""
        typed = self._typed
        if typed is not None and typed.written is not typed.text:
            begin = typed.piece.start
            self._rope = self._rope.replaced(begin, begin + len(typed.written), typed.text)
            typed.written = typed.text
        return self._rope

    def _stretch(self, start: int, stop: int) -> tuple[int, int]:
        """Where lines [start, stop) begin and end in the text."""
        stop = min(stop, len(self._lines))
        return self._row_start(min(max(start, 0), stop)), self._row_start(stop)

    def _row_start(self, row: int) -> int:
        return self._rows.value_before(self._rows.find(row))

    def _between(self, begin: int, end: int) -> int | None:
        """Tokens of a part of the text."""
        if begin >= end:
            return 0
        if self._open:
            return None
        pieces = self._pieces
        first, last = pieces.find(begin), pieces.find(end)
        if first.start < begin:
            first = pieces.after(first)
        if first.start > last.start:
            return self._counted(begin, end)
        head, tail = self._counted(begin, first.start), self._counted(last.start, end)
        if head is None or tail is None:
            return None
        return head + pieces.value_before(last) - pieces.value_before(first) + tail

    def _counted(self, begin: int, end: int) -> int | None:
        """Tokens of a part of the text that holds no gap; those of a long part are remembered until the next edit."""
        if end - begin <= self._at_once:
            return self._count(self._text()[begin:end]) if begin < end else 0
        part = (begin, end)
        if part not in self._long:
            self._long[part] = None
            self._long_jobs[self._post(begin, end)] = part
        return self._long[part]

    # Jobs

    def pending(self, limit: int | None = None) -> list[Job]:
        """Hand out what a worker must count, at most `limit` of it, each once; what was asked first comes first."""
        return self._jobs.hand_out(limit, private=self._private)

    def answer(self, job: Job, tokens: int) -> bool:
        """Take a job's count. False when an edit made it obsolete, or it was answered before."""
        self._jobs.drop(job.id)
        part = self._long_jobs.pop(job.id, None)
        if part is not None:
            self._long[part] = tokens
        elif job.id in self._open:
            self._pieces.settle(job.id, tokens, _IS_COUNTED)
            self._open.discard(job.id)
        else:
            return False
        return True

    def _post(self, begin: int, end: int) -> int:
        """Have a part of the text as it is now counted by a worker; returns the job's id."""
        # The rope never changes: the part is read when the job is handed out.
        return self._jobs.add(partial(self._text().__getitem__, slice(begin, end)))

    # Edits

    def splice(
        self,
        start: int,
        old: int,
        new: int,
        parts: Mapping[int, tuple[TextPart, ...]] | None = None,
        inline: Inline | None = None,
    ) -> None:
        """Lines [start, start + old) became `new` lines, which `lines` already holds.

        `parts`: for those of the new lines (by the document's new line numbers) that hold references. `inline`: where
        the line changed, if one line without references only changed inside.
        """
        if self._long:
            self._forget_long()
        if inline is not None and self._type(start, inline):
            return
        self._text()
        self._typed = None
        rows = self._rows
        first = rows.find(start)
        begin = rows.value_before(first)
        if inline is not None and rows.item(first).note == AS_TYPED:
            text = self._lines.stored_line(start)[inline.column : inline.column + inline.inserted]
            rows.grow(first, 0, inline.inserted - inline.removed)
            begin += inline.column
            self._edit(begin, begin + inline.removed, text, ())
            return
        last = rows.after(first) if old == 1 else rows.find(start + old)
        before = [*rows.items(first, last)]
        end = begin + sum(row.value for row in before)
        resolved = resolve(self._lines, start, start + new, parts or {})
        self._private = self._private or resolved.private
        gaps = self._gaps(begin, end) if any(row.note != AS_TYPED for row in before) else []
        if before != [Item(1, *row) for row in zip(resolved.lengths, resolved.notes, strict=True)]:
            rows.replace(first, last, [1] * new, resolved.lengths, resolved.notes)
        self._replace(begin, end, gaps, resolved)

    def _type(self, line: int, inline: Inline) -> bool:
        """Change the small piece that a line changed inside of; False if it did not."""
        column, removed, inserted = inline.column, inline.removed, inline.inserted
        typed = self._typed
        if typed is None or not typed.around(line, column, removed):
            typed = self._typed = self._small_piece(line, column)
        if (
            typed is None
            or not typed.around(line, column, removed)
            or len(typed.text) + inserted - removed > self._small
        ):
            return False
        at = typed.row_start + column - typed.piece.start
        new = self._lines.stored_line(line)[column : column + inserted]
        text = f"{typed.text[:at]}{new}{typed.text[at + removed :]}"
        tokens = self._count(text)
        self._rows.grow(typed.row, 0, inserted - removed)
        self._pieces.grow(typed.piece, inserted - removed, tokens - typed.tokens)
        typed.text, typed.tokens = text, tokens
        return True

    def _small_piece(self, line: int, column: int) -> _Typed | None:
        """The piece before a place in a line; None if it isn't small, or the line isn't as typed."""
        text = self._text()
        row = self._rows.find(line)
        begin = self._rows.value_before(row)
        piece = self._pieces.find(max(begin + column - 1, 0))
        size, tokens, note = self._pieces.item(piece)
        if note != _IS_COUNTED or size > self._small or self._rows.item(row).note != AS_TYPED:
            return None
        whole = text[piece.start : piece.start + size]
        return _Typed(line, row, begin, piece, tokens, whole, whole)

    def set_parts(self, parts: Mapping[int, tuple[TextPart, ...] | None]) -> None:
        """Say anew what some lines stand for: references in them were resolved or changed. None: what is typed.

        Many at a time cost less: those that stand together are counted once, not for each.
        """
        for start, stop in together(self._lines, sorted(parts), self._at_once // 2, self._apart):
            line_parts = self._parts(start, stop) if stop - start > 1 else {}
            line_parts.update((line, parts[line]) for line in range(start, stop) if line in parts)
            self.splice(
                start,
                stop - start,
                stop - start,
                {line: at for line, at in line_parts.items() if at is not None},
            )

    def _parts(self, start: int, stop: int) -> dict[int, tuple[TextPart, ...] | None]:
        """The parts of those of lines [start, stop) that aren't as typed."""
        parts: dict[int, tuple[TextPart, ...] | None] = {}
        begin, end = self._stretch(start, stop)
        gaps = iter(self._gaps(begin, end))
        text = self._text()[begin:end]
        first, last = self._rows.find(start), self._rows.find(stop)
        gap = next(gaps, None)
        at = 0
        for line, (_, length, note) in enumerate(self._rows.items(first, last), start):
            end = at + length
            if note == RESOLVED:
                row: list[TextPart] = []
                while gap is not None and gap.place < end:
                    row += (text[at : gap.place], Summary("", gap.tokens, ""))
                    at = gap.place + 1
                    gap = next(gaps, None)
                parts[line] = (*row, text[at:end])
            at = end
        return parts

    def _gaps(self, begin: int, end: int) -> list[Gap]:
        """The gaps in a part of the text, whose places are told from its start on."""
        first = self._pieces.find(begin)
        place = first.start - begin
        gaps: list[Gap] = []
        for size, tokens, note in self._pieces.items(first, self._pieces.find(end)):
            if note == _IS_GAP:
                gaps.append(Gap(place, tokens))
            place += size
        return gaps

    def _replace(self, begin: int, end: int, gaps: Sequence[Gap], resolved: Resolved) -> None:
        """Put lines in the place of a part of the text, which holds `gaps`; what both begin and end with stays."""
        old, new = self._text()[begin:end], resolved.text
        prefix, suffix = alike(old, gaps, resolved)
        stop = len(new) - suffix
        if prefix == stop and end - suffix == begin + prefix:
            return
        inside = [Gap(gap.place - prefix, gap.tokens) for gap in resolved.gaps if prefix <= gap.place < stop]
        self._edit(begin + prefix, end - suffix, new[prefix:stop], inside)

    def _edit(self, start: int, stop: int, text: str, gaps: Sequence[Gap]) -> None:
        """Put `text`, which holds `gaps`, in the place of what is between two places; count again what that changes."""
        pieces = self._pieces
        # A piece stays only if both characters around each of its ends do: they decide whether there still is a border.
        # Beside a gap there is one in any case.
        first = pieces.find(start - 1 if start else 0)
        self._rope = self._rope.replaced(start, stop, text)
        last = pieces.find(stop)
        if first.start < start and pieces.item(first).note == _IS_GAP:
            first = pieces.after(first)
        if pieces.item(last).note != _IS_GAP:
            last = pieces.after(last)
        end = last.start + len(text) - (stop - start)
        self._put(first, last, end, [Gap(start + gap.place, gap.tokens) for gap in gaps])

    def _forget_long(self) -> None:
        for job in self._long_jobs:
            self._jobs.drop(job)
        self._long_jobs.clear()
        self._long.clear()

    def _put(
        self,
        first: ItemPlace,
        last: ItemPlace,
        end: int,
        gaps: Sequence[Gap],
        cuts: Sequence[int] = (),
        *,
        opens: bool = False,
    ) -> None:
        """Put new pieces, of the text from the start of `first` up to `end`, in the place of those before `last`."""
        begin = at = first.start
        text = self._text()[begin:end]
        at_once = end - begin <= self._at_once and not opens
        size = self._fine if at_once else self._coarse
        # Pieces between the caller's cuts may be many and short.
        short = 0 if opens and not cuts else self._short
        sizes: list[int] = []
        values: list[int] = []
        notes: list[int] = []
        for place, tokens in (*gaps, Gap(end, -1)):
            for start, stop in pairwise(
                ends_of_pieces(text, at - begin, place - begin, size, self._fine, cuts, self._borders)
            ):
                sizes.append(stop - start)
                if at_once or stop - start < short:
                    values.append(self._count(text[start:stop]))
                    notes.append(_IS_COUNTED)
                else:
                    values.append(0)
                    notes.append(self._post(begin + start, begin + stop))
            if tokens >= 0:
                sizes.append(1)
                values.append(tokens)
                notes.append(_IS_GAP)
            at = place + 1
        for note in self._pieces.replace(first, last, sizes, values, notes):
            if note >= 0:
                self._open.discard(note)
                self._jobs.drop(note)
        self._open.update(note for note in notes if note >= 0)
