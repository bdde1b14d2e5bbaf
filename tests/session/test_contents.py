"""Contents that documents share: read once, read again when they change, let go when nobody refers to them."""

import asyncio
import gc
import os
import threading
from collections.abc import Hashable
from pathlib import Path

import pytest
from tests.clock import settle as turn
from tests.patience import HANGS_AFTER
from tests.session.harness import (
    FakeTimers,
    a_session,
    counted,
    manager_of,
    open_file,
    set_layer,
    sizes,
    typed,
)
from tests.session.test_exactness import check
from tests.tokens.watched import stats_of

from weighbridge.analysis.expand import State
from weighbridge.analysis.render import render_marked
from weighbridge.content.base import Content, ContentRequest
from weighbridge.content.factory import HandlerFactory
from weighbridge.errors import Code, ReferenceFault
from weighbridge.references.model import Kind
from weighbridge.session.overlay import OpenTexts
from weighbridge.session.session import Session
from weighbridge.tokens.registry import tokenizer
from weighbridge.work import TaskState


def write(folder: Path, **texts: str) -> None:
    for name, text in texts.items():
        (folder / f"{name}.md").write_bytes(text.encode())


def touch(path: Path, text: str) -> None:
    """Write a file so that a look at it tells."""
    stamp = path.stat().st_mtime_ns if path.exists() else 0
    path.write_bytes(text.encode())
    os.utime(path, ns=(stamp + 1_000_000, stamp + 1_000_000))


async def settle(session: Session) -> None:
    """Wait until all that was begun has come to its end."""
    while not manager_of(session).idle:
        await manager_of(session).wait_idle()
    for document in session.documents.values():
        await session.readings.settled(document.uri)


async def test_two_documents_read_what_they_share_once(tmp_path: Path) -> None:
    write(
        tmp_path, one="1 @[file:shared.md]", two="2 @[file:shared.md]", shared="s @[file:deep.md]", deep="d"
    )
    handlers = HandlerFactory()
    files = counted(handlers, Kind.FILE)
    async with a_session(tmp_path, handlers=handlers) as session:
        one, two = (open_file(session, tmp_path / name) for name in ("one.md", "two.md"))
        assert await check(session, one) == "1 s d"
        assert await check(session, two) == "2 s d"
        assert sorted(files.loads) == ["deep.md", "shared.md"]
        session.close(one.uri)
        assert (sizes(session)["entries"], await check(session, two)) == (2, "2 s d")
        session.close(two.uri)
        assert set(sizes(session).values()) == {0}


async def test_closing_leaves_nothing(tmp_path: Path) -> None:
    write(tmp_path, doc="@[file:a.md] {{x}} @[file:no.md] @[api:none]", a="@[file:b.md]", b="@[file:a.md]")
    async with a_session(tmp_path, {"variables": {"x": "1"}, "maxDepth": 3}) as session:
        for _ in range(3):
            document = open_file(session, tmp_path / "doc.md")
            await session.queries.ready(document)
            session.report(document)
            session.close(document.uri)
            # Closed before anything is read, too.
            session.close(open_file(session, tmp_path / "doc.md").uri)
            await settle(session)
            assert set(sizes(session).values()) == {0}


async def test_files_that_change_appear_and_go(tmp_path: Path) -> None:
    write(tmp_path, doc="@[file:a.md]!", a="old @[file:b.md]")
    async with a_session(tmp_path) as session:
        document = open_file(session, tmp_path / "doc.md")
        assert await check(session, document) == "old @[file:b.md]!"
        for name, text, rendered in (
            ("b.md", "appeared", "old appeared!"),
            ("a.md", "new @[file:b.md]", "new appeared!"),
            ("a.md", "alone", "alone!"),
        ):
            touch(tmp_path / name, text)
            session.files_changed([tmp_path / name])
            await settle(session)
            assert await check(session, document) == rendered
        # What `a.md` no longer refers to is nobody's any more.
        assert sizes(session)["entries"] == 1
        (tmp_path / "a.md").unlink()
        session.files_changed([tmp_path / "a.md"])
        await settle(session)
        assert await check(session, document) == "@[file:a.md]!"
        (reference,) = session.report(document).references
        assert (reference.state, reference.problem and reference.problem.code) == (
            State.FAILED,
            Code.NOT_FOUND,
        )


