"""The settings files at a folder's root: `weighbridge.toml`, else `[tool.weighbridge]` in `pyproject.toml`."""

import os
import stat
from pathlib import Path
from typing import Any

from weighbridge.config.layers import SECTION, Layer
from weighbridge.config.toml import TomlError, read_toml

#: Bytes of a settings file that are read; larger ones are ignored.
MOST_BYTES = 256 * 1024

OWN_FILE = "weighbridge.toml"
PROJECT_FILE = "pyproject.toml"

# A pipe that replaces a file must not hang the opening. Not every system has every flag.
_OPEN_FLAGS = os.O_RDONLY
for _flag in ("O_NONBLOCK", "O_CLOEXEC", "O_NOCTTY", "O_BINARY"):
    _OPEN_FLAGS |= getattr(os, _flag, 0)


class _Unusable(Exception):  # noqa: N818  a file's state, not an error of ours
    """Why a settings file can't be used."""


def read_folder_layer(folder: Path) -> tuple[Layer, tuple[str, ...]]:
    """Read a folder's settings file, and say what is wrong with it. Never raises. Blocks: a worker's work."""
    name = OWN_FILE
    values: Any = None
    try:
        values = _read(folder, OWN_FILE)
        if values is None:
            name = PROJECT_FILE
            values = _section_of(_read(folder, PROJECT_FILE) or {})
    except _Unusable as fault:
        return Layer(name, {}, trusted_source=False), (f"{name}: {fault}; ignored",)
    return Layer(name, values, trusted_source=False), ()


def _section_of(project: dict[str, Any]) -> dict[str, Any]:
    tool = project.get("tool")
    section = tool.get(SECTION) if isinstance(tool, dict) else None
    if section is not None and not isinstance(section, dict):
        raise _Unusable(f"tool.{SECTION} must be a table")
    return section or {}


def _read(folder: Path, name: str) -> dict[str, Any] | None:
    """The file's tables; None if there is no such file."""
    try:
        real = Path(os.path.realpath(folder / name))
        if not real.is_relative_to(os.path.realpath(folder)):
            raise _Unusable("a link that leads out of its folder")
        # Looked at before it is opened: opening a device may do something.
        _check(real.stat())
        data = _bytes_of(real)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _Unusable(f"can't be read: {error.strerror or type(error).__name__}") from error
    try:
        # Some editors put a byte order mark first.
        text = data.decode("utf-8-sig")
        return read_toml(text)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _Unusable(f"not UTF-8 (at line {line})") from error
    except TomlError as error:
        place = f" (at line {error.line})" if error.line else ""
        raise _Unusable(f"not TOML: {error}{place}") from error


def _bytes_of(real: Path) -> bytes:
    descriptor = os.open(real, _OPEN_FLAGS)
    with os.fdopen(descriptor, "rb") as file:
        _check(os.fstat(descriptor))
        return file.read(MOST_BYTES)


def _check(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise _Unusable("not an ordinary file")
    if status.st_size > MOST_BYTES:
        raise _Unusable(f"{status.st_size:,} bytes, more than {MOST_BYTES:,}")
