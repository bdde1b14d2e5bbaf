"""The last report of each open document, and those of many references and sections while they are being made."""

from collections.abc import Callable

import msgspec

from weighbridge.analysis.report import Report
from weighbridge.session.document import Document
from weighbridge.session.reporting import report_steps, unprepared
from weighbridge.steps import Steps
from weighbridge.text import PositionEncoding

#: Steps of a report that are made in one turn.
_STEPS_A_TURN = 2


class Reports:
    """Reports by document. A report is of one state of its document: its revision, and whether that is ready."""

    def __init__(self, encoding: PositionEncoding, pump_soon: Callable[[Document], None]) -> None:
        """`pump_soon`: has a document looked after in the loop's next turn."""
        self._encoding = encoding
        self._pump_soon = pump_soon
        self._reports: dict[str, tuple[int, bool, Report]] = {}
        self._making: dict[str, tuple[tuple[int, bool], Steps[Report]]] = {}

    def made(self, document: Document) -> Report | None:
        """The report of the document's present state, if it is made."""
        made = self._reports.get(document.uri)
        return None if made is None or made[:2] != (document.revision, document.ready) else made[2]

    def being_made(self, document: Document) -> bool:
        """Whether a report of the document is being made, of whatever state."""
        return document.uri in self._making

    def begin(self, document: Document) -> bool:
        """Begin the report of the document's present state; False if that is being made already."""
        state = document.revision, document.ready
        if document.uri in self._making and self._making[document.uri][0] == state:
            return False
        self._making[document.uri] = state, report_steps(document, self._encoding)
        return True

    def go_on(self, document: Document) -> Report | None:
        """Go on with a report; None while there is more to do, or it is no longer wanted."""
        state, steps = self._making[document.uri]
        if state == (document.revision, document.ready):
            try:
                for _ in range(_STEPS_A_TURN):
                    next(steps)
            except StopIteration as end:
                del self._making[document.uri]
                report: Report = end.value
                self._reports[document.uri] = (*state, report)
                if document.ready and not report.ready:
                    # Sections are being summed up, or one without a border at its ends is counted by a worker.
                    self._pump_soon(document)
                return report
            self._pump_soon(document)
        else:
            del self._making[document.uri]
        return None

    def meanwhile(self, document: Document) -> Report:
        """What is said while the report of the present state is being made: the last one, with the totals of now."""
        made = self._reports.get(document.uri)
        if made is None:
            return unprepared(document)
        tokens, own = document.tokens, document.own_tokens
        return msgspec.structs.replace(
            made[2], version=document.version, ready=False, tokens=tokens, own_tokens=own
        )

    def lacks_sections(self, document: Document) -> bool:
        """Whether the last report was made without some sections, and nothing changed since."""
        made = self._reports.get(document.uri)
        return made is not None and not made[2].ready and made[0] == document.revision

    def forget(self, uri: str) -> None:
        """Let go of a document's reports."""
        self._reports.pop(uri, None)
        self._making.pop(uri, None)
