"""A warm start reads files many at a time, tokenizes none that was counted before, and counts what is there now."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from tests.cache.stores import kept, url
from tests.clock import settle as turn
from tests.session.harness import a_session, open_file, typed
from tests.tokens.watched import WatchedService

from weighbridge.cache import CountStore
from weighbridge.content.base import Content, ContentRequest
from weighbridge.content.factory import HandlerFactory
from weighbridge.content.file import FileHandler
from weighbridge.references.model import Kind
from weighbridge.session.overlay import OpenTexts
from weighbridge.session.session import Session
from weighbridge.tokens.registry import tokenizer

count = tokenizer("cl100k_base").count
MANY = 100


class Watched(FileHandler):
    """Files; remembers which were read, how often."""

    def __init__(self, open_texts: OpenTexts) -> None:
        super().__init__(open_texts)
        self.read: list[str] = []

    def load(self, request: ContentRequest) -> Content:
        content = super().load(request)
        raw = content.raw
        if raw is None:
            return content

        def read() -> Iterator[bytes]:
            self.read.append(request.target)
            return raw()

        return replace(content, raw=read)


@asynccontextmanager
async def watching(folder: Path, store: CountStore) -> AsyncIterator[tuple[Session, Watched, WatchedService]]:
    open_texts = OpenTexts()
    handlers = HandlerFactory(open_texts, None)
    handler = Watched(open_texts)
    handlers._blocking[Kind.FILE] = handler
    service = WatchedService(store, 1000)
    async with a_session(folder, service=service, handlers=handlers, open_texts=open_texts) as session:
        yield session, handler, service


def workspace(folder: Path) -> str:
    """A document of many references; what it stands for."""
    lines, resolved = [], []
    for number in range(MANY):
        text = f"part {number}, 漢字\n" * (number % 7 + 1)
        (folder / f"part-{number}.md").write_text(text)
        lines.append(f"before @[file:part-{number}.md] after\n")
        resolved.append(f"before {text} after\n")
    (folder / "deep.md").write_text("deep @[file:part-1.md]\n")
    lines.append("@[file:deep.md] @[file:none.md] @[file:part-2.md#L1]\n")
    deep = f"deep {(folder / 'part-1.md').read_text()}\n"
    resolved.append(f"{deep} @[file:none.md] part 2, 漢字\n\n")
    (folder / "doc.md").write_text("".join(lines))
    return "".join(resolved)


async def test_a_warm_start_reads_every_file_and_tokenizes_none(tmp_path: Path) -> None:
    expected = workspace(tmp_path)
    with kept(url(tmp_path / "counts.db")) as it:
        async with watching(tmp_path, it.store) as (session, _, _):
            assert await session.queries.count(open_file(session, tmp_path / "doc.md")) == count(expected)
        async with watching(tmp_path, it.store) as (session, handler, service):
            document = open_file(session, tmp_path / "doc.md")
            assert await session.queries.count(document) == count(expected)
            # What refers to something is read again to be scanned.
            once = [f"part-{number}.md" for number in range(MANY)]
            assert sorted(handler.read) == sorted([*once, "deep.md", "deep.md"])
            assert service.stats.tokenized == 0
            assert await session.queries.render(document) == expected


async def test_what_changed_since_counts_as_it_is_now(tmp_path: Path) -> None:
    workspace(tmp_path)
    with kept(url(tmp_path / "counts.db")) as it:
        async with watching(tmp_path, it.store) as (session, _, _):
            await session.queries.count(open_file(session, tmp_path / "doc.md"))
        (tmp_path / "part-3.md").write_text("PART 3, 漢字\n" * 4)
        (tmp_path / "part-4.md").unlink()
        async with watching(tmp_path, it.store) as (session, handler, _):
            document = open_file(session, tmp_path / "doc.md")
            tokens = await session.queries.count(document)
            assert [name for name in sorted(handler.read) if handler.read.count(name) > 1] == [
                *["deep.md"] * 2,
                *["part-3.md"] * 2,
            ]
            assert tokens == count(await session.queries.render(document))


async def test_what_is_open_counts_as_it_is_in_the_editor(tmp_path: Path) -> None:
    workspace(tmp_path)
    with kept(url(tmp_path / "counts.db")) as it:
        async with watching(tmp_path, it.store) as (session, _, _):
            await session.queries.count(open_file(session, tmp_path / "doc.md"))
        async with watching(tmp_path, it.store) as (session, _, _):
            session.open((tmp_path / "part-5.md").as_uri(), 1, "other words in the editor")
            document = open_file(session, tmp_path / "doc.md")
            tokens = await session.queries.count(document)
            rendered = await session.queries.render(document)
            assert "other words in the editor" in rendered
            assert tokens == count(rendered)


async def test_what_changes_while_it_is_open_is_read_again(tmp_path: Path) -> None:
    workspace(tmp_path)
    with kept(url(tmp_path / "counts.db")) as it:
        async with watching(tmp_path, it.store) as (session, _, _):
            await session.queries.count(open_file(session, tmp_path / "doc.md"))
        async with watching(tmp_path, it.store) as (session, handler, _):
            document = open_file(session, tmp_path / "doc.md")
            await session.queries.count(document)
            (tmp_path / "part-6.md").write_text("changed while it was open\n")
            session.files_changed([tmp_path / "part-6.md"])
            await session.readings.settled(document.uri)
            tokens = await session.queries.count(document)
            assert "part-6.md" in handler.read
            assert tokens == count(await session.queries.render(document))


async def test_what_is_let_go_while_it_is_looked_up_is_gone(tmp_path: Path) -> None:
    workspace(tmp_path)
    with kept(url(tmp_path / "counts.db")) as it:
        async with watching(tmp_path, it.store) as (session, _, _):
            await session.queries.count(open_file(session, tmp_path / "doc.md"))
        async with watching(tmp_path, it.store) as (session, _, _):
            document = open_file(session, tmp_path / "doc.md")
            while not session.readings.watched():
                await turn()
            session.close(document.uri)
            assert (session.readings._entries, session.readings.watched()) == ({}, frozenset())
            # And once more, while the first look-up may still be under way.
            document = open_file(session, tmp_path / "doc.md")
            typed(session, document, (0, 0), "x")
            tokens = await session.queries.count(document)
            assert tokens == count(await session.queries.render(document))
