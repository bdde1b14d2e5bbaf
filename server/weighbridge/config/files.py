"""The settings files at a folder's root: `weighbridge.toml`, else `[tool.weighbridge]` in `pyproject.toml`."""

import os
import stat
import tomllib
from pathlib import Path
from typing import Any

from weighbridge.config.layers import SECTION, Layer

#: Bytes of a settings file that are read; larger ones are ignored.
MOST_BYTES = 1024 * 1024


def read_folder_layer(folder: Path) -> tuple[Layer, tuple[str, ...]]:
    """Read a folder's settings file, and say what is wrong with it. Blocks: a worker's work."""
    warnings: list[str] = []
    own = _read(folder, "weighbridge.toml", warnings)
    if own is not None:
        return Layer("weighbridge.toml", own, trusted_source=False), tuple(warnings)
    project = _read(folder, "pyproject.toml", warnings) or {}
    tool = project.get("tool")
    section = tool.get(SECTION) if isinstance(tool, dict) else None
    return Layer("pyproject.toml", section if isinstance(section, dict) else {}, trusted_source=False), tuple(
        warnings
    )


def _read(folder: Path, name: str, warnings: list[str]) -> dict[str, Any] | None:
    """The file's tables; None if there is no such file, nothing in it if it can't be used."""
    path = folder / name
    try:
        real = Path(os.path.realpath(path))
        status = real.stat()
        if not stat.S_ISREG(status.st_mode) or not real.is_relative_to(os.path.realpath(folder)):
            warnings.append(f"{name}: not a file of this folder; ignored")
            return {}
        if status.st_size > MOST_BYTES:
            warnings.append(f"{name}: {status.st_size:,} bytes, more than {MOST_BYTES:,}; ignored")
            return {}
        return tomllib.loads(real.read_bytes().decode("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        # tomllib says line and column; UnicodeDecodeError the byte.
        warnings.append(f"{name}: {error}; ignored")
        return {}
