"""Completion and hovers in `weighbridge.toml`: names and values of settings, from the schema that validates them."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from weighbridge.budget.models import MODELS
from weighbridge.config.files import OWN_FILE
from weighbridge.config.layers import NEVER_FROM_REPOSITORY
from weighbridge.config.schema import json_schema
from weighbridge.tokens.registry import encodings

_HEADER = re.compile(r"\s*\[\[?\s*(?P<table>[\w.\"'-]+)\s*\]")
_KEY = re.compile(r"(?P<indent>\s*)(?P<key>[\w-]*)$")
_VALUE = re.compile(r"\s*(?P<key>[\w-]+)\s*=\s*(?P<value>\"?[\w.-]*)$")
_BEGUN_HEADER = re.compile(r"(?P<before>\s*\[\[?\s*)(?P<name>[\w-]*)$")
_LINE_KEY = re.compile(r"\s*(?P<key>[\w-]+)\s*=")
_WORD = re.compile(r"[\w-]*")
_VALUE_GOES_ON = re.compile(r"[\w.-]*\"?")
_CLOSING = re.compile(r"\s*\]{0,2}")
#: What a file of a repository's may not set is not offered there; of an API its headers.
_NOT_HERE = NEVER_FROM_REPOSITORY | {"headers"}


@dataclass(frozen=True, slots=True)
class SettingOffer:
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


def offers(lines: Sequence[str], number: int, column: int) -> list[SettingOffer]:
    """What may stand at a place. `lines` are those of the file, however much of it is written yet."""
    before, after = lines[number][:column], lines[number][column:].rstrip("\r\n")
    properties = _properties(_table(lines, number))
    end = column + _length(_WORD, after)
    header = _BEGUN_HEADER.match(before)
    if header is not None:
        typed = header["before"]
        return [
            *_headers(len(typed), end + _length(_CLOSING, after[end - column :]), lists_only="[[" in typed)
        ]
    key = _KEY.match(before)
    if key is not None:
        start = len(key["indent"])
        assigned = re.match(r"\s*=", lines[number][end:]) is not None
        return [
            SettingOffer(name if assigned else f"{name} = ", name, _about(schema), start, end, is_key=True)
            for name, schema in properties.items()
            if name not in _NOT_HERE
        ]
    value = _VALUE.match(before)
    if value is None or value["key"] not in properties:
        return []
    schema, end = properties[value["key"]], column + _length(_VALUE_GOES_ON, after)
    return [
        SettingOffer(text, text, _about(schema), value.start("value"), end, is_key=False)
        for text in _values(value["key"], schema)
    ]


def _length(pattern: re.Pattern[str], text: str) -> int:
    match = pattern.match(text)
    return 0 if match is None else match.end()


def _headers(start: int, end: int, *, lists_only: bool) -> Iterator[SettingOffer]:
    """Tables that may be begun; `start` is behind the brackets that are there, two where only lists of tables may stand."""
    for name, schema in _schema()["properties"].items():
        resolved = _resolved(schema)
        if resolved.get("type") == "array" and "$ref" in resolved.get("items", {}):
            bracket = "" if lists_only else "["
            yield SettingOffer(f"{bracket}{name}]]", name, _about(schema), start, end, is_key=True)
        elif lists_only or resolved.get("type") != "object":
            continue
        elif "$ref" in (resolved.get("additionalProperties") or {}):
            # A name of one's own follows.
            yield SettingOffer(f"{name}.", name, _about(schema), start, end, is_key=True)
        else:
            yield SettingOffer(f"{name}]", name, _about(schema), start, end, is_key=True)


def meaning(lines: Sequence[str], number: int) -> str | None:
    """What the setting of a line means, its default and its bounds; None where there is none."""
    match = _LINE_KEY.match(lines[number])
    if match is None:
        return None
    schema = _properties(_table(lines, number)).get(match["key"])
    return None if schema is None else f"{match['key']}: {_about(schema)}"


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
    schema: Any = {"properties": _schema()["properties"]}
    for part in table:
        inner = schema.get("properties", {}).get(part, schema.get("additionalProperties"))
        schema = _resolved(inner) if isinstance(inner, dict) else {}
        if schema.get("type") == "array":
            schema = _resolved(schema.get("items", {}))
    properties: Mapping[str, Any] = schema.get("properties", {})
    return properties


def _resolved(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of a setting; of one that may be a table or something else, the schema of the table."""
    table = next(
        (alternative for alternative in schema.get("anyOf", ()) if alternative.get("type") == "object"), None
    )
    if table is not None:
        schema = {**table, **schema}
    reference = schema.get("$ref")
    if not isinstance(reference, str):
        return dict(schema)
    named: dict[str, Any] = _schema()["definitions"][reference.rpartition("/")[2]]
    return {**named, **{key: value for key, value in schema.items() if key != "$ref"}}


def _about(schema: Mapping[str, Any]) -> str:
    parts = [str(schema.get("description", ""))]
    if "default" in schema and len(str(schema["default"])) < 100:
        parts.append(f"default {json.dumps(schema['default'], ensure_ascii=False)}")
    plain = next(
        (alternative for alternative in schema.get("anyOf", ()) if alternative.get("type") != "null"), schema
    )
    if "minimum" in plain and "maximum" in plain:
        parts.append(f"{plain['minimum']:,} to {plain['maximum']:,}")
    return "; ".join(part for part in parts if part)


def _values(key: str, schema: Mapping[str, Any]) -> Iterator[str]:
    resolved = _resolved(schema)
    if key == "encoding":
        yield from (f'"{name}"' for name in encodings())
    elif key == "model":
        yield from (f'"{model.name}"' for model in MODELS)
    elif resolved.get("type") == "boolean":
        yield from ("true", "false")
    elif "enum" in resolved:
        yield from (f'"{value}"' for value in resolved["enum"])
    elif isinstance(resolved.get("default"), int | float | str):
        yield json.dumps(resolved["default"])