async def test_what_did_not_change_is_read_and_shown_no_other(tmp_path: Path) -> None:
    write(tmp_path, doc="@[file:a.md] {{x}}", a="text")
    handlers = HandlerFactory()
    files = counted(handlers, Kind.FILE)
    async with a_session(tmp_path, {"variables": {"x": "1"}}, handlers=handlers) as session:
        document = open_file(session, tmp_path / "doc.md")
        await session.queries.ready(document)
        revision, tokenized = document.revision, stats_of(session.service).tokenized
        session.files_changed([tmp_path / "a.md", tmp_path / "other.md"])
        await settle(session)
        assert (files.loads, document.revision) == (["a.md"] * 2, revision)
        session.refresh(document)
        await settle(session)
        assert (files.loads, document.revision) == (["a.md"] * 3, revision)
        assert stats_of(session.service).tokenized == tokenized


async def test_an_open_document_counts_as_it_is_in_the_editor(tmp_path: Path) -> None:
    write(tmp_path, doc="@[file:a.md]!", a="on disk")
    timers, open_texts = FakeTimers(), OpenTexts()
    handlers = HandlerFactory(open_texts)
    async with a_session(tmp_path, handlers=handlers, open_texts=open_texts, timers=timers) as session:
        document = open_file(session, tmp_path / "doc.md")
        assert await check(session, document) == "on disk!"
        included = session.open((tmp_path / "a.md").as_uri(), 1, "unsaved")
        await settle(session)
        assert await check(session, document) == "unsaved!"
        typed(session, included, (0, 0), "still ")
        await settle(session)
        assert await check(session, document) == "unsaved!"
        timers.advance(0.3)
        await settle(session)
        assert await check(session, document) == "still unsaved!"
        session.close(included.uri)
        await settle(session)
        assert await check(session, document) == "on disk!"


async def test_who_types_on_is_read_when_it_is_quiet(tmp_path: Path) -> None:
    write(tmp_path, doc="@[file:a.md]!", a="on disk")
    timers, open_texts = FakeTimers(), OpenTexts()
    handlers = HandlerFactory(open_texts)
    async with a_session(tmp_path, handlers=handlers, open_texts=open_texts, timers=timers) as session:
        document, included = (open_file(session, tmp_path / name) for name in ("doc.md", "a.md"))
        for _ in range(3):
            typed(session, included, (0, 0), "x ")
            timers.advance(0.2)
            await settle(session)
            assert await check(session, document) == "on disk!"
        timers.advance(0.1)
        await settle(session)
        assert await check(session, document) == "x x x on disk!"


class Held:
    """A handler of files in memory that are held up between being read and being handed over."""

    kind = Kind.FILE

    def __init__(self, texts: dict[str, str]) -> None:
        self.texts = texts
        self.read = 0
        self._may = threading.Event()

    def go_on(self) -> None:
        self._may.set()

    def hold(self) -> None:
        self.read = 0
        self._may.clear()

    def key(self, request: ContentRequest) -> Hashable:
        return request.target

    def paths(self, request: ContentRequest) -> tuple[Path, ...]:
        return (Path("/held") / request.target,)

    def load(self, request: ContentRequest) -> Content:
        text = self.texts[request.target]
        self.read += 1
        assert self._may.wait(HANGS_AFTER)
        return Content(text, request.target, lambda: iter([text]), raw=lambda: iter([text.encode()]))


