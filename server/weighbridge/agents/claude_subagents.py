"""What Claude Code says of sub-agents in its first request: a line for each, among those of its own."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from weighbridge.agents.claude_text import values_of
from weighbridge.agents.collation import locale_order
from weighbridge.agents.folders import walk
from weighbridge.agents.model import Entry, Files, Piece
from weighbridge.agents.text import decoded, js_order, utf16_units

#: Those that a session has anyway; whoever is named as one of them stands in its place.
_BUILT_IN = ("claude", "Explore", "general-purpose", "Plan", "statusline-setup")
_LONGEST_NAME = 256
#: The tools that who has a memory gets besides its own.
_OF_MEMORY = ("Write", "Edit", "Read")
_MEMORIES = frozenset(("user", "project", "local"))
#: Hooks that may refuse something: where they can't be read, or stand outside of `hooks`, the sub-agent is not loaded.
_GUARDS = frozenset(("PreToolUse", "PermissionRequest"))
#: What each type of hook does by its text.
_DONE_BY = {"command": "command", "prompt": "prompt", "agent": "prompt", "http": "url"}
_TOOL = re.compile(r"(?:\([^)]*\)?|[^ ,(])+")


def subagent_listings(
    files: Files, holders: Iterable[Path], denied: Collection[str], *, memory: bool
) -> Iterator[tuple[Piece, ...]]:
    """The lines of a user's sub-agents, in stretches that none of Claude Code's own stands in.

    `holders`: the folders that hold them, the user's own first, then the session folder's and those above; `denied`: names of some that
    settings deny, empty for all of them; `memory`: whether sub-agents have one.
    """
    if "" in denied:
        return
    lines: dict[str, Entry | None] = dict.fromkeys(_BUILT_IN)
    lines.update(_subagents(files, holders, memory=memory))
    names = sorted(lines.keys() - set(denied), key=_order)
    for is_users, stretch in groupby(names, lambda name: lines[name] is not None):
        if is_users:
            entries = [entry for name in stretch if (entry := lines[name]) is not None]
            yield tuple(
                Piece(f"\n{entry.text}" if at else entry.text, entry) for at, entry in enumerate(entries)
            )


def _order(name: str) -> tuple[bool, Any]:
    """A key that sorts names as they are listed: those of ASCII first, as people sort them."""
    return (False, locale_order(name)) if name.isascii() else (True, js_order(name))


def _subagents(files: Files, holders: Iterable[Path], *, memory: bool) -> Iterator[tuple[str, Entry]]:
    """The names of sub-agents with their lines; of equal names the last one holds."""
    users, *projects = holders
    for holder in (users, *reversed(projects)):
        for path in walk(holder / "agents", files, ordered=True):
            data = files.read(path) if path.name.endswith(".md") else None
            values = {} if data is None else values_of(decoded(data))
            name, description = values.get("name"), values.get("description")
            if isinstance(name, str) and isinstance(description, str) and _loads(name, description, values):
                said = description.replace("\\n", "\n")
                line = f"- {name}: {said} (Tools: {_tools(values, memory=memory)})"
                yield name, Entry(path, "agent", line)


def _loads(name: str, description: str, values: dict[str, Any]) -> bool:
    """Whether a file is taken for a sub-agent's."""
    hooks = values.get("hooks", {})
    return (
        0 < utf16_units(name) <= _LONGEST_NAME
        and description != ""
        and not name.startswith("-")
        and ":" not in unicodedata.normalize("NFKC", name)
        and _GUARDS.isdisjoint(values)
        and (isinstance(hooks, dict) or not (hooks or isinstance(hooks, list)))
        and all(map(_is_guard, _guards(hooks)))
    )


def _guards(hooks: object) -> Iterator[object]:
    """What is declared for hooks that may refuse something."""
    if isinstance(hooks, dict):
        for event in _GUARDS & hooks.keys():
            yield from hooks[event] if isinstance(hooks[event], list) else [hooks[event]]


def _is_guard(declared: object) -> bool:
    """Whether it is known what to do for a declaration."""
    hooks = declared.get("hooks") if isinstance(declared, dict) else None
    return isinstance(hooks, list) and all(
        isinstance(hook, dict) and isinstance(hook.get(_DONE_BY.get(str(hook.get("type")), "")), str)
        for hook in hooks
    )


def _tools(values: dict[str, Any], *, memory: bool) -> str:
    """What is said of a sub-agent's tools."""
    own, denied = _names(values, "tools"), _names(values, "disallowedTools") or []
    if own is not None and memory and str(values.get("memory")) in _MEMORIES:
        own += [tool for tool in _OF_MEMORY if tool not in own]
    if own:
        return ", ".join(tool for tool in own if tool not in denied) or "None"
    return f"All tools except {', '.join(denied)}" if denied else "All tools"


def _names(values: dict[str, Any], key: str) -> list[str] | None:
    """The tools that a key names, in one text or a list of them; None where it is not there, or names all."""
    if key not in values:
        return None
    value = values[key]
    texts: Sequence[object] = value if isinstance(value, list) else [value]
    names = [
        name
        for text in texts
        if isinstance(text, str)
        for match in _TOOL.finditer(text)
        if (name := match[0].strip())
    ]
    return None if "*" in names else names
