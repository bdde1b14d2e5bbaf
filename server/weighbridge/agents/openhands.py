"""OpenHands CLI: four kinds of context files of the session folder and the git root, one file a kind.

Rules and recordings: `tests/agents/wire/openhands.jsonl`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from weighbridge.agents.folders import git_root, lies_in, walk
from weighbridge.agents.model import Agent, Context, Entry, Files, NotLoaded, Part, Piece, Start
from weighbridge.agents.skills import is_name, split_at_borders
from weighbridge.agents.text import pyyaml_value, unix_lines

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


@dataclass(frozen=True, slots=True)
class _Skill:
    """A skill: `is_folder` where it is a SKILL.md; `triggers`: words of a prompt that bring its text."""

    path: Path
    name: str
    description: str
    content: str
    triggers: tuple[str, ...]
    is_folder: bool

    @property
    def is_listed(self) -> bool:
        return self.is_folder or bool(self.triggers)


@dataclass(slots=True)
class _Loader:
    """One start: the files that were met."""

    start: Start
    files: Files
    not_loaded: list[NotLoaded] = field(default_factory=list)
    #: Of files and skills that came already.
    names: set[str] = field(default_factory=set)

    def context(self) -> Context:
        folder = self.files.real(self.start.folder)
        root = git_root(folder, self.files) or folder
        places = tuple(dict.fromkeys((folder, root)))
        try:
            blocks = [*self._files(places)]
            skills = [*self._skills(places)]
        except _UnreadableError as error:
            reason = "not UTF-8: OpenHands ends with an error"
            return Context(not_loaded=(NotLoaded(Path(str(error)), reason),))
        blocks += [
            (skill.name, Entry(skill.path, "skill", skill.content)) for skill in skills if not skill.is_listed
        ]
        pieces: list[Piece] = []
        for name, entry in blocks:
            head = f"{chr(10) if pieces else ''}[BEGIN context from [{name}]]\n"
            pieces += [Piece(head), Piece(entry.text, entry), Piece("\n[END Context]\n")]
        parts = [Part("system", tuple(pieces)), self._listing(skills), self._triggered(skills)]
        return Context(tuple(part for part in parts if part.pieces), tuple(self.not_loaded))

    def _files(self, places: tuple[Path, ...]) -> Iterator[tuple[str, Entry]]:
        """One file a kind: the session folder's come first, then those that only the git root has."""
        met: dict[str, Path] = {}
        for place in places:
            kinds_by_name = {name: _KINDS.get(name.lower()) for name in sorted(self.files.names(place))}
            seen: set[object] = set()
            for kind in _ORDER:
                for name in (name for name, its_kind in kinds_by_name.items() if its_kind == kind):
                    path = place / name
                    identity = self.files.identity(path)
                    if self.files.size(path) is None or identity in seen:
                        continue
                    seen.add(identity)
                    if kind in met:
                        self.not_loaded.append(NotLoaded(path, f"{met[kind]} takes its place"))
                        continue
                    met[kind] = path
                    text = self._text(path)
                    if text is not None:
                        self.names.add(kind)
                        yield kind, Entry(path, "project", text)

    def _text(self, path: Path) -> str | None:
        data = self.files.read(path)
        if data is None:
            return None
        try:
            return unix_lines(data.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise _UnreadableError(str(path)) from error

    def _skills(self, places: tuple[Path, ...]) -> Iterator[_Skill]:
        """Skills of the session folder, the git root and the home; of equal names the first."""
        for place in (*places, self.start.home):
            for holder in (place / name for name in _SKILL_FOLDERS):
                candidates = [
                    parsed for path in self._skill_files(holder) if (parsed := self._skill(path, holder))
                ]
                # Those that are always sent, those that wait for a word, then folders of their own.
                for skill in sorted(
                    candidates, key=lambda candidate: (candidate.is_folder, bool(candidate.triggers))
                ):
                    if skill.name in self.names:
                        self.not_loaded.append(NotLoaded(skill.path, f"{skill.name} is there already"))
                    else:
                        self.names.add(skill.name)
                        yield skill

    def _skill_files(self, holder: Path) -> Iterator[Path]:
        """Files of skills in a folder: one in each folder of a skill's own, any others that are Markdown."""
        folders: list[Path] = []
        for name in self.files.names(holder):
            for inner in self.files.names(holder / name):
                if inner.lower() == "skill.md" and self.files.size(holder / name / inner) is not None:
                    folders.append(holder / name)
                    yield holder / name / inner
                    break
        for path in sorted(walk(holder, self.files), key=lambda path: len(path.parts)):
            is_single_file = (
                path.suffix == ".md" and path.name != "README.md" and path.name.lower() != "skill.md"
            )
            if is_single_file and not any(lies_in(path, folder) for folder in folders):
                yield path

    def _skill(self, path: Path, holder: Path) -> _Skill | None:
        text = (self._text(path) or "").strip()
        parts = split_at_borders(text)
        front_matter = {} if parts is None else pyyaml_value(parts[0])
        values = front_matter if isinstance(front_matter, dict) else {}
        is_folder = path.name.lower() == "skill.md"
        default = path.parent.name if is_folder else str(path.relative_to(holder).with_suffix(""))
        name, triggers = str(values.get("name", default)), values.get("triggers", [])
        if front_matter is None or not isinstance(triggers, list):
            reason = "its front matter can't be read: it is left out"
        elif is_folder and (not is_name(name) or name != default):
            reason = f"{name} is no name of a skill in {default}: small letters and hyphens, as its folder is called"
        else:
            if "inputs" in values:
                triggers = [*triggers, f"/{name}"]
            content = text if parts is None else parts[1].strip()
            words = tuple(map(str, triggers))
            return _Skill(path, name, str(values.get("description") or ""), content, words, is_folder)
        self.not_loaded.append(NotLoaded(path, reason))
        return None

    def _listing(self, skills: Sequence[_Skill]) -> Part:
        pieces: list[Piece] = []
        for skill in skills:
            if skill.is_listed:
                shown = escape(_description(skill).strip(), quote=False)
                head = f"{chr(10) if pieces else ''}  <skill>\n    <name>{escape(skill.name.strip(), quote=False)}</name>\n"
                pieces += [
                    Piece(f"{head}    <description>"),
                    Piece(shown, Entry(skill.path, "skill", shown)),
                    Piece("</description>\n  </skill>"),
                ]
        return Part("system (skills)", tuple(pieces))

    def _triggered(self, skills: Sequence[_Skill]) -> Part:
        """The texts of skills whose words the first prompt holds."""
        pieces: list[Piece] = []
        for skill in skills:
            word = next(
                (trigger for trigger in skill.triggers if trigger.lower() in self.start.prompt.lower()), None
            )
            if word is not None:
                head = (
                    f"{chr(10) * 2 if pieces else ''}<EXTRA_INFO>\n"
                    f'The following information has been included based on a keyword match for "{word}".\n'
                    "It may or may not be relevant to the user's request.\n\n"
                    f"Skill location: {skill.path}\n"
                    "(Use this path to resolve relative file references in the skill content below)\n\n\n"
                )
                text = Piece(skill.content, Entry(skill.path, "skill", skill.content))
                pieces += [Piece(head), text, Piece("\n</EXTRA_INFO>")]
        return Part("user message", tuple(pieces))


def _description(skill: _Skill) -> str:
    """The text that is listed of a skill: its description, else its first line that is no heading, with what is left out."""
    if skill.description:
        return _shortened(skill.description, skill.path)
    at = 0
    for line in skill.content.split("\n"):
        text = line.strip()
        if text and not text.startswith("#"):
            left = max(0, len(skill.content) - at - len(line)) + max(0, len(text) - _LONGEST_DESCRIPTION)
            more = f'... [{left} characters truncated. Call invoke_skill(name="{skill.name}") to load the full skill]'
            return text[:_LONGEST_DESCRIPTION] + (more if left else "")
        at += len(line) + 1
    return ""


def _shortened(description: str, path: Path) -> str:
    """A description as it is listed: of a long one its head and its tail, with a notice between them."""
    if len(description) <= _LONGEST_DESCRIPTION:
        return description
    notice = (
        "<response clipped><NOTE>Due to the max output limit, only part of the full description is shown. "
        f"You can view the complete skill content at {path}.</NOTE>"
    )
    room = max(0, _LONGEST_DESCRIPTION - len(notice))
    tail = room // 2
    whole = description[: room - tail] + notice + description[len(description) - tail :]
    return whole[:_LONGEST_DESCRIPTION]


OPENHANDS = Agent("openhands", "OpenHands", "1.16.0", load, (".agents", ".openhands"))
