"""What is typed and not saved yet, as the tools count it; and the socket by which a language server tells it."""

import asyncio
import errno
import json
import os
import select
import socket
import stat
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn

import pytest
from lsprotocol import types
from tests.e2e.process import serving
from tests.editors.editor import editor
from tests.editors.recording import NEOVIM
from tests.mcp.calls import answer, in_memory, over_pipes, said
from tests.patience import HANGS_AFTER

from weighbridge import unsaved_texts
from weighbridge.tokens.registry import tokenizer
from weighbridge.unsaved_texts import Offer, unsaved_under

NO_ANSWER = ("an editor's language server gave no answer: what is not saved there is not counted",)


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    # A socket's path has a hundred bytes at most, and a test's own folder may have as many.
    with TemporaryDirectory() as made:
        monkeypatch.setenv("HOME", made)
        monkeypatch.setenv("XDG_CACHE_HOME", f"{made}/cache")
        yield Path(made)


@pytest.fixture
def live(home: Path) -> Path:
    """The folder of the sockets, not there yet."""
    return home / "cache" / "weighbridge" / "live"


@pytest.fixture
def folder(tmp_path: Path, home: Path) -> Path:
    found = tmp_path / "workspace"
    (found / ".git").mkdir(parents=True)
    (found / "a.prompt.md").write_text("@[file:b.md] is said")
    (found / "b.md").write_text("saved")
    (found / "CLAUDE.md").write_text("Rules.\n")
    return found


def count(text: str) -> int:
    return tokenizer("cl100k_base").count(text)


# What the tools count


async def test_texts_in_place_of_files(folder: Path) -> None:
    unsaved = {
        folder / "b.md": "typed just now",
        folder / "CLAUDE.md": "Rules, and more rules. @new.md\n",
        folder / "new.md": "never saved",
    }
    (folder / "link.md").symlink_to(folder / "b.md")
    async with in_memory(folder, unsaved) as client:
        for path, text in (
            ("b.md", "typed just now"),
            ("link.md", "typed just now"),
            ("new.md", "never saved"),
            ("a.prompt.md", "typed just now is said"),
        ):
            assert (await answer(client, "count", path=path))["tokens"] == count(text), path
        (context,) = (await answer(client, "context", agent="claude-code"))["contexts"]
        assert [entry["path"] for entry in context["entries"]] == ["CLAUDE.md", "new.md"]
        counted = (await answer(client, "count", path="CLAUDE.md"))["tokens"]
    for saved_path, text in unsaved.items():
        write(saved_path, text)
    async with in_memory(folder) as client:
        (saved,) = (await answer(client, "context", agent="claude-code"))["contexts"]
        assert counted == (await answer(client, "count", path="CLAUDE.md"))["tokens"]
    assert context == saved


async def test_texts_elsewhere_are_not_read(tmp_path: Path, folder: Path) -> None:
    outside = tmp_path / "outside.md"
    outside.write_text("secret")
    (folder / "leads-out.md").symlink_to(outside)
    (folder / "c.md").write_text("@[file:../outside.md] @[file:leads-out.md]")
    async with in_memory(folder, {outside: "typed secret"}) as client:
        for path in ("../outside.md", "leads-out.md", str(outside)):
            failed, text = await said(client, "count", {"path": path})
            assert (failed, "the only folder that is read here" in text) == (True, True)
        found = await answer(client, "count", path="c.md")
    assert not any("tokens" in one for one in found["references"])
    assert len(found["findings"]) == 2


async def test_a_text_that_is_too_long_is_no_other_than_a_file(folder: Path) -> None:
    async with in_memory(folder, {folder / "b.md": "long " * 1000}, maxFileBytes=4000) as client:
        failed, text = await said(client, "count", {"path": "b.md"})
    assert (failed, "5,000 bytes, more than the 4,000 of weighbridge.maxFileBytes" in text) == (True, True)


