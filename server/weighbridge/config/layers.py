"""Settings from several places: later layers win; what can't be used is a warning by name, and the rest takes effect."""

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from weighbridge.config.settings import Settings

SECTION = "weighbridge"

#: What a repository may not decide: each could make its reader read, fetch or tell something.
_NEVER_FROM_REPOSITORY = frozenset({"env", "apiAllow", "fileRoots", "trusted", "cacheUrl"})
#: Objects that are merged name by name; everything else is replaced as a whole.
_MERGED = frozenset({"variables", "apis", "dialects", "retry", "inlayHints"})
#: What initialization options hold besides settings.
_NO_SETTINGS = frozenset({"status"})
_KEYS = {(field.alias or name): name for name, field in Settings.model_fields.items()}


@dataclass(frozen=True, slots=True)
class Layer:
    """Settings as one place gives them. `name`: for messages. `trusted_source`: false for a repository's files."""

    name: str
    values: Mapping[str, Any]
    trusted_source: bool


@dataclass(frozen=True, slots=True)
class Resolved:
    """The settings in force, and what could not be used."""

    settings: Settings
    warnings: tuple[str, ...]


def resolve(layers: Sequence[Layer]) -> Resolved:
    """Merge layers, lowest first, and validate. Never raises on any JSON-like values."""
    warnings: list[str] = []
    merged: dict[str, Any] = {}
    for layer in layers:
        _merge(merged, dict(_usable(layer, warnings)))
    settings = Settings.model_validate(merged)
    return Resolved(settings, tuple(warnings))


def _usable(layer: Layer, warnings: list[str]) -> Iterator[tuple[str, Any]]:
    """The layer's keys and values that can be used, with a warning for each that can't."""
    values = layer.values
    if SECTION in values and isinstance(values[SECTION], Mapping):
        values = values[SECTION]
    for key, value in values.items():
        name = key if key in _KEYS else _alias_of(key)
        if name is None:
            if key not in _NO_SETTINGS:
                warnings.append(f"{SECTION}.{key}: unknown setting in {layer.name}{_meant(key)}")
        elif value is None:
            continue
        elif not layer.trusted_source and name in _NEVER_FROM_REPOSITORY:
            warnings.append(f"{SECTION}.{name}: never taken from a repository; ignored in {layer.name}")
        else:
            yield from _checked(layer, name, _without_headers(layer, name, value, warnings), warnings)


def _checked(layer: Layer, key: str, value: Any, warnings: list[str]) -> Iterator[tuple[str, Any]]:
    """The value as far as it is good: of an object or a list, the good parts."""
    try:
        Settings.model_validate({key: value})
    except ValidationError as error:
        details = error.errors(include_url=False)
        warnings.extend(_warning(layer, key, detail, value) for detail in details)
        bad = {detail["loc"][1] for detail in details if len(detail["loc"]) > 1}
        if key in _MERGED and isinstance(value, Mapping) and bad:
            good = {
                name: one for name, one in value.items() if name not in bad and _field(key, name) not in bad
            }
            yield from ((key, good),) if _is_good(key, good) else ()
        elif isinstance(value, list) and bad:
            items = [one for number, one in enumerate(value) if number not in bad]
            yield from ((key, items),) if items and _is_good(key, items) else ()
    else:
        yield key, value


def _is_good(key: str, value: Any) -> bool:
    try:
        Settings.model_validate({key: value})
    except ValidationError:
        return False
    return True


def _field(key: str, name: Any) -> Any:
    """A nested setting's field name, as errors may name it."""
    model = {"retry": "Retry", "inlayHints": "InlayHints"}.get(key)
    return name if model is None else str(name)


def _without_headers(layer: Layer, key: str, value: Any, warnings: list[str]) -> Any:
    """APIs of a repository come without headers."""
    if layer.trusted_source or key != "apis" or not isinstance(value, Mapping):
        return value
    cleaned: dict[str, Any] = {}
    for name, api in value.items():
        if isinstance(api, Mapping) and "headers" in api:
            warnings.append(
                f"{SECTION}.apis.{name}.headers: never taken from a repository; ignored in {layer.name}"
            )
            cleaned[name] = {field: one for field, one in api.items() if field != "headers"}
        else:
            cleaned[name] = api
    return cleaned


def _merge(merged: dict[str, Any], values: Mapping[str, Any]) -> None:
    """Put a layer's values over those below. An API is replaced as a whole: headers never meet another's URL."""
    for key, value in values.items():
        if key in _MERGED and isinstance(value, Mapping) and isinstance(merged.get(key), Mapping):
            merged[key] = {**merged[key], **value}
        else:
            merged[key] = value


def _alias_of(key: str) -> str | None:
    for alias, name in _KEYS.items():
        if key == name:
            return alias
    return None


def _meant(key: str) -> str:
    close = difflib.get_close_matches(str(key), _KEYS, n=1)
    return f"; did you mean {SECTION}.{close[0]}?" if close else ""


def _warning(layer: Layer, key: str, detail: ErrorDetails, value: Any) -> str:
    path = [str(part) for part in detail["loc"][1:] if not str(part).startswith(("function-", "union["))]
    name = ".".join([SECTION, key, *path])
    message = detail["msg"].removeprefix("Value error, ")
    message = message[0].lower() + message[1:]
    description = Settings.model_fields[_KEYS[key]].description
    got = "" if key in {"apis", "variables", "cacheUrl"} else f", got {_short(detail.get('input', value))}"
    return f"{name}: {message}{got} ({description}); ignored in {layer.name}"


def _short(value: Any) -> str:
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."
