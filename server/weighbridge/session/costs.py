"""The tokens of references that are only proposed, counted as if they stood in a document."""

import asyncio
import itertools
from collections.abc import Sequence

from weighbridge.session.closed import closed_text, weigh_with_apis
from weighbridge.session.document import Document
from weighbridge.session.session import Session
from weighbridge.session.target import Target
from weighbridge.work import TaskManager


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
        head = head_of(document)
        counting = [asyncio.ensure_future(self._tokens(document, head, reference)) for reference in written]
        await asyncio.wait(counting, timeout=seconds)
        for task in counting:
            task.cancel()
        counts = await asyncio.gather(*counting, return_exceptions=True)
        return [None if isinstance(tokens, BaseException) else tokens for tokens in counts]

    async def _tokens(self, document: Document, head: Sequence[str], written: str) -> int | None:
        """Tokens of a reference in a text that has the document's name: settings, variables files and cycles go by that."""
        session = self._session
        text = "".join((*head, written, "\n"))
        closed = closed_text(session.configuration, document.uri, document.path, text)
        key = "cost", next(self._numbers)
        weighed = await weigh_with_apis(self._tasks, key, closed, session.contents(), session.encoding)
        line = len(head)
        return next(
            (
                reference.tokens
                for reference in weighed.report.references
                if reference.range.start_line == line
            ),
            None,
        )


def known_tokens(document: Document, target: Target) -> int | None:
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
        lines += [f"{document.buffer.stored_line(number)[directive.start : directive.end]}\n", "\n"]
    return [line if line.endswith("\n") else f"{line}\n" for line in lines]
