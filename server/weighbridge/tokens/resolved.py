"""Resolved lines: the text and the summaries that are counted in a line's place, and which of them an edit leaves as they were."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import zip_longest
from typing import Final, NamedTuple, Protocol

from weighbridge.rope import Line
from weighbridge.tokens.summary import Summary

#: A piece of a line: literal text, or what a resolved reference in it stands for.
TextPart = str | Summary

#: The character that stands for a gap. Which one is no matter: the pieces tell what is a gap.
GAP: Final = "\0"

#: Notes of rows: whether the resolved line is the one that is typed.
AS_TYPED: Final = 0
RESOLVED: Final = 1


class SliceableLines(Protocol):
    """The text of a document by line, each with its line end, so that all lines joined are the text."""

    def __len__(self) -> int: ...

    def line(self, index: int, /) -> str: ...

    def slice(self, start: int, stop: int, /) -> str:
        """Lines [start, stop) joined."""
        ...

    def stored_line(self, index: int, /) -> Line:
        """As `line`, a long one as a rope."""
        ...


class Gap(NamedTuple):
    """A text that is known by its tokens alone: where it stands, and how many they are."""

    place: int
    tokens: int


class Resolved(NamedTuple):
    """Some lines as resolved: text and gaps (places in the text); each line's length, and whether it is as typed.

    `private`: see `Summary`.
    """

    text: str
    gaps: list[Gap]
    lengths: list[int]
    notes: list[int]
    private: bool = False


def resolve(
    lines: SliceableLines, start: int, stop: int, parts: Mapping[int, tuple[TextPart, ...]]
) -> Resolved:
    """Lines [start, stop) as resolved; those in `parts` stand for these."""
    if not parts:
        lengths = [len(lines.stored_line(line)) for line in range(start, stop)]
        return Resolved(lines.slice(start, stop), [], lengths, [AS_TYPED] * (stop - start))
    texts: list[str] = []
    gaps: list[Gap] = []
    lengths, notes = [], []
    begin = 0
    for line in range(start, stop):
        text = typed = lines.line(line)
        tokens: list[int] = []
        if line in parts:
            text, line_gaps = _put_together(parts[line], begin)
            gaps += line_gaps
            tokens = [gap.tokens for gap in line_gaps]
        texts.append(text)
        lengths.append(len(text))
        notes.append(RESOLVED if tokens or text != typed else AS_TYPED)
        begin += len(text)
    private = any(
        isinstance(part, Summary) and part.private for line_parts in parts.values() for part in line_parts
    )
    return Resolved("".join(texts), gaps, lengths, notes, private)


def alike(old: str, gaps: Sequence[Gap], resolved: Resolved) -> tuple[int, int]:
    """How many characters a text that holds `gaps` and resolved lines begin with in common, and end with."""
    new = resolved.text
    shorter = min(len(old), len(new))
    prefix = _common(partial(_same_from_start, old, new), shorter)
    prefix = _before_other_gap(gaps, resolved.gaps, prefix)
    suffix = _common(partial(_same_from_end, old, new), shorter - prefix)
    return prefix, _before_other_gap(_mirrored(gaps, len(old)), _mirrored(resolved.gaps, len(new)), suffix)


def _put_together(parts: Iterable[TextPart], begin: int) -> tuple[str, list[Gap]]:
    """The resolved text of a line that begins at `begin`, and its gaps."""
    texts: list[str] = []
    gaps: list[Gap] = []
    for part in parts:
        if isinstance(part, str):
            head, inner, tail = part, None, ""
        else:
            head, inner, tail = part.head, part.inner, part.tail
        texts.append(head)
        begin += len(head)
        if inner is not None:
            gaps.append(Gap(begin, inner))
            texts += (GAP, tail)
            begin += 1 + len(tail)
    return "".join(texts), gaps


def _before_other_gap(gaps: Sequence[Gap], new_gaps: Sequence[Gap], most: int) -> int:
    """How many characters, at most `most`, are before the first gap that is not the same in both."""
    for pair in zip_longest(gaps, new_gaps):
        if pair[0] != pair[1]:
            return min(most, *(gap.place for gap in pair if gap is not None))
    return most


def _mirrored(gaps: Sequence[Gap], length: int) -> list[Gap]:
    """The same gaps, their places told from the text's end."""
    return [Gap(length - 1 - gap.place, gap.tokens) for gap in reversed(gaps)]


def _same_from_start(old: str, new: str, start: int, stop: int) -> bool:
    return old[start:stop] == new[start:stop]


def _same_from_end(old: str, new: str, start: int, stop: int) -> bool:
    return old[len(old) - stop : len(old) - start] == new[len(new) - stop : len(new) - start]


def _common(same: Callable[[int, int], bool], most: int) -> int:
    """How many characters, at most `most`, two texts have in common. `same`: whether they have those in [start, stop)."""
    low, size = 0, 64
    while low < most and same(low, min(low + size, most)):
        low = min(low + size, most)
        size *= 2
    high = min(low + size, most)
    while high - low > 1:
        middle = (low + high) // 2
        if same(low, middle):
            low = middle
        else:
            high = middle
    return low
