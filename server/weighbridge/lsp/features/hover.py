"""`textDocument/hover`: what a reference, a heading or the whole document weighs."""

from lsprotocol import types

from weighbridge.analysis.expand import State
from weighbridge.analysis.report import ReferenceReport, Report
from weighbridge.lsp.features.diagnostics import to_range
from weighbridge.lsp.features.wording import share_text, tokens_text, total_text

#: Lines named of a document's or a reference's parts.
_MOST_PARTS = 10


def hover(report: Report, line: int, character: int, *, markdown: bool) -> types.Hover | None:
    """The hover of a place in the client's units; None where nothing is to be said."""
    for reference in report.references:
        place = reference.range
        if place.start_line == line and place.start_character <= character < place.end_character:
            return _hover(_reference(report, reference), to_range(place), markdown=markdown)
    for section in report.sections:
        if section.range.start_line == line and line > 0:
            share = section.tokens / report.budget.limit
            text = [section.title, f"{tokens_text(section.tokens)}, {share_text(share)} of the budget"]
            return _hover(text, None, markdown=markdown)
    if line == 0:
        return _hover(_document(report), None, markdown=markdown)
    return None


def _reference(report: Report, reference: ReferenceReport) -> list[str]:
    lines = [reference.target]
    if reference.problem is not None:
        lines.append(reference.problem.message)
    if reference.tokens is not None:
        share = reference.tokens / report.budget.limit
        stale = ", as known from before" if reference.state is State.STALE else ""
        lines.append(f"{tokens_text(reference.tokens)}, {share_text(share)} of the budget{stale}")
    elif reference.problem is None:
        lines.append("on its way …")
    lines.extend(_parts(reference.references))
    return lines


def _document(report: Report) -> list[str]:
    lines = [
        total_text(report),
        f"{share_text(report.budget.used)} of the budget, {tokens_text(report.own_tokens)} as typed",
        f"{report.encoding}{'' if report.model is None else f' for {report.model}'}, {report.exactness.value}",
    ]
    if report.input_usd is not None:
        lines.append(f"${report.input_usd:,.4f} as input")
    largest = sorted((one for one in report.references if one.tokens), key=lambda one: -(one.tokens or 0))
    lines.extend(_parts(tuple(largest)))
    return lines


def _parts(references: tuple[ReferenceReport, ...]) -> list[str]:
    shown = [
        f"{one.target}: {tokens_text(one.tokens) if one.tokens is not None else one.state.value}"
        for one in references[:_MOST_PARTS]
    ]
    if len(references) > _MOST_PARTS:
        shown.append(f"and {len(references) - _MOST_PARTS:,} more")
    return shown


def _hover(lines: list[str], range_: types.Range | None, *, markdown: bool) -> types.Hover:
    if not markdown:
        return types.Hover(types.MarkupContent(types.MarkupKind.PlainText, "\n".join(lines)), range_)
    title, *rest = (_escaped(line) for line in lines)
    text = "  \n".join([f"**{title}**", *rest])
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text), range_)


def _escaped(text: str) -> str:
    """Text that Markdown shows as it is: file names and messages must not make links, images or HTML."""
    return "".join(
        f"\\{char}" if char in r"\`*_{}[]()<>#+-!|~&:@" else char for char in " ".join(text.split())
    )