async def test_a_change_while_a_file_is_read_is_not_forgotten(tmp_path: Path) -> None:
    write(tmp_path, doc="@[file:a.md]!")
    handlers, held = HandlerFactory(), Held({"a.md": "first"})
    handlers._blocking[Kind.FILE] = held
    async with a_session(tmp_path, handlers=handlers) as session:

        async def changed_while_it_is_read(text: str) -> None:
            while not held.read:
                await asyncio.to_thread(int)  # lets workers have their turn
            held.texts["a.md"] = text
            session.files_changed([Path("/held/a.md")])
            held.go_on()
            await settle(session)
            await session.queries.ready(document)
            assert document.tokens == tokenizer("cl100k_base").count(f"{text}!")

        document = open_file(session, tmp_path / "doc.md")
        await changed_while_it_is_read("second, and longer")
        # Known by now: it is looked at together with others.
        held.hold()
        session.files_changed([Path("/held/a.md")])
        await changed_while_it_is_read("a third text")
        held.hold()
        held.texts["a.md"] = "second, and longer"
        session.files_changed([Path("/held/a.md")])
        await changed_while_it_is_read("second, and longer still")


async def test_an_open_document_is_the_file_that_its_link_leads_to(tmp_path: Path) -> None:
    write(tmp_path, doc="@[file:a.md]!", a="on disk")
    (tmp_path / "other").mkdir()
    link = tmp_path / "other" / "a.md"
    link.symlink_to(tmp_path / "a.md")
    timers, open_texts = FakeTimers(), OpenTexts()
    handlers = HandlerFactory(open_texts)
    async with a_session(tmp_path, handlers=handlers, open_texts=open_texts, timers=timers) as session:
        included = session.open(link.as_uri(), 1, "unsaved")
        await session.queries.ready(included)
        document = open_file(session, tmp_path / "doc.md")
        assert await check(session, document) == "unsaved!"
        typed(session, included, (0, 0), "still ")
        timers.advance(0.3)
        await settle(session)
        assert await check(session, document) == "still unsaved!"
        session.close(included.uri)
        await settle(session)
        assert await check(session, document) == "on disk!"


async def test_documents_that_include_each_other(tmp_path: Path) -> None:
    write(tmp_path, a="a @[file:b.md]", b="b @[file:a.md]")
    open_texts = OpenTexts()
    async with a_session(tmp_path, handlers=HandlerFactory(open_texts), open_texts=open_texts) as session:
        a, b = open_file(session, tmp_path / "a.md"), open_file(session, tmp_path / "b.md")
        assert await check(session, a) == "a b @[file:a.md]"
        assert await check(session, b) == "b a @[file:b.md]"
        typed(session, b, (0, 0), "new ")
        session._show_open_text(b)
        await settle(session)
        assert await check(session, a) == "a new b @[file:a.md]"


async def test_settings_decide_what_is_read(tmp_path: Path) -> None:
    write(tmp_path, doc="@[file:a.md] {{x}}", a="0123456789 {{x}}")
    async with a_session(tmp_path) as session:
        document = open_file(session, tmp_path / "doc.md")
        assert await check(session, document) == "0123456789 {{x}} {{x}}"
        for values, rendered in (
            ({"variables": {"x": "1"}}, "0123456789 1 1"),
            ({"variables": {"x": "2"}, "maxFileBytes": 5}, "@[file:a.md] 2"),
            ({"maxDepth": 0}, "@[file:a.md] {{x}}"),
            ({"encoding": "r50k_base", "variables": {"x": "3"}}, "0123456789 3 3"),
        ):
            set_layer(session, values)
            assert await check(session, document) == rendered
            # Nothing is left of what was read under other settings.
            assert sizes(session)["leftover"] == 0
            assert sizes(session)["entries"] == sizes(session)["requests"]
        session.close(document.uri)
        await settle(session)
        assert set(sizes(session).values()) == {0}


async def test_rendering_goes_on_when_files_change_under_it(tmp_path: Path) -> None:
    write(tmp_path, doc="@[file:a.md] @[file:b.md]!", a="old", b="b")
    async with a_session(tmp_path) as session:
        document = open_file(session, tmp_path / "doc.md")
        await session.queries.ready(document)
        # Nobody tells of it, and a look doesn't either: it has the same size and time as before.
        stamp = (tmp_path / "a.md").stat().st_mtime_ns
        (tmp_path / "a.md").write_bytes(b"new")
        os.utime(tmp_path / "a.md", ns=(stamp, stamp))
        (tmp_path / "b.md").unlink()
        assert await session.queries.render(document) == "new @[file:b.md]!"
        assert await check(session, document) == "new @[file:b.md]!"