# Which texts a language server tells


async def test_what_is_unsaved(folder: Path) -> None:
    path = folder / "b.md"

    async def unsaved() -> dict[Path, str]:
        found = await asyncio.to_thread(unsaved_under, folder)
        assert found.warnings == ()
        return dict(found.texts)

    async with editor(NEOVIM, folder, offers_unsaved=True) as session:
        uri = await session.open("b.md")
        await session.idle()
        assert await unsaved() == {}
        session.edit(uri, 2, "typed 😀\r\n\ud800")
        assert await unsaved() == {path: "typed 😀\r\n\ud800"}
        # A document elsewhere is nobody's business here.
        assert (await asyncio.to_thread(unsaved_under, folder / ".git")).texts == {}
        session.edit(uri, 3, "typed")
        path.write_text("typed")
        session.tell(types.TEXT_DOCUMENT_DID_SAVE, {"textDocument": {"uri": uri}})
        await session.count(uri)
        assert await unsaved() == {}
        # An agent writes the file: what the editor shows is older, until somebody types there.
        path.write_text("by an agent")
        assert await unsaved() == {}
        session.edit(uri, 4, "typed again")
        assert await unsaved() == {path: "typed again"}
        # The editor reads it again, and the agent writes once more.
        session.edit(uri, 5, "by an agent")
        assert await unsaved() == {}
        path.write_text("by the agent again")
        assert await unsaved() == {}
        session.edit(uri, 6, "typed")
        session.tell(types.TEXT_DOCUMENT_DID_CLOSE, {"textDocument": {"uri": uri}})
        assert await unsaved() == {}
        # What an editor brings back was never saved.
        item = {"uri": uri, "languageId": "markdown", "version": 1, "text": "brought back"}
        session.tell(types.TEXT_DOCUMENT_DID_OPEN, {"textDocument": item})
        await session.idle()
        assert await unsaved() == {path: "brought back"}


async def test_nothing_is_told_unasked(folder: Path, live: Path) -> None:
    async with editor(NEOVIM, folder) as session:
        session.edit(await session.open("b.md"), 2, "typed")
        assert await asyncio.to_thread(unsaved_under, folder) == unsaved_texts.Unsaved({})
    assert sockets(live) == []


# The socket


def make(live: Path, mode: int) -> None:
    live.mkdir(parents=True, exist_ok=True)
    live.chmod(mode)


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def sockets(live: Path) -> list[Path]:
    return sorted(live.iterdir()) if live.is_dir() else []


def swap(live: Path, planted: Path) -> None:
    """Put a link where the folder was."""
    live.rename(planted)
    live.symlink_to(planted)


async def _two(folder: Path) -> dict[Path, str]:
    return {folder / "b.md": "typed", folder.parent / "outside.md": "not asked for"}


@asynccontextmanager
async def offered() -> AsyncIterator[None]:
    offer = await Offer.begin(_two)
    try:
        yield
    finally:
        await offer.aclose()


async def test_the_socket_is_this_users_alone(live: Path, folder: Path) -> None:
    make(live, 0o755)
    async with offered():
        (place,) = sockets(live)
        assert [stat.S_IMODE(one.lstat().st_mode) for one in (live, place)] == [0o700, 0o600]
        found = await asyncio.to_thread(unsaved_under, folder)
        assert found == unsaved_texts.Unsaved({folder / "b.md": "typed"})
    assert sockets(live) == []


@pytest.mark.parametrize("mode", [0o750, 0o707, 0o722])
async def test_a_folder_that_others_may_enter_is_not_believed(live: Path, folder: Path, mode: int) -> None:
    async with offered():
        make(live, mode)
        assert (await asyncio.to_thread(unsaved_under, folder)).texts == {}


