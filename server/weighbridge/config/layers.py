"""Settings from several places: later layers win; what can't be used is a warning by name, and the rest takes effect."""

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.alias_generators import to_camel, to_snake
from pydantic.fields import FieldInfo

from weighbridge import disk
from weighbridge.config.messages import fault, fields_of, meant, model_in, plain
from weighbridge.config.settings import Settings

SECTION = "weighbridge"

#: What a repository may not decide: each could make its reader read, fetch or tell something.
NEVER_FROM_REPOSITORY = frozenset({"env", "apiAllow", "fileRoots", "trusted", "cacheUrl"})
#: What it may not say of an entry: headers may be secrets'.
_NEVER_IN_ENTRIES: Mapping[str, str] = MappingProxyType({"apis": "headers"})
#: The most that a repository may ask for: what is more costs its reader's memory, processor or time.
_MOST_FROM_REPOSITORY: Mapping[str, int] = MappingProxyType(
    {
        "workers": 16,
        "cacheEntries": 100_000,
        "maxFileBytes": 1024**3,
        "debounce": 5_000,
        "retry.attempts": 5,
        "retry.delay": 5,
        "retry.backoff": 10,
        "retry.maxDelay": 30,
    }
)
#: Names that may be empty where an editor has a field for them: nobody filled it in.
_NAMES = frozenset({"model", "encoding", "cacheUrl"})
#: Objects that are merged name by name; everything else is replaced as a whole.
_MERGED = frozenset({"variables", "apis", "dialects", "budgets", "models", "retry", "inlayHints"})
#: Objects whose values are objects with fields.
_NAMED = frozenset({"apis", "models"})
#: What initialization options hold besides settings.
_NO_SETTINGS = frozenset({"status"})
#: No setting is nested deeper: `apis`, a name, `headers`, a name. What is deeper can't be used, whatever it is.
_DEEPEST = 6
#: Entries of a list and names in an object; of more, none are looked at: a file may hold half a million.
_MOST_ENTRIES = 10_000
#: Warnings of one layer; a file of nothing but faults says no more than people read.
_MOST_WARNINGS = 50

_KEYS = fields_of(Settings)


@dataclass(frozen=True, slots=True)
class Layer:
    """Settings as one place gives them. `name`: for messages. `trusted_source`: false for a repository's files.

    `folder`: what holds these, and the files that they may name. `text`: the file's, in which a fault has a place.
    """

    name: str
    values: Mapping[str, Any]
    trusted_source: bool
    folder: Path | None = field(default=None, compare=False)
    text: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ResolvedSettings:
    """The settings in force, and what could not be used. `in_files`: what of that stands in a repository's file."""

    settings: Settings
    warnings: tuple[str, ...]
    in_files: tuple[str, ...] = ()


@dataclass(slots=True)
class _Faults:
    """What is wrong with a layer. A hostile file has half a million faults: only the first are put in words."""

    texts: list[str] = field(default_factory=list)
    untold: int = 0

    def add(self, words: Callable[..., str], *about: Any) -> None:
        if len(self.texts) == _MOST_WARNINGS:
            self.untold += 1
        elif (text := words(*about)) not in self.texts:
            self.texts.append(text)


def resolve(layers: Sequence[Layer]) -> ResolvedSettings:
    """Merge layers, lowest first, and validate. Null means: as the layers below say. Never raises on any JSON-like values."""
    warnings: list[str] = []
    in_files: list[str] = []
    merged: dict[str, Any] = {}
    for layer in layers:
        faults = _Faults()
        _merge(merged, dict(_usable(layer, faults)))
        warnings += [f"{text}; ignored in {layer.name}" for text in faults.texts]
        in_files += () if layer.trusted_source else faults.texts
        if faults.untold:
            warnings.append(f"{SECTION}: {faults.untold:,} more faults in {layer.name}")
    return ResolvedSettings(Settings.model_validate(merged), tuple(warnings), tuple(in_files))


