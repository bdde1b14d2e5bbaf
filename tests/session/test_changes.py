"""A file that changed counts as it is now, whatever its size and times tell; so does what links lead to."""

import mmap
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from tests.cache.stores import kept, url
from tests.session.harness import FakeTimers, a_session, open_file, typed
from tests.session.test_contents import settle
from tests.session.test_exactness import check

from weighbridge.session.document import Document
from weighbridge.session.session import Session
from weighbridge.tokens.registry import tokenizer

count = tokenizer("cl100k_base").count
OLD = "aaaa bbbb cccc dddd\n" * 50
NEW = "!@#$ %^&* ()_+ =-[]\n" * 50


def write_in_place(path: Path, text: str) -> None:
    with path.open("r+", encoding="utf-8") as file:
        file.write(text)


def write_through_a_map(path: Path, text: str) -> None:
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as held:
        held[:] = text.encode()


def put_another_in_its_place(path: Path, text: str) -> None:
    other = path.with_name("other")
    other.write_text(text, encoding="utf-8")
    other.replace(path)


def put_times_back(path: Path, before: os.stat_result) -> None:
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def put_times_to_zero(path: Path, _: os.stat_result) -> None:
    os.utime(path, (0, 0))


WAYS = (write_in_place, write_through_a_map, put_another_in_its_place)
TIMES = (put_times_back, put_times_to_zero)
Way = Callable[[Path, str], None]
Times = Callable[[Path, os.stat_result], None]


def change(path: Path, text: str, way: Way, times: Times) -> None:
    """Give a file another text of the same size, and times that say nothing of it."""
    before = path.stat()
    way(path, text)
    times(path, before)
    assert path.stat().st_size == before.st_size


def by_a_notification(session: Session, folder: Path) -> None:
    session.files_changed([folder / "inc.txt"])


def by_refreshing(session: Session, _: Path) -> None:
    session.refresh()


@pytest.mark.parametrize("told", [by_a_notification, by_refreshing])
@pytest.mark.parametrize("times", TIMES)
@pytest.mark.parametrize("way", WAYS)
async def test_who_is_told_reads(
    tmp_path: Path, way: Way, times: Times, told: Callable[[Session, Path], None]
) -> None:
    (tmp_path / "doc.md").write_text("x\n@[file:inc.txt]")
    (tmp_path / "inc.txt").write_text(OLD)
    os.utime(tmp_path / "inc.txt", (0, 0))
    async with a_session(tmp_path) as session:
        document = open_file(session, tmp_path / "doc.md")
        assert await session.queries.count(document) == count(f"x\n{OLD}")
        change(tmp_path / "inc.txt", NEW, way, times)
        told(session, tmp_path)
        await settle(session)
        assert await session.queries.count(document) == count(f"x\n{NEW}")
        assert await check(session, document) == f"x\n{NEW}"


@pytest.mark.parametrize("times", TIMES)
@pytest.mark.parametrize("way", WAYS)
async def test_another_process_reads(tmp_path: Path, way: Way, times: Times) -> None:
    (tmp_path / "doc.md").write_text("x\n@[file:inc.txt]")
    (tmp_path / "inc.txt").write_text(OLD)
    os.utime(tmp_path / "inc.txt", (0, 0))
    with kept(url(tmp_path / "counts.db")) as it:
        for text in (OLD, NEW):
            async with a_session(tmp_path, store=it.store) as session:
                document = open_file(session, tmp_path / "doc.md")
                assert await session.queries.count(document) == count(f"x\n{text}")
            if text == OLD:
                change(tmp_path / "inc.txt", NEW, way, times)


async def test_a_rendering_that_sees_other_text_has_it_counted(tmp_path: Path) -> None:
    (tmp_path / "doc.md").write_text("x\n@[file:inc.txt]")
    (tmp_path / "inc.txt").write_text(OLD)
    async with a_session(tmp_path) as session:
        document = open_file(session, tmp_path / "doc.md")
        await session.queries.ready(document)
        change(tmp_path / "inc.txt", NEW, write_through_a_map, put_times_back)
        assert await session.queries.render(document) == f"x\n{NEW}"
        assert await session.queries.count(document) == count(f"x\n{NEW}")


