"""`textDocument/inlayHint`: counts where they arise: after references and headings, and at the end of line 1."""

from collections.abc import Iterator

from lsprotocol import types

from weighbridge.analysis.expand import State
from weighbridge.analysis.report import Report
from weighbridge.config import InlayHints
from weighbridge.lsp.features.wording import tokens_text, total_text

#: Shown where a count is on its way.
PENDING = "…"


def hints(
    report: Report, settings: InlayHints, line_ends: dict[int, int], start_line: int, end_line: int
) -> list[types.InlayHint]:
    """The hints of lines `start_line` to `end_line`, both included, in order."""
    return [
        types.InlayHint(
            position=types.Position(line, character), label=text, padding_left=True, padding_right=False
        )
        for line, character, text in plain_hints(report, settings, line_ends, start_line, end_line)
    ]


def plain_hints(
    report: Report, settings: InlayHints, line_ends: dict[int, int], start_line: int, end_line: int
) -> list[tuple[int, int, str]]:
    """The same as line, character and text: cheap to make and to compare.

    `line_ends`: for headings' lines and line 0, where the line ends, in the client's units.
    """
    found = _hints(report, settings, line_ends, start_line, end_line)
    return sorted(found, key=lambda hint: (hint[0], hint[1]))


def heading_lines(report: Report) -> list[int]:
    """The lines whose ends the hints need."""
    return [0, *(section.range.start_line for section in report.sections)]


def _hints(
    report: Report, settings: InlayHints, line_ends: dict[int, int], start_line: int, end_line: int
) -> Iterator[tuple[int, int, str]]:
    if settings.references:
        for reference in report.references:
            line = reference.range.end_line
            if start_line <= line <= end_line and reference.state is not State.FAILED:
                text = PENDING if reference.tokens is None else tokens_text(reference.tokens)
                yield line, reference.range.end_character, text
    if settings.sections:
        for section in report.sections:
            line = section.range.start_line
            if start_line <= line <= end_line:
                text = tokens_text(section.tokens) if report.ready else PENDING
                yield line, line_ends[line], text
    if settings.total and start_line <= 0 <= end_line:
        yield 0, line_ends[0], total_text(report) if report.ready else PENDING
