"""What references would cost that nobody has written yet: counted beside a document, as if they stood in it."""

import asyncio
import itertools
from collections.abc import Sequence

from weighbridge.session.document import Document
from weighbridge.session.session import Session
from weighbridge.session.target import Target
from weighbridge.session.waiting import CountingError, DocumentClosedError
from weighbridge.session.workspace import Silent
from weighbridge.work import Background, Priority, TaskManager


class Costs:
    """Tokens of references by what would be written. For the loop's thread."""

    def __init__(self, session: Session, tasks: TaskManager) -> None:
        self._session = session
        self._tasks = tasks
        self._numbers = itertools.count()

    async def of(self, document: Document, written: Sequence[str], seconds: float) -> list[int | None]:
        """Tokens of each as if it stood in the document, as far as they are known within `seconds`.

        In an agent's context file: of all that arrives by it, if nothing else stood there.
        """
        if document.prepared is not None and document.prepared.dialect.agent is not None:
            return await self._session.arriving.costs(document, written, seconds)
        # A session of its own for each question, so that the document has its own name in it: whatever goes by a
        # document's name (settings, variables files, cycles) is as it is in the editor.
        tasks = Background(self._tasks, ("costs", next(self._numbers)), Priority.MEDIUM)
        session = self._session.sibling(tasks, Silent())
        session.configured()
        head = head_of(document)
        first = len(head)
        text = "".join((*head, *(f"{one}\n\n" for one in written)))
        beside = session.open(document.uri, None, document.language, text)
        try:
            report = await asyncio.wait_for(session.whole_report(beside), seconds)
        except TimeoutError:
            report = session.report(beside)
        except (CountingError, DocumentClosedError):
            return [None] * len(written)
        finally:
            await session.aclose()
        by_line = {reference.range.start_line: reference.tokens for reference in report.references}
        return [by_line.get(first + 2 * place) for place in range(len(written))]


def known(document: Document, target: Target) -> int | None:
    """Tokens of what the document refers to already, by a lookup; None of what would have to be read, or read again."""
    expansion = document.expansions.get(target)
    if expansion is None or expansion.waiting or target in document.dirty:
        return None
    return expansion.tokens


def head_of(document: Document) -> list[str]:
    """The lines of a text that is counted as the document is: its front matter and its directives."""
    prepared = document.prepared
    if prepared is None:
        return []
    lines = [document.buffer.line(number) for number in range(prepared.index.skip)]
    for number, directive in prepared.index.directives():
        lines += [f"{document.buffer.kept(number)[directive.start : directive.end]}\n", "\n"]
    return [line if line.endswith("\n") else f"{line}\n" for line in lines]
