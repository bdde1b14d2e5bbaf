"""Mistral Vibe: AGENTS.md from the nearest trusted folder down to the session folder.

Rules and recordings: `tests/agents/wire/vibe.jsonl`.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from weighbridge.agents.folders import downwards, upwards
from weighbridge.agents.model import Agent, Context, Entry, Files, NotLoaded, Part, Piece, Start
from weighbridge.agents.skills import front_matter
from weighbridge.agents.text import decoded, toml_table, unix_lines

_NAME = "AGENTS.md"
_LONGEST_DESCRIPTION = 1024


def load(start: Start, files: Files) -> Context:
    """What Vibe puts into its first request."""
    return _Loader(start, files).context()


@dataclass(slots=True)
class _Loader:
    """One start: what the user trusts, and the files that were met."""

    start: Start
    files: Files
    not_loaded: list[NotLoaded] = field(default_factory=list)

    def context(self) -> Context:
        folder = self.files.real(self.start.folder)
        own = self.start.home / ".vibe"
        config = toml_table(self.files.read(own / "config.toml"))
        if config.get("include_project_context") is False:
            reason = "include_project_context is false: AGENTS.md is dropped too"
            return Context(not_loaded=(NotLoaded(folder / _NAME, reason),))
        pieces: list[Piece] = []
        user = self._entry(own / _NAME, "user")
        if user is not None:
            label = f"## User instructions\n\nContents of {user.path} (user-level instructions):\n\n"
            pieces += [Piece(label), Piece(user.text, user)]
        top = self._trusted_top(folder, own)
        project = [] if top is None else [place / _NAME for place in downwards(top, folder)]
        added = [Path(os.path.normpath(folder / one)) / _NAME for one in self.start.options("--add-dir")]
        entries = [
            self._entry(path, "project") for path in (*project, *(self.files.real(one) for one in added))
        ]
        first = True
        for entry in entries:
            if entry is not None:
                head = "## Project instructions (checked into the codebase)\n\n" if first else ""
                between = "\n\n" if pieces else ""
                pieces += [Piece(f"{between}{head}Contents of {entry.path}:\n\n"), Piece(entry.text, entry)]
                first = False
        parts = [Part("system", tuple(pieces)), self._skills(folder, own, trusted=top is not None)]
        return Context(tuple(part for part in parts if part.pieces), tuple(self.not_loaded))

    def _trusted_top(self, folder: Path, own: Path) -> Path | None:
        """The nearest trusted folder upwards; None where a nearer one is not trusted, or none is."""
        if self.start.flag("--trust"):
            return folder
        told = toml_table(self.files.read(own / "trusted_folders.toml"))
        trusted, untrusted = set(_strings(told.get("trusted"))), set(_strings(told.get("untrusted")))
        for above in upwards(folder):
            if str(above) in untrusted:
                break
            if str(above) in trusted:
                return above
        self.not_loaded.append(
            NotLoaded(folder / _NAME, "Vibe does not trust this folder: no project file is read")
        )
        return None

    def _entry(self, path: Path, kind: str) -> Entry | None:
        data = self.files.read(path)
        text = "" if data is None else unix_lines(_guessed(data)).strip()
        return Entry(path, kind, text) if text else None

    def _skills(self, folder: Path, own: Path, *, trusted: bool) -> Part:
        """The listing of skills, in each folder's own order."""
        holders = [folder / ".vibe" / "skills", folder / ".agents" / "skills"] if trusted else []
        holders += [own / "skills", self.start.home / ".agents" / "skills"]
        pieces: list[Piece] = []
        for path, name, description in self._described(holders):
            shown = escape(description)
            pieces += [
                Piece(
                    f"{chr(10) if pieces else ''}  <skill>\n    <name>{escape(name)}</name>\n    <description>"
                ),
                Piece(shown, Entry(path, "skill", shown)),
                Piece(f"</description>\n    <path>{path}</path>\n  </skill>"),
            ]
        return Part("system (skills)", tuple(pieces))

    def _described(self, holders: Sequence[Path]) -> Iterator[tuple[Path, str, str]]:
        for holder in holders:
            for folder in self.files.names(holder):
                path = holder / folder / "SKILL.md"
                data = self.files.read(path)
                text = "" if data is None else unix_lines(decoded(data))
                values = front_matter(text) or {}
                name, description = values.get("name"), values.get("description")
                if not isinstance(name, str) or not isinstance(description, str):
                    continue
                if values.get("disable-model-invocation") is True:
                    continue
                if name != name.lower() or " " in name or len(description) > _LONGEST_DESCRIPTION:
                    self.not_loaded.append(
                        NotLoaded(path, "its name or description is not allowed: left out silently")
                    )
                    continue
                yield path, name, description


def _guessed(data: bytes) -> str:
    """Text as Vibe decodes it: UTF-16 by its mark, else UTF-8, else what the bytes look like."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _strings(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


VIBE = Agent("mistral-vibe", "Mistral Vibe", "3.0.2", load, (".vibe", ".agents"), aliases=("vibe",))