async def test_another_users_folder_is_neither_used_nor_believed(
    live: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with offered():
        monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
        assert await asyncio.to_thread(unsaved_under, folder) == unsaved_texts.Unsaved({})
        with pytest.raises(OSError, match="not a folder of this user alone"):
            await Offer.begin(_two)
        assert len(sockets(live)) == 1


async def test_a_link_in_the_folders_place_is_neither_used_nor_believed(
    tmp_path: Path, live: Path, folder: Path
) -> None:
    async with offered():
        swap(live, tmp_path / "planted")
        assert (await asyncio.to_thread(unsaved_under, folder)).texts == {}
        with pytest.raises(OSError, match="not a folder of this user alone"):
            await Offer.begin(_two)


async def test_another_users_socket_is_not_believed(
    live: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with offered():
        monkeypatch.setattr(unsaved_texts, "_is_same_user", lambda _: False)
        found = await asyncio.to_thread(unsaved_under, folder)
    assert found == unsaved_texts.Unsaved({}, NO_ANSWER)


async def test_another_user_is_told_nothing(
    live: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unsaved_texts, "_is_same_user", lambda _: False)
    async with offered():
        (place,) = sockets(live)
        reader, writer = await asyncio.open_unix_connection(place)
        writer.write(json.dumps({"folder": str(folder)}).encode() + b"\n")
        with suppress(ConnectionResetError):
            assert await reader.read() == b""
        writer.close()
        with suppress(ConnectionResetError):
            await writer.wait_closed()


async def test_without_descriptors_the_loop_does_not_turn_for_nothing(
    live: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, paused = asyncio.get_running_loop(), asyncio.Event()
    tries: list[int] = []
    again: list[Callable[[], None]] = []

    def accept(listening: socket.socket) -> NoReturn:
        tries.append(listening.fileno())
        raise OSError(errno.EMFILE, "too many open files")

    def call_later(_: float, callback: Callable[[], None]) -> None:
        again.append(callback)
        paused.set()

    async with offered():
        with monkeypatch.context() as patch:
            patch.setattr(socket.socket, "accept", accept)
            patch.setattr(loop, "call_later", call_later)
            asked = asyncio.create_task(asyncio.to_thread(unsaved_under, folder))
            async with asyncio.timeout(HANGS_AFTER):
                await paused.wait()
            for _ in range(10):
                await asyncio.sleep(0)
            assert len(tries) == 1
        again[0]()
        assert (await asked).texts == {folder / "b.md": "typed"}
    # The offer may end before it listens again.
    again[0]()


async def test_one_may_follow_another(live: Path, folder: Path) -> None:
    for _ in range(3):
        async with offered():
            assert (await asyncio.to_thread(unsaved_under, folder)).texts == {folder / "b.md": "typed"}
    assert sockets(live) == []


def test_the_other_end_is_known_by_its_user(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with ours, theirs:
        assert unsaved_texts._is_same_user(ours)
        monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
        assert not unsaved_texts._is_same_user(ours)


def test_what_a_server_that_was_killed_left_is_removed(live: Path, folder: Path) -> None:
    live.mkdir(parents=True, mode=0o700)
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(live / "left"))
    (live / "notes").write_text("no socket")
    assert unsaved_under(folder) == unsaved_texts.Unsaved({})
    assert [one.name for one in live.iterdir()] == ["notes"]


@contextmanager
def answering(live: Path, said_: bytes, *, ends: bool = True) -> Iterator[None]:
    """A server that says this, whatever it is asked; and ends then, or not."""
    live.mkdir(parents=True, mode=0o700, exist_ok=True)
    over = threading.Event()

    def serve() -> None:
        connection, _ = listening.accept()
        with connection:
            connection.recv(1 << 16)
            connection.sendall(said_)
            if not ends:
                over.wait()

    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(live / "odd"))
        listening.listen()
        thread = threading.Thread(target=serve)
        thread.start()
        yield
        over.set()
        thread.join()


@pytest.mark.parametrize(
    "odd",
    [
        b"",
        b'{"texts": {"/a.md": "typ',
        b"\xff\xfe",
        b"[]",
        b'{"texts": ["a"]}',
        b'{"texts": {"/a.md": 7}}',
        b"[" * 100_000,
        b'{"texts": {}}' + b" " * 5000,
    ],
    ids=["nothing", "a half", "no text", "a list", "no texts", "a number", "nested", "too long"],
)
async def test_no_answer_is_said_and_files_count(
    live: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, odd: bytes
) -> None:
    monkeypatch.setattr(unsaved_texts, "_MOST_BYTES", 200_000 if odd.startswith(b"[[") else 4000)
    with answering(live, odd):
        found = await asyncio.to_thread(unsaved_under, folder)
    assert found == unsaved_texts.Unsaved({}, NO_ANSWER)


async def test_who_never_answers_is_not_waited_for(
    live: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unsaved_texts, "_SECONDS", 0.05)
    with answering(live, b'{"texts": {', ends=False):
        found = await asyncio.to_thread(unsaved_under, folder)
    assert found == unsaved_texts.Unsaved({}, NO_ANSWER)


@pytest.mark.parametrize(
    "question",
    [b"", b"\n", b"nonsense\n", b'{"folder": 7}\n', b"[]\n", b"a" * 100_000, b"[" * 50_000 + b"\n"],
)
async def test_questions_that_are_none_end_nothing(live: Path, folder: Path, question: bytes) -> None:
    async with offered():
        (place,) = sockets(live)
        reader, writer = await asyncio.open_unix_connection(place)
        writer.write(question)
        writer.write_eof()
        with suppress(ConnectionResetError):
            assert await reader.read() == b""
        writer.close()
        assert (await asyncio.to_thread(unsaved_under, folder)).texts == {folder / "b.md": "typed"}


async def test_who_does_not_read_its_answer_is_not_waited_for(
    live: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unsaved_texts, "_SECONDS", 0.5)
    monkeypatch.setattr(unsaved_texts, "_written", lambda texts: b"x" * 10_000_000)
    offer = await Offer.begin(_two)
    (place,) = sockets(live)
    with socket.socket(socket.AF_UNIX) as client:
        client.setblocking(False)
        await asyncio.get_running_loop().sock_connect(client, str(place))
        client.send(json.dumps({"folder": str(folder)}).encode() + b"\n")
        async with asyncio.timeout(HANGS_AFTER):
            await asyncio.to_thread(select.select, [client], [], [])
            await offer.aclose()


async def test_where_there_can_be_no_socket_the_server_says_so_and_serves(folder: Path, live: Path) -> None:
    write(live, "a file")
    async with editor(NEOVIM, folder, offers_unsaved=True) as session:
        told = await session.until(lambda: session.sent_as(types.WINDOW_LOG_MESSAGE))
        assert told[0]["message"].startswith("--mcp: what is not saved can't be told to agents: ")
        assert await session.count(await session.open("b.md")) == count("saved")


# Real processes


async def test_an_agent_gets_the_count_of_what_is_typed(folder: Path, home: Path) -> None:
    typed = "typed, and not saved yet"
    async with (
        serving(home, command=(sys.executable, "-m", "weighbridge", "serve", "--mcp")) as server,
        over_pipes(folder, home) as client,
    ):

        async def counted() -> tuple[int, bool]:
            found = await answer(client, "count", path="a.prompt.md")
            return found["tokens"], "warnings" in found

        await server.initialize(folder)
        uri = server.open(folder / "b.md")
        document = {"uri": uri, "version": 2}
        server.tell("textDocument/didChange", {"textDocument": document, "contentChanges": [{"text": typed}]})
        # It has heard of it once it answers.
        assert await server.count(uri) == count(typed)
        assert await counted() == (count(f"{typed} is said"), False)
        server.process.kill()
        await server.gone()
        assert await counted() == (count("saved is said"), False)
