"""The tokens of a part of a document: resolved where a reference lies in it whole, as typed where it is cut."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from weighbridge.session.document import Document
from weighbridge.session.target import resolved_parts
from weighbridge.tokens.base import Tokenizer
from weighbridge.tokens.counted import TextPart
from weighbridge.tokens.summary import join_all, summarize, total


@dataclass(frozen=True, slots=True)
class Selection:
    """A part of a document: lines from 0, columns in code points, end exclusive; clamped to what there is."""

    start_line: int
    start_column: int
    end_line: int
    end_column: int


def selected_parts(document: Document, selection: Selection) -> tuple[TextPart, ...] | None:
    """The resolved text of a part of a ready document: whole lines as they are counted, the rest as texts.

    None while some of it is uncounted: pending jobs tell.
    """
    if document.counted is None:
        return ()
    lines = document.buffer.line_count
    first, last = selection.start_line, selection.end_line
    if (first, selection.start_column) >= (last, selection.end_column) or first >= lines:
        return ()
    if first == last:
        return tuple(_piece(document, first, selection.start_column, selection.end_column))
    between = document.counted.summary_between(first + 1, min(last, lines))
    if between is None:
        return None
    head = _piece(document, first, selection.start_column, None)
    tail = _piece(document, last, 0, selection.end_column) if last < lines else ()
    return (*head, between, *tail)


def length_of(parts: Sequence[TextPart]) -> int:
    """Characters that are to be counted: of texts all, of summaries their ends."""
    return sum(len(part) if isinstance(part, str) else len(part.head) + len(part.tail) for part in parts)


def tokens_of(parts: Sequence[TextPart], tokenizer: Tokenizer) -> int:
    """The tokens of a text in parts, standing alone. Costs what is not summarized yet."""
    summaries = [summarize(part, tokenizer) if isinstance(part, str) else part for part in parts]
    return total(join_all(summaries, tokenizer), tokenizer)


def _piece(document: Document, line: int, start: int, end: int | None) -> Iterator[TextPart]:
    assert document.prepared is not None  # noqa: S101  the caller saw to it
    text = document.buffer.stored_line(line)[start:end]
    yield from resolved_parts(text, document.prepared.index.line(line).references, document.expansions, start)
