"""The tokens of a part of a document: resolved where a reference lies in it whole, as typed where it is cut."""

from dataclasses import dataclass

from weighbridge.session.document import Document, resolved_parts
from weighbridge.tokens.summary import EMPTY, Summary, join, summarize, total


@dataclass(frozen=True, slots=True)
class Selection:
    """A part of a document: lines from 0, columns in code points, end exclusive."""

    start_line: int
    start_column: int
    end_line: int
    end_column: int


def count_selection(document: Document, selection: Selection) -> int:
    """Count a part of a ready document as a text standing alone."""
    if document.prepared is None or document.counted is None:
        return 0
    first, last = selection.start_line, selection.end_line
    if (first, selection.start_column) >= (last, selection.end_column):
        return 0
    if first == last:
        whole = _piece(document, first, selection.start_column, selection.end_column)
    else:
        whole = _piece(document, first, selection.start_column, None)
        # A ready document has nothing uncounted; only a stretch without any border may have to be counted here.
        between = document.counted.summary_between(first + 1, last) or EMPTY
        whole = join(whole, between, document.prepared.tokenizer)
        whole = join(whole, _piece(document, last, 0, selection.end_column), document.prepared.tokenizer)
    return total(whole, document.prepared.tokenizer)


def _piece(document: Document, line: int, start: int, end: int | None) -> Summary:
    assert document.prepared is not None  # noqa: S101  the caller saw to it
    tokenizer = document.prepared.tokenizer
    text = document.buffer.line(line)[start:end]
    references = document.prepared.index.line(line).references
    whole = EMPTY
    for part in resolved_parts(text, references, document.expansions, start):
        whole = join(whole, summarize(part, tokenizer) if isinstance(part, str) else part, tokenizer)
    return whole