def _usable(layer: Layer, faults: _Faults) -> Iterator[tuple[str, Any]]:
    """The layer's settings that can be used, by their names outside, with a fault for each that can't."""
    for key, value in _section_of(layer.values, faults).items():
        name = _outer_name(key, _KEYS)
        if name is None:
            if key not in _NO_SETTINGS:
                faults.add(_unknown, key)
        elif value is None or (value == "" and name in _NAMES):
            continue
        elif not layer.trusted_source and name in NEVER_FROM_REPOSITORY:
            faults.add(_never, name)
        elif isinstance(value, (list, tuple, Mapping)) and len(value) > _MOST_ENTRIES:
            faults.add(_too_many, name)
        else:
            renamed = _renamed(name, _json_like(_as_entries(value) if name == "models" else value, 1))
            if not layer.trusted_source:
                renamed = _within_limits(name, renamed, layer.folder, faults)
            yield from _checked(name, renamed, faults)


def _unknown(key: str) -> str:
    # Settings files of editors write the section before each name.
    bare = key.removeprefix(f"{SECTION}.")
    return f"{SECTION}.{plain(key)}: unknown setting{meant(SECTION, bare, _KEYS)}"


def _never(name: str) -> str:
    return f"{SECTION}.{name}: never taken from a repository"


def _never_outside(name: str) -> str:
    return f"{SECTION}.{name}: taken from a repository only if the file lies in it, by its path from the settings' folder"


def _too_much(name: str, value: float, most: int) -> str:
    return f"{SECTION}.{name}: {value:,} is more than a repository may set ({most:,} is taken instead)"


def _too_many(name: str) -> str:
    return f"{SECTION}.{name}: expected at most {_MOST_ENTRIES:,} entries"


def _section_of(values: Any, faults: _Faults) -> Mapping[str, Any]:
    """The settings themselves: the object, or what it holds under `weighbridge`."""
    if isinstance(values, Mapping) and SECTION in values:
        values = values[SECTION]
    if isinstance(values, Mapping):
        return {_json_like(str(key)): value for key, value in values.items()}
    if values is not None:
        faults.add(lambda: f"{SECTION}: expected an object of settings")
    return {}


def _json_like(value: Any, depth: int = 0) -> Any:
    """A copy with text that is text throughout, and no deeper than settings are."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, Mapping):
        below = value.items() if depth < _DEEPEST else ()
        return {_json_like(str(key)): _json_like(item, depth + 1) for key, item in below}
    if isinstance(value, (list, tuple)):
        return [_json_like(item, depth + 1) for item in value] if depth < _DEEPEST else []
    return value


def _renamed(name: str, value: Any) -> Any:
    """A setting's value with its objects' fields named as outside, and without those that are null."""
    if isinstance(value, list):
        return [_fields(entry, model_in(_KEYS[name])) for entry in value]
    if name in _NAMED and isinstance(value, dict):
        return {
            key: _fields(entry, model_in(_KEYS[name])) for key, entry in value.items() if entry is not None
        }
    return _fields(value, model_in(_KEYS[name]))


def _as_entries(models: Any) -> Any:
    """The setting `models` with an object for each: a list names those that are shown, a name alone what a model is like."""
    if isinstance(models, (list, tuple)) and all(isinstance(name, str) for name in models):
        return {name: {"shown": True} for name in models}
    if isinstance(models, Mapping):
        return {name: {"like": entry} if isinstance(entry, str) else entry for name, entry in models.items()}
    return models


def _fields(value: Any, model: type[BaseModel] | None) -> Any:
    if model is None or not isinstance(value, dict):
        return value
    fields = fields_of(model)
    return {
        _outer_name(key, fields) or key: field_value
        for key, field_value in value.items()
        if field_value is not None
    }


def _within_limits(name: str, value: Any, folder: Path | None, faults: _Faults) -> Any:
    """A setting's value as far as a repository may give it."""
    if name == "models" and isinstance(value, dict):
        return {key: _with_file_of(folder, key, entry, faults) for key, entry in value.items()}
    if name in _NEVER_IN_ENTRIES:
        return _without_field(name, value, faults)
    if name in _MERGED and isinstance(value, dict):
        return {key: _at_most(f"{name}.{key}", item, faults) for key, item in value.items()}
    return _at_most(name, value, faults)


