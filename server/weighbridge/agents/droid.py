"""Factory droid: guidelines of coding and of design in every folder up to the git root, nearest first, 80,000 UTF-16 units for all of them.

Rules and recordings: `tests/agents/wire/droid.jsonl`.
"""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from weighbridge.agents.droid_skills import FOLDERS, droids, skills
from weighbridge.agents.folders import git_root, lies_in, upwards
from weighbridge.agents.model import Agent, Context, Entry, Files, Lost, NotLoaded, Part, Piece, Start
from weighbridge.agents.text import JS_SPACE_CLASS, decoded, first_units, js_trim_end, read_text, utf16_units
from weighbridge.errors import Code

#: UTF-16 units that all files of a kind share; what each costs besides its text; what is left out at a cut to leave a note.
MOST_UNITS = 80_000
_FRAME = 41
_ROOM_FOR_NOTE = 100
#: With as little room left, a file is dropped, not cut.
_LEAST_ROOM = 200
_NOTE = f"\n... [truncated - guidelines exceed {MOST_UNITS} character limit]"

#: Kinds of guidelines with the names of their files: of those that differ in letters' case only, the first one counts.
_KINDS = {
    "coding": ("CLAUDE.md", "Claude.md", "AGENTS.md", "Agents.md", "agents.md"),
    "design": ("DESIGN.md", "Design.md", "design.md"),
}

#: A mention of a file in the prompt, the endings of files that are no texts, and what is attached at most.
_MENTION = re.compile(
    rf"(?<![A-Za-z0-9_.\-+])@(?:\"([^\"\n]+)\"|'([^'\n]+)'|([^\"')\]}}:,;>{JS_SPACE_CLASS}][^)\]}}:,;>{JS_SPACE_CLASS}]*))"
)
_NO_TEXT = re.compile(
    r"\.(png|jpe?g|gif|webp|bmp|ico|tiff?|avif|heic|mp[34]|wav|ogg|flac|m4a|aac|mov|webm|avi|mkv|mpe?g|pdf|zip|tar|gz|exe|dll"
    r"|so|class|jar|war|7z|docx?|xlsx?|pptx?|od[tsp]|bin|dat|obj|o|a|lib|wasm|py[co])",
    re.IGNORECASE,
)
_MOST_ATTACHED_LINES, _MOST_ATTACHED_UNITS = 2_000, 60_000


def load(start: Start, files: Files) -> Context:
    """What droid puts into its first request."""
    return _Loader(start, files).context()


