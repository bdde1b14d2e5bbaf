"""Document URIs, the files they name, and the names of these."""

import os
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote, urlsplit


def path_of(uri: str) -> Path | None:
    """The file that a `file:` URI names, absolute and without `..`; None for other schemes and other hosts."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    if parts.scheme.lower() != "file" or parts.netloc not in {"", "localhost"}:
        return None
    if os.name == "nt":
        # It brings a whole HTTP client.
        from urllib.request import url2pathname  # noqa: PLC0415

        path = url2pathname(parts.path)
    else:
        path = unquote(parts.path)
    if "\0" in path or not path:
        return None
    return Path(os.path.normpath(path))


@lru_cache(1024)
def uri_of(path: Path) -> str:
    """The `file:` URI of an absolute path. Remembered: many references lead to one file."""
    return path.as_uri()


def inside(path: Path, folder: Path | None) -> str:
    """The path of a file from a folder that it lies in, with `/`; all of it without a folder. As strings: many thousand are asked for."""
    text = os.fspath(path)
    if folder is not None:
        text = text[len(os.fspath(folder)) :].lstrip(os.sep)
    return text.replace(os.sep, "/")
