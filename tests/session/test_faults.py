"""Faults of ours while a document is looked after: its text and its counts never part, and it gets over them.

A fault is raised once, at the nth call of something that an edit or an answer goes through. It is no `Exception`, as a
panic in a tokenizer is not.
"""

import asyncio
import logging
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.session.harness import a_session, typed
from tests.session.test_exactness import FILES, check, edits, file_texts, relaxed, texts, write

from weighbridge.analysis.expand import Expander
from weighbridge.analysis.render import pieces_of, render
from weighbridge.references.index import ScanIndex
from weighbridge.session.document import Document
from weighbridge.session.outline import Outline
from weighbridge.session.readings import Readings
from weighbridge.session.session import Session
from weighbridge.tokens.counted import CountedBuffer
from weighbridge.tokens.openai import OpenAITokenizer
from weighbridge.work import CancelToken

#: What is called while edits are followed and answers taken.
PLACES = (
    (ScanIndex, "update"),
    (ScanIndex, "references"),
    (ScanIndex, "__init__"),
    (CountedBuffer, "splice"),
    (CountedBuffer, "set_parts"),
    (CountedBuffer, "answer"),
    (CountedBuffer, "pending"),
    (CountedBuffer, "tokens_between"),
    (OpenAITokenizer, "count"),
    (Outline, "edited"),
    (Outline, "follow"),
    (Outline, "fill"),
    (Outline, "resolved"),
    (Expander, "expanding"),
    (Expander, "forget"),
    (Readings, "_take"),
    (Readings, "want"),
    (Document, "placed"),
    (Document, "drop_unused"),
)
place = st.sampled_from(PLACES)


class Panic(BaseException):
    """As pyo3's."""


@contextmanager
def panicking(owner: type, name: str, calls: int) -> Iterator[Callable[[Session, Document], None]]:
    """Have one call of a method raise, done or not: the one that comes after so many others. Gives a `hold` that is none."""
    inner: Callable[..., Any] = getattr(owner, name)
    left = calls

    def once(*arguments: Any, **named: Any) -> Any:
        nonlocal left
        left -= 1
        if left == -1:
            if calls % 2:
                inner(*arguments, **named)
            raise Panic
        return inner(*arguments, **named)

    def held(session: Session, document: Document) -> None:
        setattr(owner, name, inner)
        hold(session, document)
        setattr(owner, name, once)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, name, once)
        yield held


def hold(session: Session, document: Document) -> None:
    """If a document says that its count is true, it is."""
    if document.ready:
        assert document.prepared is not None
        contents = session.readings.contents(document.uri)
        pieces = pieces_of(document.buffer.snapshot(), document.places())
        rendered = "".join(render(pieces, contents, CancelToken()))
        count = document.prepared.tokenizer.count
        assert (document.tokens, document.own_tokens) == (count(rendered), count(document.buffer.text()))


@relaxed
@given(
    files=st.fixed_dictionaries(dict.fromkeys(FILES, file_texts)),
    text=texts,
    changes=st.lists(edits, max_size=4),
    faults=st.lists(st.tuples(place, st.integers(0, 6)), min_size=4, max_size=4),
)
def test_a_count_that_says_it_is_true_is_true_whatever_raises(
    files: dict[str, str],
    text: str,
    changes: list[tuple[int, int, int, int, str]],
    faults: list[tuple[tuple[type, str], int]],
) -> None:
    async def run(folder: Path) -> None:
        write(folder, files)
        async with a_session(folder, {"variables": {"name": "value"}}) as session:
            document = session.open((folder / "doc.prompt.md").as_uri(), 1, text)
            await check(session, document)
            for (start, column, end, end_column, new), ((owner, name), calls) in zip(
                changes, faults, strict=False
            ):
                with panicking(owner, name, calls) as held:
                    typed(session, document, (start, column), new, (end, end_column))
                    held(session, document)
                    session.quiet(document)
                    session.report(document)
                    held(session, document)
                    session.refresh(document)
                    for _ in range(30):
                        await asyncio.sleep(0)
                        held(session, document)
                    await session.queries.ready(document)
                    session.report(document)
                    held(session, document)
                # Where a reading was lost to the fault, it is read again.
                session.refresh(document)
                await session.readings.settled(document.uri)
                await check(session, document)

    logging.disable(logging.CRITICAL)
    try:
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(run(Path(folder).resolve()))
    finally:
        logging.disable(logging.NOTSET)
