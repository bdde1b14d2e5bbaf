import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.chains import chain
from tests.content.place import OpenDocuments, code_of, outcome, request, scope, settings_of, text_of

from weighbridge import disk
from weighbridge.content import policy
from weighbridge.content.base import Content, ContentRequest, Scope
from weighbridge.content.file import FileHandler
from weighbridge.content.policy import place_of, real_path
from weighbridge.errors import Code, Problem, ReferenceFault, TransientFault
from weighbridge.references.model import Kind


@pytest.fixture
def room(tmp_path: Path) -> Path:
    """A workspace with a secret beside it, and every kind of thing that isn't an ordinary file in it."""
    room = tmp_path / "room"
    (room / "docs").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.md").write_text("secret")
    (tmp_path / "room-beside").mkdir()
    (tmp_path / "room-beside" / "secret.md").write_text("secret")
    (room / "docs" / "style.md").write_text("style")
    (room / "docs" / "deep").symlink_to(tmp_path / "outside")
    (room / "inner").symlink_to(room / "docs")
    (room / "link.md").symlink_to("docs/style.md")
    (room / "out.md").symlink_to(tmp_path / "outside" / "secret.md")
    (room / "out-relative.md").symlink_to("../outside/secret.md")
    (room / "chain.md").symlink_to("out.md")
    (room / "nowhere.md").symlink_to(tmp_path / "outside" / "absent.md")
    (room / "loop.md").symlink_to("loop.md")
    chain(room / "endless-links.md", room / "docs" / "style.md", 1_200)
    (room / "proc").symlink_to("/proc")
    (room / "zero").symlink_to("/dev/zero")
    os.mkfifo(room / "pipe")
    os.mkfifo(room / "pipe.md")
    return room


CASES = [
    ("docs/style.md", "style"),
    ("./docs/../docs/style.md", "style"),
    ("link.md", "style"),
    ("inner/style.md", "style"),
    ("out.md", Code.DENIED),
    ("out-relative.md", Code.DENIED),
    ("chain.md", Code.DENIED),
    ("nowhere.md", Code.DENIED),
    ("docs/deep/secret.md", Code.DENIED),
    ("docs/deep/absent.md", Code.DENIED),
    ("../outside/secret.md", Code.DENIED),
    ("../outside/absent.md", Code.DENIED),
    ("../room-beside/secret.md", Code.DENIED),
    ("/etc/passwd", Code.DENIED),
    ("/etc/absent", Code.DENIED),
    ("proc/self/environ", Code.DENIED),
    ("/proc/self/environ", Code.DENIED),
    ("zero", Code.DENIED),
    ("/dev/zero", Code.DENIED),
    ("pipe", Code.DENIED),
    ("pipe.md", Code.DENIED),
    ("docs", Code.NOT_TEXT),
    (".", Code.NOT_TEXT),
    ("loop.md", Code.FAILED),
    ("endless-links.md", Code.FAILED),
    ("docs/style.md/more", Code.NOT_FOUND),
    ("absent.md", Code.NOT_FOUND),
    ("", Code.NOT_FOUND),
    ("a\0b", Code.NOT_FOUND),
    ("\ud800.md", Code.NOT_FOUND),
    ("n" * 300, Code.NOT_FOUND),
    ("d/" * 3000, Code.NOT_FOUND),
    ("~", Code.DENIED),
    ("~/.ssh/id_rsa", Code.DENIED),
    ("C:\\Windows\\win.ini", Code.DENIED),
    ("c:/Windows/win.ini", Code.DENIED),
    ("\\\\server\\share\\a.md", Code.DENIED),
    ("//server/share/a.md", Code.DENIED),
    ("\\\\?\\C:\\a.md", Code.DENIED),
]


@pytest.mark.parametrize(("target", "expected"), CASES)
def test_what_may_be_read(room: Path, target: str, expected: str | Code) -> None:
    assert code_of(outcome(FileHandler(), request(Kind.FILE, target, scope(room)))) == expected


@pytest.mark.parametrize(("target", "expected"), CASES)
def test_faults_do_not_tell_what_lies_outside(room: Path, target: str, expected: str | Code) -> None:
    result = outcome(FileHandler(), request(Kind.FILE, target, scope(room)))
    message = result.message if isinstance(result, Problem) else ""
    assert "secret" not in message.replace(target, "").replace("secret.md", "")
    assert len(message) < 300
    assert message.isprintable()


