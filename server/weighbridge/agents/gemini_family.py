"""What Gemini CLI and Qwen Code have in common, which began as a copy of it: settings, files in the first prompt, commands."""

import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from weighbridge.agents.model import Entry, Files, Part, Piece

_MENTION = re.compile(r"@((?:\\ |[^\s,;!?()\[\]{}])+)")
_TRAILING = ".,;:!?"


def context_settings(settings: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What several settings, the most important last, say under `context`."""
    tables = (one["context"] for one in settings if isinstance(one.get("context"), Mapping))
    return {name: value for table in tables for name, value in table.items()}


def mentions(
    prompt: str, folder: Path, files: Files, *, in_folder: str
) -> tuple[str, list[tuple[str, Path]]]:
    """The prompt as it is sent, and the files and folders that it names, each with its name.

    `in_folder`: what stands behind a folder's name then, with a slash between.
    """
    words = ""
    at = 0
    named: list[tuple[str, Path]] = []
    for found in _MENTION.finditer(prompt):
        name = found[1].replace("\\ ", " ").rstrip(_TRAILING)
        path = Path(os.path.normpath(folder / name))
        is_folder = files.is_folder(path)
        if not is_folder and files.size(path) is None:
            continue
        before = prompt[at : found.start()]
        words += before + ("" if not before or before[-1].isspace() else " ") + "@" + name
        if is_folder and in_folder:
            words += in_folder if name.endswith("/") else f"/{in_folder}"
        at = found.start() + 1 + len(found[1].rstrip(_TRAILING))
        named.append((name, path))
    return words + prompt[at:], named


def attached(words: str, texts: Iterable[tuple[str, Path, str]]) -> Iterator[Part]:
    """The prompt with what it names behind it: name, path, text."""
    yield _part(words)
    yield _part("\n--- Content from referenced files ---")
    for name, path, text in texts:
        yield _part(f"\nContent from {name}:\n")
        yield _part(text, Entry(path, "attached", text))
    yield _part("\n--- End of content ---")


def _part(text: str, entry: Entry | None = None) -> Part:
    return Part("user message, one entry a part", (Piece(text, entry),))


def command_prompt(text: str) -> str | None:
    """The prompt of a command in TOML; None where there is none."""
    try:
        told = tomllib.loads(text).get("prompt")
    except tomllib.TOMLDecodeError:
        return None
    return told if isinstance(told, str) else None