async def test_who_begins_to_use_a_file_has_it_read_again(tmp_path: Path) -> None:
    """Nobody tells of it: so it is with network shares, and while somebody holds the file in a memory map."""
    (tmp_path / "one.md").write_text("1\n@[file:inc.txt] {{v}}")
    (tmp_path / "two.md").write_text("2\n@[file:inc.txt]")
    (tmp_path / "inc.txt").write_text(OLD)
    timers = FakeTimers()
    async with a_session(tmp_path, timers=timers) as session:
        one = open_file(session, tmp_path / "one.md")
        await session.queries.ready(one)
        change(tmp_path / "inc.txt", NEW, write_through_a_map, put_times_back)
        timers.advance(60)
        two = open_file(session, tmp_path / "two.md")
        await session.queries.ready(two)
        await settle(session)
        assert await session.queries.count(two) == count(f"2\n{NEW}")
        assert await session.queries.count(one) == count(f"1\n{NEW} {{{{v}}}}")


async def by_counting(session: Session, document: Document) -> None:
    await session.queries.count(document)


async def by_a_pause_in_typing(session: Session, document: Document) -> None:
    typed(session, document, (0, 0), "x")
    session.quiet(document)


async def by_saving(session: Session, document: Document) -> None:
    session.saved(document)


@pytest.mark.parametrize("seconds", [0.5, 60])
@pytest.mark.parametrize("way", [by_counting, by_a_pause_in_typing, by_saving])
async def test_what_nobody_tells_of_is_seen_by_who_looks(
    tmp_path: Path, way: Callable[[Session, Document], Awaitable[None]], seconds: float
) -> None:
    """A file in a memory map changes without a word. Whoever asks, pauses or saves has it read: once a second is enough."""
    (tmp_path / "doc.md").write_text("@[file:inc.txt] {{v}}")
    file = tmp_path / "doc.md.vars.toml"
    (tmp_path / "inc.txt").write_text(OLD)
    file.write_text('v = "aaaa bbbb cccc dddd"')
    timers = FakeTimers()
    async with a_session(tmp_path, timers=timers) as session:
        document = open_file(session, tmp_path / "doc.md")
        await session.queries.ready(document)
        before = document.tokens
        change(tmp_path / "inc.txt", NEW, write_through_a_map, put_times_back)
        change(file, 'v = "!@#$ %^&* ()_+ =-[]"', write_through_a_map, put_times_back)
        timers.advance(seconds)
        await way(session, document)
        await settle(session)
        await session.queries.ready(document)
        if seconds > 1:
            added = document.buffer.line(0).partition("@")[0]
            assert document.tokens == count(f"{added}{NEW} !@#$ %^&* ()_+ =-[]")
        else:
            assert abs(document.tokens - before) <= 1


@pytest.mark.parametrize("told", ["notification", "refresh"])
@pytest.mark.parametrize("way", WAYS)
async def test_a_variables_file_is_read(tmp_path: Path, way: Way, told: str) -> None:
    file = tmp_path / "doc.md.vars.toml"
    (tmp_path / "doc.md").write_text("x {{v}}")
    file.write_text('v = "aaaa bbbb cccc dddd"')
    os.utime(file, (0, 0))
    async with a_session(tmp_path) as session:
        document = open_file(session, tmp_path / "doc.md")
        assert await check(session, document) == "x aaaa bbbb cccc dddd"
        change(file, 'v = "!@#$ %^&* ()_+ =-[]"', way, put_times_back)
        if told == "refresh":
            session.refresh(document)
        else:
            session.files_changed([file])
        await settle(session)
        assert await check(session, document) == "x !@#$ %^&* ()_+ =-[]"


def turn(link: Path, to: str) -> None:
    link.unlink()
    link.symlink_to(to)


