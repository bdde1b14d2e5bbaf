"""Links that a process swaps, as fast as it can, in the midst of files that are read: nothing outside ever is.

Each kind of reading goes on until what was opened was several times not what had been checked. So a run passes only if the
race took place, and was noticed: without the check after opening, the first one gives away what lies outside.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.content.place import outcome, request, scope

from weighbridge import disk
from weighbridge.config import read_folder_layer
from weighbridge.content.discovery import find_documents
from weighbridge.content.document_file import read_document
from weighbridge.content.file import FileHandler
from weighbridge.content.ignored import IgnoreRules
from weighbridge.content.listing import list_folder
from weighbridge.content.variable import VariableHandler
from weighbridge.errors import ReferenceFault
from weighbridge.references.model import Kind

#: Times that the race is to be noticed; and looks after which it must have been: a minute or two at worst.
ENOUGH = 3
#: What only stands outside: in a text, a value, a pattern, a name.
CANARY = "canary"
MOST_LOOKS = 200_000

#: Exchanges two names until whoever started it is gone.
SWAPPING = """
import ctypes, os, sys
exchange = ctypes.CDLL(None, use_errno=True).renameat2
names = [name.encode() for name in sys.argv[1:]]
parent = os.getppid()
def swap():
    if exchange(-100, names[0], -100, names[1], 2):
        raise OSError(ctypes.get_errno(), "names can't be exchanged here")
swap()
print("swapping", flush=True)
while os.getppid() == parent:
    for _ in range(100):
        swap()
"""


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Path]:
    """A workspace of which a folder turns into a link to another outside, and back, all the time."""
    room, outside = tmp_path / "room", tmp_path / "outside"
    for top, name in ((room / "docs", "inside"), (outside, CANARY)):
        folder = top / "sub"
        folder.mkdir(parents=True)
        (folder / "a.md").write_text(name)
        (folder / "a.md.vars.toml").write_text(f'v = "{name}"')
        (folder / "settings.toml").write_text(f'model = "{name}"')
        (folder / ".gitignore").write_text(f"{name}.txt\n")
        (folder / f"{name}.md").touch()
    (room / "weighbridge.toml").symlink_to("docs/sub/settings.toml")
    (room / "link").symlink_to(outside)
    command = [sys.executable, "-c", SWAPPING, str(room / "docs"), str(room / "link")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as swapping:
        try:
            assert swapping.stdout is not None
            assert swapping.stdout.readline() == b"swapping\n"
            yield room
        finally:
            swapping.kill()


def reference(room: Path) -> object:
    return outcome(FileHandler(), request(Kind.FILE, "docs/sub/a.md", scope(room)))


def similar_name(room: Path) -> object:
    return outcome(FileHandler(), request(Kind.FILE, "docs/sub/xanary.md", scope(room)))


def variable(room: Path) -> object:
    return outcome(VariableHandler(), request(Kind.VARIABLE, "v", scope(room, "docs/sub/a.md")))


def settings(room: Path) -> object:
    return read_folder_layer(room)[0].values


def ignore_file(room: Path) -> object:
    ignored = IgnoreRules.above(room, room / "docs" / "sub")
    return [
        name for name in ("inside", CANARY) if ignored.leaves_out(f"docs/sub/{name}.txt", is_folder=False)
    ]


def documents(room: Path) -> object:
    return list(find_documents(room, room, ["**/*.md"]))


def listing(room: Path) -> object:
    return list_folder("docs/sub", room, scope(room))


def document(room: Path) -> object:
    try:
        return read_document(room / "docs" / "sub" / "a.md", room, 1_000_000)[0]
    except ReferenceFault:
        return None


@pytest.mark.parametrize(
    "look", [reference, similar_name, variable, settings, ignore_file, documents, listing, document]
)
def test_nothing_outside_is_read(
    room: Path, monkeypatch: pytest.MonkeyPatch, look: Callable[[Path], object]
) -> None:
    noticed = 0

    class Noticed(disk.SwappedError):
        def __init__(self) -> None:
            nonlocal noticed
            noticed += 1
            super().__init__()

    monkeypatch.setattr(disk, "SwappedError", Noticed)
    for _ in range(MOST_LOOKS):
        assert CANARY not in str(look(room))
        if noticed >= ENOUGH:
            return
    pytest.fail(f"{noticed} races noticed")
