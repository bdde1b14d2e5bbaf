"""Completion and hovers in `weighbridge.toml`: names and values of settings, from the schema that validates them."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from weighbridge.config.files import OWN_FILE
from weighbridge.config.schema import json_schema
from weighbridge.tokens.registry import encodings

_HEADER = re.compile(r"\s*\[\[?\s*(?P<table>[\w.\"'-]+)\s*\]")
_KEY = re.compile(r"(?P<indent>\s*)(?P<key>[\w-]*)$")
_VALUE = re.compile(r"\s*(?P<key>[\w-]+)\s*=\s*(?P<value>\"?[\w-]*)$")
_LINE_KEY = re.compile(r"\s*(?P<key>[\w-]+)\s*=")
_WORD = re.compile(r"[\w-]*\"?")


@dataclass(frozen=True, slots=True)
class Offer:
    """What may stand at columns [start, end) of the line: a key or a value, and what it means."""

    text: str
    label: str
    about: str
    start: int
    end: int
    is_key: bool


def is_settings_file(path: Path | None) -> bool:
    """Whether a document is a settings file."""
    return path is not None and path.name == OWN_FILE


def offers(lines: Sequence[str], number: int, column: int) -> list[Offer]:
    """What may stand at a place. `lines` are those of the file, however much of it is written yet."""
    before, after = lines[number][:column], lines[number][column:].rstrip("\r\n")
    properties = _properties(_table(lines, number))
    end = column + len(_WORD.match(after)[0])  # type: ignore[index]  # it matches nothing, too
    key = _KEY.match(before)
    if key is not None:
        start = len(key["indent"])
        assigned = re.match(r"\s*=", lines[number][end:]) is not None
        return [
            Offer(name if assigned else f"{name} = ", name, _about(schema), start, end, is_key=True)
            for name, schema in properties.items()
        ]
    value = _VALUE.match(before)
    if value is None or value["key"] not in properties:
        return []
    schema = properties[value["key"]]
    return [
        Offer(text, text, _about(schema), value.start("value"), end, is_key=False)
        for text in _values(value["key"], schema)
    ]


def meaning(lines: Sequence[str], number: int) -> str | None:
    """What the setting of a line means, its default and its bounds; None where there is none."""
    found = _LINE_KEY.match(lines[number])
    if found is None:
        return None
    schema = _properties(_table(lines, number)).get(found["key"])
    return None if schema is None else f"{found['key']}: {_about(schema)}"


def _table(lines: Sequence[str], number: int) -> tuple[str, ...]:
    """The table that a line is in."""
    for line in reversed(lines[:number]):
        header = _HEADER.match(line)
        if header is not None:
            return tuple(part.strip("\"'") for part in header["table"].split("."))
    return ()


@lru_cache(maxsize=1)
def _schema() -> dict[str, Any]:
    return json_schema()


def _properties(table: Sequence[str]) -> Mapping[str, Any]:
    """The settings that a table may have: none where names are anybody's own."""
    found: Any = {"properties": _schema()["properties"]}
    for part in table:
        inner = found.get("properties", {}).get(part, found.get("additionalProperties"))
        found = _resolved(inner) if isinstance(inner, dict) else {}
        if found.get("type") == "array":
            found = _resolved(found.get("items", {}))
    properties: Mapping[str, Any] = found.get("properties", {})
    return properties


def _resolved(schema: Mapping[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref")
    if not isinstance(reference, str):
        return dict(schema)
    named: dict[str, Any] = _schema()["definitions"][reference.rpartition("/")[2]]
    return {**named, **{key: value for key, value in schema.items() if key != "$ref"}}


def _about(schema: Mapping[str, Any]) -> str:
    parts = [str(schema.get("description", ""))]
    if "default" in schema and len(str(schema["default"])) < 100:
        parts.append(f"default {json.dumps(schema['default'], ensure_ascii=False)}")
    plain = next((one for one in schema.get("anyOf", ()) if one.get("type") != "null"), schema)
    if "minimum" in plain and "maximum" in plain:
        parts.append(f"{plain['minimum']:,} to {plain['maximum']:,}")
    return "; ".join(part for part in parts if part)


def _values(key: str, schema: Mapping[str, Any]) -> Iterator[str]:
    resolved = _resolved(schema)
    if key == "encoding":
        yield from (f'"{name}"' for name in encodings())
    elif resolved.get("type") == "boolean":
        yield from ("true", "false")
    elif "enum" in resolved:
        yield from (f'"{one}"' for one in resolved["enum"])
    elif isinstance(resolved.get("default"), int | float | str):
        yield json.dumps(resolved["default"])
