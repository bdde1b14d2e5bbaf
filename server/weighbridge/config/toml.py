"""TOML from strangers: the standard library's parser, kept from what takes it minutes or gigabytes."""

import re
import tomllib
from collections.abc import Callable
from typing import Any

#: Parts of one dotted key. The parser takes time and memory in proportion to their square: minutes for a megabyte's.
_MOST_PARTS = 100
_PART = r"""(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')"""
_LONG_KEY = re.compile(rf"(?<![\w-]){_PART}(?:[ \t]*+\.[ \t]*+{_PART}){{{_MOST_PARTS}}}", re.ASCII)


class TomlError(Exception):
    """Not TOML that can be read; the message says why. `line`: from 1, or 0 where that isn't known."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


def read_toml(text: str, parse_float: Callable[[str], Any] = float) -> dict[str, Any]:
    """Read a TOML document. `parse_float`: makes a number with a fraction from how it is written.

    Raises:
        TomlError: not TOML, or not within bounds.
    """
    long_key = _LONG_KEY.search(text)
    if long_key is not None:
        raise TomlError(f"a key of more than {_MOST_PARTS} parts", text.count("\n", 0, long_key.start()) + 1)
    try:
        return tomllib.loads(text, parse_float=parse_float)
    except tomllib.TOMLDecodeError as error:
        reason, _, position = str(error).rpartition(" (at line ")
        line = position.partition(",")[0]
        if line.isdecimal():
            raise TomlError(reason, int(line)) from error
        raise TomlError(str(error).removesuffix(" (at end of document)"), text.count("\n") + 1) from error
    except (ValueError, RecursionError) as error:
        # A number of thousands of digits, or lists in lists without end.
        raise TomlError("a number too long, or nested too deeply") from error