LINKS = [
    # What is written, the links there are, which one is turned where.
    ("x/a.md", {"x/a.md": "../y/b.md", "y/b.md": "../z/c.md"}, "y/b.md", "../z/d.md"),
    ("x/a.md", {"x/a.md": "../y/b.md", "y/b.md": "../z/c.md"}, "x/a.md", "../z/d.md"),
    ("x/a.md", {"x/a.md": "../y/c.md", "y": "z"}, "y", "w"),  # a folder link in the middle
    ("x/c.md", {"x": "y", "y": "z"}, "y", "w"),
    ("x/a.md", {"x/a.md": "../y/b.md", "y/b.md": "../z/none.md"}, "y/b.md", "../z/d.md"),
    ("x/a.md", {"x/a.md": "../y/b.md", "y/b.md": "../x/a.md"}, "y/b.md", "../z/d.md"),
    ("x/a.md", {"x/a.md": "../y/b.md", "y/b.md": "../../outside.md"}, "y/b.md", "../z/d.md"),
]


@pytest.mark.parametrize(("target", "links", "turned", "to"), LINKS)
async def test_links_in_the_middle_are_a_part_of_what_a_file_is(
    tmp_path: Path, target: str, links: dict[str, str], turned: str, to: str
) -> None:
    folder = tmp_path / "workspace"
    for name in ("z", "w"):
        (folder / name).mkdir(parents=True)
    (folder / "z" / "c.md").write_text("first")
    (folder / "z" / "d.md").write_text("another text of more words")
    (folder / "w" / "c.md").write_text("another text of more words")
    (tmp_path / "outside.md").write_text("outside")
    for link, leads_to in links.items():
        (folder / link).parent.mkdir(exist_ok=True)
        (folder / link).symlink_to(leads_to)
    (folder / "doc.md").write_text(f"@[file:{target}]!")
    async with a_session(folder) as session:
        document = open_file(session, folder / "doc.md")
        await check(session, document)
        turn(folder / turned, to)
        session.files_changed([folder / turned])
        await settle(session)
        assert await check(session, document) == "another text of more words!"
        # And it is the new way that matters from here on.
        watched = session.readings.watched()
        assert not {path.name for path in watched} & {"none.md", "outside.md"}
        (folder / "z" / "d.md").write_text("once more")
        (folder / "w" / "c.md").write_text("once more")
        session.files_changed([folder / "z" / "d.md", folder / "w" / "c.md"])
        await settle(session)
        assert await check(session, document) == "once more!"


async def test_what_a_link_leads_to_may_come_later(tmp_path: Path) -> None:
    (tmp_path / "doc.md").write_text("@[file:a.md]!")
    (tmp_path / "a.md").symlink_to("b.md")
    (tmp_path / "b.md").symlink_to("later.md")
    async with a_session(tmp_path) as session:
        document = open_file(session, tmp_path / "doc.md")
        assert await check(session, document) == "@[file:a.md]!"
        (tmp_path / "later.md").write_text("came")
        session.files_changed([tmp_path / "later.md"])
        await settle(session)
        assert await check(session, document) == "came!"


async def test_an_edit_counts_what_is_there_now(tmp_path: Path) -> None:
    """A reference that is typed anew stands for what the file is now, though nobody told."""
    (tmp_path / "doc.md").write_text("x\n")
    (tmp_path / "other.md").write_text("@[file:inc.txt]")
    (tmp_path / "inc.txt").write_text(OLD)
    timers = FakeTimers()
    async with a_session(tmp_path, timers=timers) as session:
        await session.queries.ready(open_file(session, tmp_path / "other.md"))
        document = open_file(session, tmp_path / "doc.md")
        await session.queries.ready(document)
        change(tmp_path / "inc.txt", NEW, write_in_place, put_times_back)
        timers.advance(5)
        typed(session, document, (1, 0), "@[file:inc.txt]")
        await settle(session)
        assert await check(session, document) == f"x\n{NEW}"
