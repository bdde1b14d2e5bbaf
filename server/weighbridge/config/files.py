"""The settings files at a folder's root: `weighbridge.toml`, else `[tool.weighbridge]` in `pyproject.toml`."""

import os
from pathlib import Path
from typing import Any

from weighbridge import disk
from weighbridge.config.layers import SECTION, Layer
from weighbridge.config.toml import TomlError, read_toml

#: Bytes of a settings file that are read; larger ones are ignored.
MOST_BYTES = 256 * 1024

OWN_FILE = "weighbridge.toml"
PROJECT_FILE = "pyproject.toml"


class _Unusable(Exception):  # noqa: N818  a file's state, not an error of ours
    """Why a settings file can't be used."""


def read_folder_layer(folder: Path) -> tuple[Layer, tuple[str, ...]]:
    """Read a folder's settings file, and say what is wrong with it. Never raises. Blocks: a worker's work."""
    name, text = OWN_FILE, ""
    try:
        written = _read(folder, OWN_FILE)
        if written is None:
            name = PROJECT_FILE
            written = _read(folder, PROJECT_FILE)
        text = written or ""
        values = _values(text)
        if name == PROJECT_FILE:
            values = _section_of(values)
    except _Unusable as fault:
        return Layer(name, {}, trusted_source=False, folder=folder, text=text), (f"{name}: {fault}; ignored",)
    return Layer(name, values, trusted_source=False, folder=folder, text=text), ()


def _section_of(project: dict[str, Any]) -> dict[str, Any]:
    tool = project.get("tool")
    section = tool.get(SECTION) if isinstance(tool, dict) else None
    if section is not None and not isinstance(section, dict):
        raise _Unusable(f"tool.{SECTION} must be a table")
    return section or {}


def _read(folder: Path, name: str) -> str | None:
    """The file's text; None if there is no such file."""
    try:
        real = disk.followed(folder / name)
        if not real.is_relative_to(disk.followed(folder)):
            raise _Unusable("a link that leads out of its folder")
        with disk.opened(real) as (descriptor, status):
            if status.st_size > MOST_BYTES:
                raise _Unusable(f"{status.st_size:,} bytes, more than {MOST_BYTES:,}")
            data = os.read(descriptor, MOST_BYTES)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _Unusable(f"can't be read: {error.strerror or type(error).__name__}") from error
    try:
        # Some editors put a byte order mark first.
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _Unusable(f"not UTF-8 (at line {line})") from error


def _values(text: str) -> dict[str, Any]:
    """The tables of a settings file."""
    try:
        return read_toml(text)
    except TomlError as error:
        place = f" (at line {error.line})" if error.line else ""
        raise _Unusable(f"not TOML: {error}{place}") from error
