"""The settings files at a folder's root, in every state a file can be in."""

import os
from pathlib import Path

import pytest
from tests.chains import chain

from weighbridge.config import Layer, read_folder_layer
from weighbridge.config.files import MOST_BYTES

OWN, PROJECT = "weighbridge.toml", "pyproject.toml"


def read(folder: Path) -> tuple[str, dict[str, object], tuple[str, ...]]:
    layer, warnings = read_folder_layer(folder)
    assert layer == Layer(layer.name, layer.values, trusted_source=False)
    return layer.name, dict(layer.values), warnings


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, (PROJECT, {}, ())),
        ({OWN: b""}, (OWN, {}, ())),
        ({OWN: b"budget = 5"}, (OWN, {"budget": 5}, ())),
        ({OWN: b"\xef\xbb\xbfbudget = 5\r\n[retry]\r\nattempts = 2\r\n"}, (OWN, {"budget": 5, "retry": {"attempts": 2}}, ())),
        ({OWN: b"[weighbridge]\nbudget = 5"}, (OWN, {"weighbridge": {"budget": 5}}, ())),
        ({PROJECT: b"[tool.weighbridge]\nbudget = 6"}, (PROJECT, {"budget": 6}, ())),
        ({PROJECT: b"[tool.other]\nbudget = 6"}, (PROJECT, {}, ())),
        ({PROJECT: b"tool = 6"}, (PROJECT, {}, ())),
        ({PROJECT: b"[tool]\nweighbridge = 6"}, (PROJECT, {}, (f"{PROJECT}: tool.weighbridge must be a table; ignored",))),
        # One file counts, not both.
        ({OWN: b"budget = 5", PROJECT: b"[tool.weighbridge]\nmaxDepth = 6"}, (OWN, {"budget": 5}, ())),
        ({OWN: b"", PROJECT: b"[tool.weighbridge]\nmaxDepth = 6"}, (OWN, {}, ())),
        # Faults: where, and nothing of what stands there.
        (
            {OWN: b"budget = 5\nmodel = hush\n"},
            (OWN, {}, (f"{OWN}: not TOML: Invalid value (at line 2); ignored",)),
        ),
        (
            {OWN: b"budget = 5\nmodel = 'caf\xe9'\n", PROJECT: b"[tool.weighbridge]\nmaxDepth = 6"},
            (OWN, {}, (f"{OWN}: not UTF-8 (at line 2); ignored",)),
        ),
        ({OWN: b"\x00"}, (OWN, {}, (f"{OWN}: not TOML: Invalid statement (at line 1); ignored",))),
        ({PROJECT: b"a = hush"}, (PROJECT, {}, (f"{PROJECT}: not TOML: Invalid value (at line 1); ignored",))),
        (
            {OWN: b"a = " + b"[" * 100_000},
            (OWN, {}, (f"{OWN}: not TOML: a number too long, or nested too deeply; ignored",)),
        ),
        (
            {OWN: b"a = " + b"9" * 100_000},
            (OWN, {}, (f"{OWN}: not TOML: a number too long, or nested too deeply; ignored",)),
        ),
        (
            {OWN: b"#" * (MOST_BYTES + 1)},
            (OWN, {}, (f"{OWN}: 262,145 bytes, more than 262,144; ignored",)),
        ),
        ({OWN: b"#" * MOST_BYTES}, (OWN, {}, ())),
    ],
)  # fmt: skip
def test_files(
    tmp_path: Path, files: dict[str, bytes], expected: tuple[str, dict[str, object], tuple[str, ...]]
) -> None:
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    assert read(tmp_path) == expected


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert read(tmp_path / "gone") == (PROJECT, {}, ())


def test_a_folder_in_a_files_place(tmp_path: Path) -> None:
    (tmp_path / OWN).mkdir()
    assert read(tmp_path) == (OWN, {}, (f"{OWN}: can't be read: a folder, not a file; ignored",))


def test_a_pipe_hangs_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / OWN)
    assert read(tmp_path) == (OWN, {}, (f"{OWN}: can't be read: not an ordinary file; ignored",))


@pytest.mark.parametrize("target", ["secret.toml", "/dev/zero", "/proc/self/environ"])
def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path, target: str) -> None:
    (tmp_path / "secret.toml").write_text("budget = 7")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / OWN).symlink_to(tmp_path / target)
    assert read(folder) == (OWN, {}, (f"{OWN}: a link that leads out of its folder; ignored",))


def test_a_link_within_the_folder_is_followed(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("budget = 7")
    (tmp_path / OWN).symlink_to("settings.toml")
    assert read(tmp_path) == (OWN, {"budget": 7}, ())


def test_a_folder_reached_by_a_link_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / OWN).write_text("budget = 7")
    (tmp_path / "link").symlink_to("real")
    assert read(tmp_path / "link") == (OWN, {"budget": 7}, ())


def test_a_link_to_nothing_is_no_file(tmp_path: Path) -> None:
    (tmp_path / OWN).symlink_to("gone.toml")
    assert read(tmp_path) == (PROJECT, {}, ())


def test_links_in_a_circle(tmp_path: Path) -> None:
    (tmp_path / OWN).symlink_to(OWN)
    assert read(tmp_path) == (OWN, {}, (f"{OWN}: can't be read: too many links; ignored",))


@pytest.mark.parametrize("name", [OWN, PROJECT])
def test_links_without_end(tmp_path: Path, name: str) -> None:
    (tmp_path / "settings.toml").write_text("budget = 7")
    chain(tmp_path / name, tmp_path / "settings.toml", 1_200)
    assert read(tmp_path) == (name, {}, (f"{name}: can't be read: too many links; ignored",))


def test_a_file_that_may_not_be_read_is_told_without_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / OWN).write_text("budget = 7")

    def refuse(path: Path, _flags: int, *, dir_fd: int | None = None) -> int:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "open", refuse)
    assert read(tmp_path) == (OWN, {}, (f"{OWN}: can't be read: Permission denied; ignored",))
