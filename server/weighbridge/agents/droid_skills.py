"""What Factory droid lists: skills, and droids that files describe."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from weighbridge.agents.collation import locale_order
from weighbridge.agents.folders import MOST_FILES, MOST_LEVELS
from weighbridge.agents.model import Entry, Files, Part, Piece
from weighbridge.agents.skills import cut
from weighbridge.agents.text import JS_SPACE_CLASS, first_units, js_trim, json_object, read_text, utf16_units
from weighbridge.agents.yaml_values import Yaml, yaml_mapping

FOLDERS = (".factory", ".agents", ".agent")
_LONGEST_DESCRIPTION = 1024
#: UTF-16 units that the skills' lines share: 15,000, without those of the skills that are the agent's own.
_ROOM_FOR_SKILLS = 9_725
_ROOM_FOR_DROIDS = 10_000
#: Droids that the agent itself puts into the user's folder, and lists elsewhere.
_NOT_LISTED = ("scrutiny-feature-reviewer", "user-testing-flow-validator")

_FRONT_MATTER = re.compile(r"---\r?\n([\s\S]*?)\r?\n---\r?\n?")
_SKILL_NAME = re.compile("[a-z0-9-]*[a-z0-9][a-z0-9-]*")
_TAG = re.compile("<(/?system-(?:reminder|notification))>")
_SPACES = re.compile(f"[{JS_SPACE_CLASS}]+")


def skills(places: Sequence[Path], files: Files) -> Part:
    """The listing of skills, in the order of places, the user's last; of equal names the first one counts, listed or not."""
    seen = {"", *(_key(name) for place in places for name in _disabled(place / ".factory", files))}
    listed: list[tuple[str, str, str, Path]] = []
    for place in places:
        for folder in FOLDERS:
            for path in _skill_files(place / folder / "skills", files, set()):
                text = read_text(files, path, keep_mark=True) or ""
                values, body = _split(text)
                name = values.get("name")
                key = _key(name if isinstance(name, str) else "unknown")
                if key not in seen and _is_listed(values, body):
                    listed.append((str(name), _shown(str(values["description"])), text, path))
                seen.add(key)
    left = _ROOM_FOR_SKILLS - sum(len(name) + 1 for name, *_ in listed)
    pieces: list[Piece] = []
    for name, whole, text, path in listed:
        description = whole or "No description provided"
        if utf16_units(description) > _LONGEST_DESCRIPTION:
            description = f"{first_units(description, _LONGEST_DESCRIPTION - 1)}…"
        units = len(": ") + utf16_units(description)
        reason = f"droid lists {_LONGEST_DESCRIPTION:,} UTF-16 units of a description"
        if units > left:
            description, units = "", 0
            reason = "the descriptions of the other skills have used up the room for all of them"
        left -= units
        lost = (
            cut(text, whole, description.removesuffix("…"), reason)
            if description != whole and whole
            else None
        )
        pieces += [
            Piece(f"{chr(10) if pieces else ''}{name}{': ' if description else ''}"),
            Piece(description, Entry(path, "skill", description, lost=lost)),
        ]
    return Part("user message", tuple(pieces))


def droids(places: Sequence[Path], files: Files) -> Part:
    """The listing of droids that files describe, in the same order; each description has as much room."""
    listed: list[tuple[str, str, str, str, Path]] = []
    seen: set[str] = set()
    for place in places:
        folder = place / ".factory" / "droids"
        meta = f"(location: {'personal' if place == places[-1] else 'project'})"
        # In the first folder that has any, all count.
        first = not listed
        for file in files.names(folder):
            text = read_text(files, folder / file, keep_mark=True) if file.endswith(".md") else None
            if text is None:
                continue
            values = _droid_values(_split(text)[0])
            name = values.get("name") or file.removesuffix(".md")
            key = re.sub("-{2,}", "-", re.sub("[^a-z0-9_-]", "-", name.lower()))
            if name not in _NOT_LISTED and (first or key not in seen):
                description = _escaped(values.get("description") or "")
                listed.append((_escaped(name), meta, description, text, folder / file))
            seen.add(key)
    used = sum(utf16_units(name) + 1 + len(meta) for name, meta, *_ in listed)
    room = max(0, _ROOM_FOR_DROIDS - used) // max(1, len(listed))
    pieces: list[Piece] = []
    for name, meta, whole, text, path in listed:
        fits = utf16_units(whole) <= room
        description = whole if fits else f"{first_units(whole, room - 1)}…" if room else ""
        reason = f"droid lists {_ROOM_FOR_DROIDS:,} UTF-16 units of all droids together"
        lost = None if fits else cut(text, whole, description.removesuffix("…"), reason)
        pieces += [
            Piece(f"{chr(10) if pieces else ''}- {name}:{' ' if description else ''}"),
            Piece(description, Entry(path, "agent", description, lost=lost)),
            Piece(f" {meta}"),
        ]
    return Part("user message", tuple(pieces))