def _with_file_of(folder: Path | None, model: str, entry: Any, faults: _Faults) -> Any:
    """A model of a repository, with the tokenizer's file where that lies in it, or without."""
    written = entry.get("tokenizer") if isinstance(entry, dict) else None
    if written is None:
        return entry
    path = os.path.normpath(folder / written) if folder is not None and isinstance(written, str) else ""
    if folder is None or not Path(path).is_relative_to(folder) or "\0" in path:
        faults.add(_never_outside, f"models.{plain(model)}.tokenizer")
        return {key: field_value for key, field_value in entry.items() if key != "tokenizer"}
    # Where it leads may not lie outside either: who opens it sees to that.
    return {**entry, "tokenizer": f"{folder}{disk.WITHIN}{Path(path).relative_to(folder)}"}


def _at_most(name: str, value: Any, faults: _Faults) -> Any:
    most = _MOST_FROM_REPOSITORY.get(name)
    if most is not None and type(value) in {int, float} and value > most:
        faults.add(_too_much, name, value, most)
        return most
    return value


def _without_field(setting: str, entries: Any, faults: _Faults) -> Any:
    """Entries of a repository come without what it may not say of them."""
    if not isinstance(entries, dict):
        return entries
    never = _NEVER_IN_ENTRIES[setting]
    cleaned: dict[str, Any] = {}
    for name, entry in entries.items():
        if isinstance(entry, dict) and never in entry:
            faults.add(_never, f"{setting}.{plain(name)}.{never}")
            cleaned[name] = {field: field_value for field, field_value in entry.items() if field != never}
        else:
            cleaned[name] = entry
    return cleaned


def _checked(name: str, value: Any, faults: _Faults) -> Iterator[tuple[str, Any]]:
    """The value as far as it is good: of an object or a list, the good parts."""
    try:
        Settings.model_validate({name: value})
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False)
        for detail in details:
            faults.add(fault, SECTION, name, detail)
        bad = {detail["loc"][1] for detail in details if len(detail["loc"]) > 1}
        good = _without(value, bad, merged=name in _MERGED)
        # What is wrong with the whole (too many, not an object) is as wrong without some.
        if good and len(bad) > 0 and all(len(detail["loc"]) > 1 for detail in details):
            yield name, good
    else:
        yield name, value


def _without(value: Any, bad: Collection[int | str], *, merged: bool) -> Any:
    if merged and isinstance(value, dict):
        return {key: item for key, item in value.items() if key not in bad}
    if isinstance(value, list):
        return [item for number, item in enumerate(value) if number not in bad]
    return None


def _merge(merged: dict[str, Any], values: Mapping[str, Any]) -> None:
    """Put a layer's values over those below. An API is replaced as a whole: headers never meet another's URL."""
    if "encoding" in values and "model" not in values:
        # The nearest says what counts: a model below it no longer does.
        merged.pop("model", None)
    shown = [name for name, entry in values.get("models", {}).items() if entry.get("shown")]
    if shown:
        merged["models"] = {
            name: {**entry, "shown": False} for name, entry in merged.get("models", {}).items()
        }
        merged["model"] = shown[0]
    for key, value in values.items():
        if key == "models":
            below = merged.get(key, {})
            merged[key] = {name: _described(entry, below.get(name, {})) for name, entry in value.items()}
            merged[key] |= {name: entry for name, entry in below.items() if name not in value}
        elif key in _MERGED and key in merged:
            merged[key] = {**merged[key], **value}
        else:
            merged[key] = value


def _described(entry: dict[str, Any], below: dict[str, Any]) -> dict[str, Any]:
    """A model as one layer has it: what only says whether it is shown leaves all else as it is below."""
    return {**below, **entry} if entry.keys() <= {"shown"} else entry


def _outer_name(key: str, fields: Mapping[str, FieldInfo]) -> str | None:
    """A field's name outside, from that or from the one inside."""
    if key in fields:
        return key
    name = to_camel(key)
    return name if name in fields and to_snake(name) == key else None
