"""`textDocument/inlayHint`: counts where they arise: after references and headings, and at the end of line 1."""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from itertools import islice

from lsprotocol import types

from weighbridge.analysis.expand import State
from weighbridge.analysis.report import Report
from weighbridge.config import InlayHints
from weighbridge.lsp.features.wording import tokens_text, total_text

#: Shown where a count is on its way.
PENDING = "…"


def hints(
    report: Report, settings: InlayHints, line_end: Callable[[int], int], start_line: int, end_line: int
) -> list[types.InlayHint]:
    """The hints of lines `start_line` to `end_line`, both included, in order.

    `line_end`: where a line ends, in the client's units.
    """
    found = sorted(_hints(report, settings, line_end, start_line, end_line), key=lambda hint: hint[:2])
    return [
        types.InlayHint(
            position=types.Position(line, character), label=text, padding_left=True, padding_right=False
        )
        for line, character, text in found
    ]


def _hints(
    report: Report, settings: InlayHints, line_end: Callable[[int], int], start_line: int, end_line: int
) -> Iterator[tuple[int, int, str]]:
    if settings.references:
        first = bisect_left(report.references, start_line, key=lambda one: one.range.end_line)
        for reference in islice(report.references, first, None):
            line = reference.range.end_line
            if line > end_line:
                break
            if reference.state is not State.FAILED:
                text = PENDING if reference.tokens is None else tokens_text(reference.tokens)
                yield line, reference.range.end_character, text
    if settings.sections:
        first = bisect_left(report.sections, start_line, key=lambda one: one.range.start_line)
        for section in islice(report.sections, first, None):
            line = section.range.start_line
            if line > end_line:
                break
            yield line, line_end(line), tokens_text(section.tokens) if report.ready else PENDING
    if settings.total and start_line <= 0 <= end_line:
        yield 0, line_end(0), total_text(report) if report.ready else PENDING
