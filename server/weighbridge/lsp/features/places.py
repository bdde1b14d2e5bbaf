"""What stands at a place of an open document."""

from bisect import bisect_right

from weighbridge.analysis.report import ImportReport, Range, Report
from weighbridge.references.model import Heading, Reference
from weighbridge.session.document import Document
from weighbridge.session.target import Target


def reference_at(document: Document, line: int, character: int) -> tuple[Reference, Range, Target] | None:
    """The document's own reference at a place in the client's units; its end belongs to it, for cursors after it."""
    placed = document.placed()
    at = bisect_right(
        placed,
        (line, character),
        key=lambda candidate: (candidate[1].start_line, candidate[1].start_character),
    )
    if at:
        occurrence = placed[at - 1]
        if occurrence[1].start_line == line and character <= occurrence[1].end_character:
            return occurrence
    return None


def import_at(report: Report, line: int, character: int) -> ImportReport | None:
    """The agent's import at a place in the client's units; its end belongs to it."""
    for imported in report.imports:
        place = imported.range
        if (
            (place.start_line, place.start_character)
            <= (line, character)
            <= (place.end_line, place.end_character)
        ):
            return imported
    return None


def of_an_agent(document: Document) -> bool:
    """Whether an agent's rules say what arrives of a document."""
    return document.prepared is not None and document.prepared.dialect.agent is not None


def heading_at(document: Document, line: int) -> Heading | None:
    """The heading that starts on a line."""
    if document.prepared is None or not 0 <= line < document.buffer.line_count:
        return None
    return document.prepared.index.line(line).heading


def headings_of(document: Document) -> tuple[list[int], list[Heading]]:
    """All headings, and the lines that they start on."""
    headings = [] if document.prepared is None else [*document.prepared.index.headings()]
    return [line for line, _ in headings], [heading for _, heading in headings]