def test_a_socket_is_not_read(room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(room)  # a socket's path must be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("sock")
        assert code_of(outcome(FileHandler(), request(Kind.FILE, "sock", scope(room)))) == Code.DENIED


def test_the_kernel_is_not_read_even_where_the_whole_machine_is_the_workspace(room: Path) -> None:
    everything = Scope(room / "doc.md", (Path("/"),), settings_of())
    handler = FileHandler()
    for target in ("/proc/self/environ", "/dev/zero", "/sys/kernel/notes", "proc/self/environ"):
        assert code_of(outcome(handler, request(Kind.FILE, target, everything))) == Code.DENIED
    assert outcome(handler, request(Kind.FILE, "docs/style.md", everything)) == "style"


def test_file_roots_open_other_folders(room: Path) -> None:
    outside = room.parent / "outside"
    target = "../outside/secret.md"
    open_ = scope(room, fileRoots=[str(outside)])
    assert outcome(FileHandler(), request(Kind.FILE, target, open_)) == "secret"
    assert outcome(FileHandler(), request(Kind.FILE, "out.md", open_)) == "secret"
    closed = scope(room, fileRoots=[str(outside)], trusted=False)
    assert code_of(outcome(FileHandler(), request(Kind.FILE, target, closed))) == Code.DENIED
    assert outcome(FileHandler(), request(Kind.FILE, "docs/style.md", closed)) == "style"


def test_an_untitled_document_reads_from_the_workspace_or_not_at_all(room: Path) -> None:
    in_workspace = request(Kind.FILE, "docs/style.md", Scope(None, (room,), settings_of()))
    assert outcome(FileHandler(), in_workspace) == "style"
    nowhere = request(Kind.FILE, "docs/style.md", Scope(None, (), settings_of()))
    assert outcome(FileHandler(), nowhere) == Problem(
        Code.NOT_FOUND, "docs/style.md: this document is in no folder on disk; save it in one"
    )


def test_keys_are_equal_for_the_same_file_in_the_same_scope_only(room: Path) -> None:
    handler, here = FileHandler(), scope(room)
    key = handler.key(request(Kind.FILE, "docs/style.md", here))
    assert key == handler.key(request(Kind.FILE, "./x/../docs//style.md", here))
    assert key == handler.key(request(Kind.FILE, str(room / "docs" / "style.md"), here))
    assert key != handler.key(request(Kind.FILE, "docs/style.md", here, fragment="L1"))
    assert key != handler.key(request(Kind.FILE, "docs/style.md", scope(room, fileRoots=["/srv"])))
    assert key != handler.key(
        request(Kind.FILE, "docs/style.md", Scope(here.document, (room / "docs",), here.settings))
    )
    for target, _ in CASES:
        hash(handler.key(request(Kind.FILE, target, here)))


def test_two_ways_to_a_file_have_one_identity(room: Path) -> None:
    handler, here = FileHandler(), scope(room)
    identities = {
        handler.load(request(Kind.FILE, target, here)).identity
        for target in ("docs/style.md", "link.md", "inner/style.md")
    }
    assert identities == {os.path.realpath(room / "docs" / "style.md")}


def test_descriptors_are_closed_whatever_happens(room: Path) -> None:
    def open_descriptors() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    (room / "binary.md").write_bytes(b"a" * 1_000_000 + b"\0")
    handler, here = FileHandler(), scope(room)
    before = open_descriptors()
    for target in ("docs/style.md", "binary.md", "pipe", "absent.md"):
        outcome(handler, request(Kind.FILE, target, here))
    abandoned: Iterator[str] = handler.load(request(Kind.FILE, "binary.md", here)).chunks()
    next(abandoned)
    del abandoned
    assert open_descriptors() == before


def _edited(room: Path) -> Content:
    content = FileHandler().load(request(Kind.FILE, "docs/style.md", scope(room)))
    (room / "docs" / "style.md").write_text("another style")
    return content


def test_a_change_since_the_check_is_transient(room: Path) -> None:
    with pytest.raises(TransientFault) as caught:
        text_of(_edited(room))
    assert caught.value.problem == Problem(Code.FAILED, "docs/style.md: changed while it was read")


def test_a_change_while_reading_is_transient(room: Path) -> None:
    path = room / "docs" / "style.md"
    path.write_text("a" * 200_000)
    chunks = FileHandler().load(request(Kind.FILE, "docs/style.md", scope(room))).chunks()
    next(chunks)
    with path.open("a") as file:
        file.write("more")
    with pytest.raises(TransientFault):
        list(chunks)


def test_what_was_found_is_read_as_it_was_found_or_not_at_all(room: Path) -> None:
    overlay = OpenDocuments({})
    handler, here = FileHandler(overlay), scope(room)
    real = Path(os.path.realpath(room / "docs" / "style.md"))
    overlay.documents[real] = (1, ["typed"])
    opened = handler.load(request(Kind.FILE, "link.md", here))
    assert text_of(opened) == "typed"
    overlay.documents[real] = (2, ["typed on"])
    with pytest.raises(TransientFault):
        text_of(opened)
    del overlay.documents[real]
    content = handler.load(request(Kind.FILE, "link.md", here))
    real.write_text("other")
    with pytest.raises(TransientFault):
        text_of(content)


def test_an_open_document_is_read_as_it_is_in_the_editor_but_under_the_same_rules(room: Path) -> None:
    overlay = OpenDocuments(
        {
            Path(os.path.realpath(room / "unsaved.md")): (1, ["not ", "on disk"]),
            Path(os.path.realpath(room.parent / "outside" / "secret.md")): (1, ["open secret"]),
        }
    )
    handler = FileHandler(overlay)
    assert outcome(handler, request(Kind.FILE, "unsaved.md", scope(room))) == "not on disk"
    assert code_of(outcome(handler, request(Kind.FILE, "out.md", scope(room)))) == Code.DENIED
    assert outcome(handler, request(Kind.FILE, "unsaved.md", scope(room, maxFileBytes=10))) == Problem(
        Code.TOO_LARGE, "unsaved.md: 11 bytes, more than the 10 of weighbridge.maxFileBytes"
    )


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("docs/stile.md", "docs/stile.md: not found; did you mean docs/style.md?"),
        ("docs/Style.md", "docs/Style.md: not found; did you mean docs/style.md?"),
        ("docs/nothing-like-it.md", "docs/nothing-like-it.md: not found"),
        ("absent/style.md", "absent/style.md: not found"),
        ("lonk.md", "lonk.md: not found; did you mean link.md?"),
        ("docs/nope.md", "docs/nope.md: not found"),
    ],
)
def test_not_found_suggests_a_near_name(room: Path, target: str, message: str) -> None:
    fault = outcome(FileHandler(), request(Kind.FILE, target, scope(room)))
    assert isinstance(fault, Problem)
    assert (fault.code, fault.message) == (Code.NOT_FOUND, message)