@dataclass(slots=True)
class _Loader:
    """One start: the files that do not arrive."""

    start: Start
    files: Files
    not_loaded: list[NotLoaded] = field(default_factory=list)

    def context(self) -> Context:
        folder, home = self.files.real(self.start.folder), self.start.home
        git = git_root(folder, self.files)
        above = upwards(folder)
        chain = above[: above.index(git) + 1] if git is not None else (folder,)
        places = (*(place for place in chain if place != home), home)
        parts = [
            *self._attached(folder),
            self._guidelines(chain),
            skills(places, self.files),
            droids(places, self.files),
        ]
        return Context(tuple(part for part in parts if part.pieces), tuple(self.not_loaded))

    def _guidelines(self, chain: Sequence[Path]) -> Part:
        holders = list(self._holders(chain))
        sections: dict[bool, list[Piece]] = {False: [], True: []}
        for kind in _KINDS:
            blocks: dict[bool, list[Entry]] = {False: [], True: []}
            for entry in self._within_room(list(self._found(kind, holders))):
                blocks[entry.kind == "user"].append(entry)
            for user, entries in blocks.items():
                sections[user] += _section(kind, entries)
        if not any(sections.values()):
            return Part("user message", ())
        pieces: list[Piece] = []
        for user, title in (
            (False, "## Project Instructions:\n"),
            (True, "## Personal Global Instructions:\n"),
        ):
            if sections[user]:
                pieces += [Piece(title), *sections[user]]
            pieces.append(Piece("\n"))
        return Part("user message", tuple(pieces))

    def _holders(self, chain: Sequence[Path]) -> Iterator[tuple[Path, bool]]:
        """The folders in which guidelines lie, and whether each is the user's own. The home itself is none of them."""
        home = self.start.home
        own = [home / name for name in FOLDERS]
        for place in chain:
            if place != home:
                yield place, place in own
            yield from ((place / name, False) for name in FOLDERS if place != home)
        yield from ((place, True) for place in own if place not in chain)

    def _found(self, kind: str, holders: Sequence[tuple[Path, bool]]) -> Iterator[Entry]:
        for holder, user in holders:
            first: dict[str, Path] = {}
            for name in _KINDS[kind]:
                path = holder / name
                if self.files.size(path) is None:
                    continue
                if self.files.is_link(path) or self.files.is_link(holder):
                    self.not_loaded.append(NotLoaded(path, "a link: droid never reads one"))
                elif name.lower() in first:
                    other = first[name.lower()]
                    self.not_loaded.append(
                        NotLoaded(path, f"{other.name} is read in its place", instead=other)
                    )
                elif (data := self.files.read(path)) is not None:
                    first[name.lower()] = path
                    yield Entry(
                        path, "user" if user else "project", js_trim_end(decoded(data, keep_mark=True))
                    )

    def _within_room(self, entries: Sequence[Entry]) -> Iterator[Entry]:
        """The files in order while there is room: the one for which there is too little is cut, those behind it are dropped."""
        left = MOST_UNITS
        for at, entry in enumerate(entries):
            cost = utf16_units(entry.text) + _FRAME
            if cost > left:
                cut = left > _LEAST_ROOM
                if cut:
                    yield _cut(entry, left - _ROOM_FOR_NOTE)
                reason = f"the {MOST_UNITS:,} UTF-16 units of all files are used up"
                self.not_loaded += [
                    NotLoaded(other.path, reason, dropped=True) for other in entries[at + cut :]
                ]
                return
            left -= cost
            yield entry

    def _attached(self, folder: Path) -> Iterator[Part]:
        """Files of the session folder that the first prompt names with `@`."""
        named = ("".join(groups).rstrip("/") for groups in _MENTION.findall(self.start.prompt))
        for path in dict.fromkeys(Path(os.path.normpath(folder / name)) for name in named):
            if not lies_in(self.files.real(path), folder) or _NO_TEXT.fullmatch(path.suffix):
                continue
            whole = read_text(self.files, path, own=False, keep_mark=True)
            if whole is None:
                continue
            text = "\n".join(whole.split("\n", _MOST_ATTACHED_LINES)[:_MOST_ATTACHED_LINES])
            if utf16_units(text) > _MOST_ATTACHED_UNITS:
                head = first_units(text, _MOST_ATTACHED_UNITS)
                text = head[:end] if (end := head.rfind("\n")) > 0 else head
            text = js_trim_end(text)
            yield Part("user message", (Piece(text, Entry(path, "attached", text)),))


def _cut(entry: Entry, units: int) -> Entry:
    text = entry.text
    cut = first_units(text, units)
    whole = cut.removesuffix("\ufffd") if not text.startswith(cut) else cut
    reason = f"droid reads {MOST_UNITS:,} UTF-16 units of all files together, the nearest first"
    character = len(whole) - (whole.rfind("\n") + 1)
    lost = Lost(Code.TRUNCATED, whole.count("\n"), character, text[len(whole) :], reason)
    return replace(entry, text=js_trim_end(cut) + _NOTE, lost=lost)


def _section(kind: str, entries: Sequence[Entry]) -> list[Piece]:
    """Guidelines of a kind, in the user's own or in the project's section."""
    pieces: list[Piece] = []
    for entry in entries:
        path = entry.path
        shown = f"~/{path.parent.name}/{path.name}" if entry.kind == "user" else path
        pieces += [
            Piece(f"{chr(10) * 2 if pieces else ''}% cat {shown}\n<{kind}_guidelines>\n"),
            Piece(entry.text, entry),
            Piece(f"\n</{kind}_guidelines>"),
        ]
    return [*pieces, Piece("\n")] if pieces else []


DROID = Agent(
    "factory-droid", "Factory droid", "0.215.0", load, (".factory", ".agents", ".agent"), aliases=("droid",)
)