async def test_rendering_gives_up_when_files_change_all_the_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, doc="@[file:a.md]", a="0")
    renderings = []

    def changing(*arguments: object) -> object:
        renderings.append(1)
        touch(tmp_path / "a.md", str(len(renderings)))
        return render_marked(*arguments)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr("weighbridge.session.queries.render_marked", changing)
    async with a_session(tmp_path) as session:
        document = open_file(session, tmp_path / "doc.md")
        with pytest.raises(ReferenceFault, match=r"a\.md: changed"):
            await session.queries.render(document)
        assert len(renderings) == 3


async def test_what_nobody_wants_any_more_is_not_read_to_its_end(tmp_path: Path) -> None:
    (tmp_path / "long.md").write_text("word " * 2_000_000)
    async with a_session(tmp_path) as session:
        document = session.open((tmp_path / "doc.md").as_uri(), 1, "@[file:long.md]")
        unfinished = manager_of(session)._entries
        while not (tasks := [unfinished[key].task for key in unfinished if str(key).startswith("('read',")]):
            await turn()
        session.close(document.uri)
        assert [task.state for task in tasks] == [TaskState.CANCELLED]
        await manager_of(session).wait_idle()


async def test_a_secret_is_in_no_report(tmp_path: Path) -> None:
    settings = {"env": ["TOKEN"]}
    async with a_session(tmp_path, settings, environment={"TOKEN": "s3cret-value"}) as session:
        document = session.open((tmp_path / "doc.md").as_uri(), 1, "@[var:env.TOKEN]")
        assert await check(session, document) == "s3cret-value"
        assert "s3cret" not in str(session.report(document).as_json())


@pytest.mark.parametrize("first", ["page", "about"])
async def test_no_file_is_proposed_to_itself(tmp_path: Path, first: str) -> None:
    """Nor to what it includes: of two documents that miss the same file, only the other one is told of this one."""
    write(
        tmp_path,
        page="@pagee.md",
        about="@pagee.md @inner.md",
        inner="@innner.md",
        outer="@inner.md @innner.md",
    )
    near = "pagee.md: not found; did you mean page.md?"
    expected = {
        "page": ["pagee.md: not found"],
        "about": [near, "innner.md: not found"],
        "outer": ["innner.md: not found", "innner.md: not found; did you mean inner.md?"],
    }
    async with a_session(tmp_path) as session:
        for name in sorted(expected, key=lambda name: name != first):
            document = open_file(session, tmp_path / f"{name}.md")
            await session.queries.count(document)
            rows = [row for one in session.report(document).references for row in (one, *one.references)]
            assert [row.problem.message for row in rows if row.problem is not None] == expected[name]


async def test_what_failed_is_gone_without_the_collector(tmp_path: Path) -> None:
    """References that are typed and taken away again must not pile up until all objects are walked."""
    text = "@[file:none.md] {{nobody}} @[file:a.md#nowhere] "
    (tmp_path / "a.md").write_text("# A\n")

    def faults() -> int:
        return sum(isinstance(one, ReferenceFault) for one in gc.get_objects())

    async with a_session(tmp_path) as session:
        document = session.open((tmp_path / "p.prompt.md").as_uri(), 1, "words\n")
        await session.queries.count(document)
        gc.collect()
        gc.disable()
        try:
            before = faults()
            for _ in range(3):
                typed(session, document, (0, 0), text)
                await session.queries.count(document)
                typed(session, document, (0, 0), "", (0, len(text)))
                session.quiet(document)
                await session.queries.count(document)
            # What was just read may still be on its worker's hands.
            assert faults() - before <= 2
        finally:
            gc.enable()