def test_a_name_that_looks_the_same_is_told_apart(room: Path) -> None:
    (room / "docs" / "cafe\u0301.md").touch()
    fault = outcome(FileHandler(), request(Kind.FILE, "docs/café.md", scope(room)))
    assert isinstance(fault, Problem)
    assert (fault.code, fault.message) == (
        Code.NOT_FOUND,
        "docs/café.md: not found; what is there looks the same and is written with other characters (Unicode NFD)",
    )


def test_a_folder_is_listed_once_for_all_that_are_missing(
    room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed: list[object] = []
    really = os.scandir

    def scandir(folder: Any) -> Any:
        listed.append(folder)
        return really(folder)

    monkeypatch.setattr("weighbridge.content.text_file.os.scandir", scandir)
    for number in range(100):
        outcome(FileHandler(), request(Kind.FILE, f"docs/missing-{number}.md", scope(room)))
    assert len(listed) == 1


def test_messages_name_the_path_from_the_workspaces_folder(room: Path) -> None:
    nested = ContentRequest(Kind.FILE, "../absent/x.md", None, None, room / "docs", scope(room))
    assert outcome(FileHandler(), nested) == Problem(Code.NOT_FOUND, "absent/x.md: not found")


def test_messages_are_one_printable_line() -> None:
    assert policy.shown("a\nb\x1b[31m\u202ec") == "a\ufffdb\ufffd[31m\ufffdc"
    assert policy.shown("x" * 500) == "x" * 119 + "…"


def test_nothing_outside_is_even_looked_at(room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path such as /net/host/x may mount or call something when it is only looked at."""
    looked_at: list[str] = []
    followed = disk.followed

    def watch(path: Path) -> Path:
        looked_at.append(str(path))
        return followed(path)

    monkeypatch.setattr(disk, "followed", watch)
    with pytest.raises(ReferenceFault):
        real_path(place_of("/net/host/x", room, scope(room)))
    assert looked_at == [str(room)]


def test_for_many_files_roots_are_followed_once_and_then_anew(
    room: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[str] = []
    followed = disk.followed

    def watch(path: Path) -> Path:
        looked_at.append(str(path))
        return followed(path)

    link = tmp_path / "link"
    link.symlink_to(room)
    places = [place_of(name, link, scope(link)) for name in ("docs/style.md", "docs/absent.md")]
    monkeypatch.setattr(disk, "followed", watch)
    with policy.roots_stay():
        assert [real_path(place) for place in places] == [
            room / "docs" / "style.md",
            room / "docs" / "absent.md",
        ]
        assert looked_at.count(str(link)) == 1
    link.unlink()
    link.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ReferenceFault):
        real_path(place_of(str(room / "docs" / "style.md"), link, scope(link)))


@pytest.mark.parametrize(
    ("target", "watched"),
    [
        ("docs/style.md", "docs/style.md"),
        ("docs/../absent.md", "absent.md"),
        ("absent/absent.md", "absent/absent.md"),
        ("{room}/absent.md", "absent.md"),
        ("{real}/absent.md", "../real/absent.md"),
        # Denied until the link is another.
        ("out.md", "out.md"),
        ("../outside/secret.md", None),
        ("../room-beside/secret.md", None),
        ("/etc/passwd", None),
        ("/net/host.example/share/a.md", None),
        ("", None),
        ("//host.example/share/a.md", None),
    ],
)
def test_what_lies_outside_is_not_watched(room: Path, target: str, watched: str | None) -> None:
    # The workspace is known by a link to it.
    real = room.with_name("real")
    room.rename(real)
    room.symlink_to(real)
    asked = request(Kind.FILE, target.format(room=room, real=real), scope(room))
    expected = () if watched is None else (Path(os.path.normpath(room / watched)),)
    assert FileHandler().paths(asked) == expected