def _skill_files(folder: Path, files: Files, seen: set[Path], level: int = 0) -> Iterator[Path]:
    """The skills below a folder, by name; none within a skill. Each real folder is looked through once."""
    real = files.real(folder)
    if real in seen or level > MOST_LEVELS or len(seen) > MOST_FILES:
        return
    seen.add(real)
    for name in sorted(files.names(folder), key=locale_order):
        path = folder / name
        if files.is_folder(path):
            if files.size(path / "SKILL.md") is not None:
                yield path / "SKILL.md"
            else:
                yield from _skill_files(path, files, seen, level + 1)


def _disabled(folder: Path, files: Files) -> Iterator[str]:
    """The names of skills that a folder's settings turn off; the local ones replace the others."""
    values: dict[str, Any] = {}
    for name in ("settings.json", "settings.local.json"):
        values |= json_object(files.read(folder / name))
    names = values.get("disabledSkills")
    return (name for name in names if isinstance(name, str)) if isinstance(names, list) else iter(())


def _key(name: str) -> str:
    """What skills of equal names have in common."""
    return re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")


def _is_listed(values: Mapping[str, Any], body: str) -> bool:
    """Whether a skill is one that the model may use: it has a body, and all its values are of the right kind."""
    name = values.get("name")
    enabled, by_user = values.get("enabled", True), values.get("user-invocable", True)
    not_by_model = values.get("disable-model-invocation", False)
    tools = [values[key] for key in ("allowed-tools", "tools") if key in values]
    texts = [values[key] for key in ("license", "compatibility") if key in values]
    return (
        isinstance(name, str)
        and _SKILL_NAME.fullmatch(name) is not None
        and isinstance(values.get("description"), str)
        and js_trim(body) != ""
        and isinstance(by_user, bool)
        and enabled is True
        and not_by_model is False
        and isinstance(values.get("metadata", {}), dict)
        and all(isinstance(text, str) for text in texts)
        and all(_is_list_of_texts(tool) for tool in tools)
    )


def _is_list_of_texts(value: object) -> bool:
    return isinstance(value, str) or (
        isinstance(value, list) and all(isinstance(item, str) for item in value)
    )


def _droid_values(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """A droid's values; none where one is of the wrong kind."""
    texts = [values[key] for key in ("name", "description", "model", "reasoningEffort") if key in values]
    lists = [values[key] for key in ("tools", "mcpServers") if key in values]
    right = all(isinstance(text, str) for text in texts) and all(map(_is_list_of_texts, lists))
    return values if right else {}


def _split(text: str) -> tuple[Mapping[str, Any], str]:
    """A file's values and its body. Where the front matter is no YAML it is read line by line."""
    match = _FRONT_MATTER.match(text)
    if match is None:
        return {}, text
    values = yaml_mapping(match[1], Yaml.JS_YAML)
    return (_lines(match[1]) if values is None else values), text[match.end() :]


def _lines(source: str) -> dict[str, Any]:
    """The values of a front matter that is no YAML, each line one."""
    values: dict[str, Any] = {}
    for line in map(js_trim, source.split("\n")):
        name, colon, value = line.partition(":")
        if line.startswith("#") or not colon:
            continue
        value = js_trim(value)
        if value[:1] == value[-1:] and value[:1] in {'"', "'"}:
            value = value[1:-1]
        values[js_trim(name)] = _json(value)
    return values


def _json(value: str) -> Any:
    """A value as JSON where it looks like a list, an object, or true or false; as it is written elsewhere."""
    if value.startswith(("[", "{")) or value in {"true", "false"}:
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            pass
    return value


def _escaped(text: str) -> str:
    """A text in which nothing ends the message that it stands in."""
    return _TAG.sub(r"&lt;\1&gt;", text)


def _shown(text: str) -> str:
    return js_trim(_SPACES.sub(" ", _escaped(text)))
