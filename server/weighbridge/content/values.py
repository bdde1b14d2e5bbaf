"""Data files read into plain values, and values into text: scalars as they were typed, the rest as JSON."""

import json
from collections.abc import Callable
from typing import Any

from weighbridge.config import toml

#: Containers inside containers; and values in all, with aliases written out.
DEEPEST = 100
MOST_VALUES = 100_000


class DataError(Exception):
    """Data that can't be used. The message says why; `line`, from 1, where; 0 if that is unknown."""

    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(f"line {line}: {reason}" if line else reason)


class NotYamlError(DataError):
    """Text that is no YAML at all, or holds tags of somebody's own: most likely it was never meant to be."""


class _Integer(int):
    """A whole number that remembers how it was typed."""

    typed: str


class _Fraction(float):
    """Any other number that remembers how it was typed."""

    typed: str


def integer(typed: str, value: int | None = None) -> _Integer:
    number = _Integer(typed if value is None else value)
    number.typed = typed
    return number


def fraction(typed: str, value: float | None = None) -> _Fraction:
    number = _Fraction(typed if value is None else value)
    number.typed = typed
    return number


def read_yaml(text: str) -> object:
    """Read one YAML document. Nothing but plain data is made, and aliases can't make it large.

    Raises:
        NotYamlError: not YAML.
        DataError: its values can't be made, or are too many.
    """
    # Few texts hold any, and it takes long to load.
    from weighbridge.content import yaml_values  # noqa: PLC0415

    return _within_bounds(yaml_values.read(text))


def read_toml(text: str) -> object:
    """Read a TOML document.

    Raises:
        DataError: not TOML, or nested too deeply.
    """
    try:
        return _within_bounds(toml.read_toml(text, fraction))
    except toml.TomlError as error:
        raise DataError(f"not TOML: {error}", error.line) from error


def read_json(text: str) -> object:
    """Read a JSON document.

    Raises:
        DataError: not JSON, or nested too deeply.
    """
    try:
        return _within_bounds(json.loads(text, parse_float=fraction, parse_int=integer))
    except json.JSONDecodeError as error:
        raise DataError(f"not JSON: {error.msg}", error.lineno) from error
    except (ValueError, RecursionError) as error:
        raise DataError("not JSON: a number too long, or nested too deeply") from error


#: How a data file is read, by the end of its name.
READERS: dict[str, Callable[[str], object]] = {
    ".toml": read_toml,
    ".yaml": read_yaml,
    ".yml": read_yaml,
    ".json": read_json,
}


def text_of_value(value: object) -> str | None:
    """Write the text a value stands for: a number as it was typed, `true` or `false`, a list or mapping as JSON.

    None for null, which means "not set". JSON keeps the order of the keys and every character, separated by `, ` and
    `: `.
    """
    match value:
        case None:
            return None
        case bool():
            text = "true" if value else "false"
        case _Integer() | _Fraction():
            text = value.typed
        case list() | dict():
            text = json.dumps(value, ensure_ascii=False, default=str, skipkeys=True)
        case _:
            text = str(value)
    return whole_characters(text)


def whole_characters(text: str) -> str:
    """Join surrogate pairs, and replace halves, which no encoding can hold, by U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _within_bounds(data: object) -> object:
    """The same data; refused if it is nested too deeply or holds too many values, aliases written out."""
    sizes: dict[int, tuple[int, int]] = {}
    open_: set[int] = set()

    def measure(value: object, depth: int) -> tuple[int, int]:
        """How many values it is, and how deeply they are nested in it."""
        if not isinstance(value, dict | list | tuple):
            return 1, 0
        if id(value) in open_:
            raise DataError("not usable: an alias holds itself")
        count, height = sizes.get(id(value), (0, 1))
        if depth + height > DEEPEST:
            raise DataError(f"nested more than {DEEPEST} deep")
        if not count:
            open_.add(id(value))
            parts: list[Any] = list(value.values()) if isinstance(value, dict) else list(value)
            measured = [measure(part, depth + 1) for part in parts]
            open_.discard(id(value))
            count = 1 + sum(inner_count for inner_count, _ in measured)
            height = 1 + max((inner_height for _, inner_height in measured), default=0)
            sizes[id(value)] = count, height
        return count, height

    if measure(data, 0)[0] > MOST_VALUES:
        raise DataError(f"not usable: more than {MOST_VALUES:,} values, aliases written out")
    return data
