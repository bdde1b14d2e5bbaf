"""TOML from strangers: the standard library's parser, kept from what takes it minutes or gigabytes."""

import re
import tomllib
from collections.abc import Callable, Iterator
from typing import Any

#: Parts of one dotted key. The parser takes time and memory in proportion to their square: minutes for a megabyte's.
_MOST_PARTS = 100
_PART = r"""(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')"""
_LONG_KEY = re.compile(rf"(?<![\w-]){_PART}(?:[ \t]*+\.[ \t]*+{_PART}){{{_MOST_PARTS}}}", re.ASCII)

#: Bits of a whole number: fewer than Python writes in decimal.
_MOST_BITS = 10_000
_TOO_MUCH = "a number too long, or nested too deeply"


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
        data = tomllib.loads(text, parse_float=parse_float)
    except tomllib.TOMLDecodeError as error:
        reason, _, position = str(error).rpartition(" (at line ")
        line = position.partition(",")[0]
        if line.isdecimal():
            raise TomlError(reason, int(line)) from error
        raise TomlError(str(error).removesuffix(" (at end of document)"), text.count("\n") + 1) from error
    except (ValueError, RecursionError) as error:
        # A number of thousands of digits, or lists in lists without end.
        raise TomlError(_TOO_MUCH) from error
    # Python refuses to read such numbers, but not in hexadecimal; then it refuses to write them.
    if any(type(value) is int and value.bit_length() > _MOST_BITS for value in _values(data)):
        raise TomlError(_TOO_MUCH)
    return data


def _values(data: dict[str, Any]) -> Iterator[Any]:
    """All that is in it, at any depth."""
    todo: list[Any] = [data]
    while todo:
        value = todo.pop()
        if isinstance(value, dict):
            todo += value.values()
        elif isinstance(value, list):
            todo += value
        else:
            yield value
