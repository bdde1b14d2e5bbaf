"""Document URIs and the files they name."""

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
