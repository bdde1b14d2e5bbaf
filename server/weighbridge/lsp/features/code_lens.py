"""`textDocument/codeLens`: the same counts above line 1 and above headings, for editors without inlay hints.

Above line 1 of an agent's file its imports stand, too.
"""

from collections.abc import Callable
from functools import partial

from lsprotocol import types

from weighbridge.analysis.report import Report
from weighbridge.analysis.wording import PENDING, name_text, number_text, part_text, share_text, total_text
from weighbridge.lsp.backend import Backend

#: Lenses of one document: clients ask for all at once.
MOST_LENSES = 1_000
#: Imports that are named in one.
_MOST_NAMED = 3


def lenses(report: Report, line_end: Callable[[int], int]) -> list[types.CodeLens]:
    """The document's total above line 1, and each section's above its heading; in order.

    `line_end`: where a line ends, in the client's units.
    """
    at = partial(_lens, line_end=line_end)
    total = f"{total_text(report)} ({share_text(report.budget.used)})" if report.ready else PENDING
    code_lenses = [at(0, total)]
    if report.imports:
        code_lenses.append(at(0, _imports_text(report)))
    # What stands under a heading on line 1 is the total.
    below = [section for section in report.sections[:MOST_LENSES] if section.range.start_line > 0]
    for section in below[: MOST_LENSES - len(code_lenses)]:
        text = part_text(report, section) if report.ready else PENDING
        code_lenses.append(at(section.range.start_line, text))
    return code_lenses


class CodeLenses:
    """Code lenses for one client."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def lenses(self, params: types.CodeLensParams) -> list[types.CodeLens]:
        """The lenses of a document that shows itself, if its settings want any."""
        document = self._backend.shown(params.text_document.uri)
        if document is None or not self._backend.session.settings_of(document).code_lens:
            return []
        if not self._backend.abilities.refresh_lenses:
            # Nobody can tell the client later that there is more to see.
            await self._backend.counted(document)
        return lenses(self._backend.session.report(document), document.buffer.line_end)


def _imports_text(report: Report) -> str:
    """`imports docs/style.md 1,240, docs/api.md 300 and 2 more`."""
    named = [
        f"{name_text(imported.target)} {number_text(imported.tokens, exact=report.exact_in(imported.range))}"
        if report.ready
        else f"{name_text(imported.target)} {PENDING}"
        for imported in report.imports[:_MOST_NAMED]
    ]
    left = len(report.imports) - len(named)
    return f"imports {', '.join(named)}{f' and {left:,} more' if left else ''}"


def _lens(line: int, title: str, line_end: Callable[[int], int]) -> types.CodeLens:
    place = types.Range(types.Position(line, 0), types.Position(line, line_end(line)))
    # Nothing to run: editors show the title as it is.
    return types.CodeLens(place, types.Command(title, ""))
