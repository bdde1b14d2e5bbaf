"""OpenHands CLI: four kinds of context files of the session folder and the git root, one file a kind.

Rules and recordings: `tests/agents/wire/openhands.jsonl`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from weighbridge.agents.folders import git_root, walk
from weighbridge.agents.model import Agent, Context, Entry, Files, NotLoaded, Part, Piece, Start
from weighbridge.agents.skills import front_matter, split_front_matter
from weighbridge.agents.text import unix_lines

#: What a file is called in the request, by its name in lower case.
_KINDS = {
    ".cursorrules": "cursorrules",
    "agents.md": "agents",
    "agent.md": "agents",
    "claude.md": "claude",
    "gemini.md": "gemini",
}
_ORDER = ("cursorrules", "gemini", "claude", "agents")
_SKILL_FOLDERS = (".agents/skills", ".openhands/skills", ".openhands/microagents")
_LONGEST_DESCRIPTION = 1024


def load(start: Start, files: Files) -> Context:
    """What OpenHands puts into its first request."""
    return _Loader(start, files).context()


class _UnreadableError(Exception):
    """A file is no UTF-8: the program ends with it; never leaves this module."""


@dataclass(slots=True)
class _Loader:
    """One start: the files that were met."""

    start: Start
    files: Files
    not_loaded: list[NotLoaded] = field(default_factory=list)

    def context(self) -> Context:
        folder = self.files.real(self.start.folder)
        root = git_root(folder, self.files) or folder
        places = tuple(dict.fromkeys((folder, root)))
        try:
            blocks = [*self._files(places), *self._always_sent(places)]
        except _UnreadableError as error:
            reason = "not UTF-8: OpenHands ends with an error"
            return Context(not_loaded=(NotLoaded(Path(str(error)), reason),))
        pieces: list[Piece] = []
        for name, entry in blocks:
            head = f"{chr(10) if pieces else ''}[BEGIN context from [{name}]]\n"
            pieces += [Piece(head), Piece(entry.text, entry), Piece("\n[END Context]\n")]
        parts = [Part("system", tuple(pieces)), *self._listed(places)]
        return Context(tuple(part for part in parts if part.pieces), tuple(self.not_loaded))

    def _files(self, places: tuple[Path, ...]) -> Iterator[tuple[str, Entry]]:
        met: dict[str, Path] = {}
        for place in places:
            for name in sorted(self.files.names(place)):
                kind = _KINDS.get(name.lower())
                if kind is None or self.files.size(place / name) is None:
                    continue
                if kind in met:
                    self.not_loaded.append(NotLoaded(place / name, f"{met[kind]} takes its place"))
                else:
                    met[kind] = place / name
        seen: set[object] = set()
        for kind in _ORDER:
            path = met.get(kind)
            if path is not None and self.files.identity(path) not in seen:
                seen.add(self.files.identity(path))
                text = self._text(path)
                if text is not None:
                    yield kind, Entry(path, "project", text)

    def _text(self, path: Path) -> str | None:
        data = self.files.read(path)
        if data is None:
            return None
        try:
            return unix_lines(data.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise _UnreadableError(str(path)) from error

    def _skills(self, places: tuple[Path, ...]) -> Iterator[tuple[Path, str]]:
        for place in (*places, self.start.home):
            for name in _SKILL_FOLDERS:
                for path in walk(place / name, self.files, ordered=True):
                    text = self._text(path) if path.suffix == ".md" else None
                    if text is not None:
                        yield path, text

    def _always_sent(self, places: tuple[Path, ...]) -> Iterator[tuple[str, Entry]]:
        for path, text in self._skills(places):
            values = front_matter(text) or {}
            if path.name != "SKILL.md" and not values.get("triggers"):
                body = split_front_matter(text)[1].strip()
                yield str(values.get("name") or path.stem), Entry(path, "skill", body)

    def _listed(self, places: tuple[Path, ...]) -> Iterator[Part]:
        for path, text in self._skills(places):
            values = front_matter(text) or {}
            if path.name == "SKILL.md" or values.get("triggers"):
                name = str(values.get("name") or path.parent.name)
                description = escape(_shortened(str(values.get("description") or ""), path))
                head = f"  <skill>\n    <name>{name}</name>\n    <description>"
                entry = Entry(path, "skill", description)
                tail = "</description>\n  </skill>"
                yield Part("system (skills)", (Piece(head), Piece(description, entry), Piece(tail)))


def _shortened(description: str, path: Path) -> str:
    """A description as it is listed: of a long one its head and its tail, with a notice between them."""
    if len(description) <= _LONGEST_DESCRIPTION:
        return description
    notice = (
        "<response clipped><NOTE>Due to the max output limit, only part of the full description is shown. "
        f"You can view the complete skill content at {path}.</NOTE>"
    )
    room = max(0, _LONGEST_DESCRIPTION - len(notice))
    tail = room - room // 2
    return description[: room // 2] + notice + description[len(description) - tail :]


OPENHANDS = Agent("openhands", "OpenHands", "1.16.0", load, (".agents", ".openhands"))
