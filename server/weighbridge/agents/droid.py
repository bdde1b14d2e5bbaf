"""Factory droid: six names in every folder up to the git root, nearest first, 80,000 UTF-16 units for all of them.

Rules and recordings: `tests/agents/wire/droid.jsonl`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from weighbridge.agents.folders import git_root, upwards, walk
from weighbridge.agents.model import Agent, Context, Entry, Files, Lost, NotLoaded, Part, Piece, Start
from weighbridge.agents.skills import front_matter_of
from weighbridge.agents.text import decoded, first_units, js_trim_end, read_text, utf16_units
from weighbridge.errors import Code

#: UTF-16 units that all files share; what each costs besides its text; what is left out at a cut to leave a note.
MOST_UNITS = 80_000
_FRAME = 41
_ROOM_FOR_NOTE = 100
_NOTE = f"\n... [truncated - guidelines exceed {MOST_UNITS} character limit]"
_LONGEST_DESCRIPTION = 1024
_DESCRIBED_SKILLS = 9_500

_NAMES = (
    *("CLAUDE.md", "AGENTS.md", ".factory/CLAUDE.md", ".factory/AGENTS.md"),
    *(".agents/AGENTS.md", ".agent/AGENTS.md"),
)
_USER_NAMES = (".factory/CLAUDE.md", ".factory/AGENTS.md", ".agents/AGENTS.md", ".agent/AGENTS.md")


def load(start: Start, files: Files) -> Context:
    """What droid puts into its first request."""
    return _Loader(start, files).context()


@dataclass(slots=True)
class _Loader:
    """One start: the files that were met, and the room that is left."""

    start: Start
    files: Files
    left: int = MOST_UNITS
    not_loaded: list[NotLoaded] = field(default_factory=list)

    def context(self) -> Context:
        folder = self.files.real(self.start.folder)
        git = git_root(folder, self.files)
        places = upwards(folder)
        chain = places[: places.index(git) + 1] if git is not None else (folder,)
        project = list(self._blocks([path for place in chain for path in self._named(place)], ""))
        user = list(self._blocks([self.start.home / name for name in _USER_NAMES], "~"))
        pieces: list[Piece] = []
        if project:
            pieces += [Piece("## Project Instructions:\n"), *project]
        if user:
            pieces += [Piece(f"{'' if project else chr(10)}## Personal Global Instructions:\n"), *user]
        elif project:
            pieces.append(Piece("\n"))
        parts = [*self._attached(folder), Part("user message", tuple(pieces)), self._skills(chain)]
        return Context(tuple(part for part in parts if part.pieces), tuple(self.not_loaded))

    def _named(self, place: Path) -> Iterator[Path]:
        """The files of a folder: of the two main names in any spelling that the agent takes."""
        for name in _NAMES:
            if name == "AGENTS.md":
                yield from (place / name for name in ("AGENTS.md", "Agents.md", "agents.md"))
            else:
                yield place / name

    def _blocks(self, paths: Sequence[Path], home: str) -> Iterator[Piece]:
        for path in paths:
            if self.files.is_link(path):
                self.not_loaded.append(NotLoaded(path, "a link: droid never reads one"))
                continue
            data = self.files.read(path)
            if data is None:
                continue
            text = js_trim_end(decoded(data, keep_mark=True))
            if self.left <= 0:
                self.not_loaded.append(
                    NotLoaded(path, f"the {MOST_UNITS:,} UTF-16 units of all files are used up", dropped=True)
                )
                continue
            arriving, lost = self._within_room(text)
            shown = f"~/{path.relative_to(self.start.home).as_posix()}" if home else str(path)
            entry = Entry(path, "user" if home else "project", arriving, lost=lost)
            yield Piece(f"% cat {shown}\n<coding_guidelines>\n")
            yield Piece(arriving, entry)
            yield Piece("\n</coding_guidelines>\n\n")

    def _within_room(self, text: str) -> tuple[str, Lost | None]:
        cost = utf16_units(text) + _FRAME
        if cost <= self.left:
            self.left -= cost
            return text, None
        units = max(0, self.left - _ROOM_FOR_NOTE)
        self.left = 0
        cut = first_units(text, units)
        whole = cut.removesuffix("\ufffd") if not text.startswith(cut) else cut
        reason = f"droid reads {MOST_UNITS:,} UTF-16 units of all files together, the nearest first"
        line = whole.count("\n")
        character = len(whole) - (whole.rfind("\n") + 1)
        return js_trim_end(cut) + _NOTE, Lost(Code.TRUNCATED, line, character, text[len(whole) :], reason)

    def _attached(self, folder: Path) -> Iterator[Part]:
        """Files that the first prompt names with `@`."""
        for name in re.findall(r"(?:^|\s)@(\S+)", self.start.prompt):
            path = folder / name
            whole = read_text(self.files, path, own=False)
            if whole is not None:
                text = js_trim_end(whole)
                yield Part("user message", (Piece(text, Entry(path, "attached", text)),))

    def _skills(self, chain: Sequence[Path]) -> Part:
        pieces: list[Piece] = []
        left = _DESCRIBED_SKILLS
        names = (".factory/skills", ".agents/skills", ".agent/skills")
        holders = [place / name for place in chain for name in names]
        holders += [self.start.home / name for name in names[:2]]
        for holder in holders:
            for path in sorted(walk(holder, self.files)):
                values = front_matter_of(self.files, path, lenient=True) if path.name == "SKILL.md" else {}
                name, description = values.get("name"), values.get("description")
                if not isinstance(name, str) or not isinstance(description, str):
                    continue
                description = description.strip()
                if len(description) > _LONGEST_DESCRIPTION:
                    description = f"{description[: _LONGEST_DESCRIPTION - 1]}…"
                left -= len(description)
                shown = description if left >= 0 else ""
                pieces += [
                    Piece(f"{chr(10) if pieces else ''}{name}{': ' if shown else ''}"),
                    Piece(shown, Entry(path, "skill", shown)),
                ]
        return Part("user message", tuple(pieces))


DROID = Agent(
    "factory-droid", "Factory droid", "0.215.0", load, (".factory", ".agents", ".agent"), aliases=("droid",)
)
