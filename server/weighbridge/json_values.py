"""Values as JSON has them: dataclasses by their fields, enumerations by their values, paths as text."""

import os
from typing import Any

import msgspec


def as_json(value: Any) -> Any:
    """A value as dictionaries, lists, text and numbers."""
    return msgspec.to_builtins(value, enc_hook=os.fspath)


def encoded(value: Any) -> bytes:
    """A value as JSON, of thousands in a fraction of the time that structuring them takes.

    Raises:
        UnicodeEncodeError: half of a surrogate pair is in it, which can only be written as an escape.
    """
    return msgspec.json.encode(value, enc_hook=os.fspath)
