"""OpenHands CLI: four kinds of context files of the session folder and the git root, one file a kind.

Rules and recordings: `tests/agents/wire/openhands.jsonl`.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from html import escape
from pathlib import Path
from typing import Any

from weighbridge.agents.folders import MOST_FILES, git_root
from weighbridge.agents.model import Agent, Context, Entry, Files, NotLoaded, Part, Piece, Start
from weighbridge.agents.skills import is_name, split_at_borders
from weighbridge.agents.text import json_object, unix_lines
from weighbridge.agents.yaml_values import Yaml, yaml_value

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
#: Parts of the names of models by whose they are; each family's own of the four kinds is kept from the other families.
_FAMILIES = {
    "openai": ("gpt-", "o1", "o3", "o4"),
    "claude": ("claude",),
    "gemini": ("gemini",),
    "other": ("llama", "mistral", "deepseek", "qwen"),
}
#: A line around front matter in JSON.
_BRACE = re.compile(r"^[{}]$", re.MULTILINE)
_VARIABLE = re.compile(r"\$\{[a-zA-Z_][a-zA-Z0-9_]*\}")
#: Behind the text of a skill that is given words.
_ASKS_FOR_WORDS = (
    "\n\nIf the user didn't provide any of these variables, ask the user to "
    "provide them first before the agent can proceed with the task."
)


def load(start: Start, files: Files) -> Context:
    """What OpenHands puts into its first request."""
    return _Loader(start, files).context()


class _FailedError(Exception):
    """A file that OpenHands is not ready for: a folder's skills fail with it, and the program by one of the four kinds.

    Never leaves this module.
    """


class _Fault(Enum):
    """What a fault in a skill's front matter costs: the skill, or all of its folder."""

    OF_SKILL = auto()
    OF_FOLDER = auto()


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
        except _FailedError as error:
            reason = "not UTF-8: OpenHands ends with an error"
            return Context(not_loaded=(NotLoaded(Path(str(error)), reason),))
        blocks += [
            (skill.name, Entry(skill.path, "skill", skill.content)) for skill in skills if not skill.is_listed
        ]
        family = self._family()
        pieces: list[Piece] = []
        for name, entry in blocks:
            if family is not None and name.lower() in {"claude", "gemini"} - {family}:
                self.not_loaded.append(NotLoaded(entry.path, f"the model is none of {name.title()}'s"))
                continue
            head = f"{chr(10) if pieces else ''}[BEGIN context from [{name}]]\n"
            pieces += [Piece(head), Piece(entry.text, entry), Piece("\n[END Context]\n")]
        parts = [Part("system", tuple(pieces)), self._listing(skills), self._triggered(skills)]
        return Context(tuple(part for part in parts if part.pieces), tuple(self.not_loaded))

    def _family(self) -> str | None:
        """Whose model it is; None where that is not known."""
        environment = self.start.environment
        own = Path(environment.get("OPENHANDS_PERSISTENCE_DIR") or self.start.home / ".openhands")
        llm = json_object(self.files.read(own / "agent_settings.json")).get("llm")
        names = [llm.get(name) for name in ("model", "model_canonical_name")] if isinstance(llm, dict) else []
        if self.start.flag("--override-with-envs") and environment.get("LLM_MODEL"):
            names[:1] = [environment["LLM_MODEL"]]
        for model in (str(name).lower() for name in names if name):
            for family, parts in _FAMILIES.items():
                if any(part in model for part in parts):
                    return family
        return None

    def _files(self, places: tuple[Path, ...]) -> Iterator[tuple[str, Entry]]:
        """One file a kind: the session folder's come first, then those that only the git root has."""
        met: dict[str, Path] = {}
        for place in places:
            kinds_by_name = {name: _KINDS.get(name.lower()) for name in sorted(self.files.names(place))}
            seen: set[Path | str] = set()
            for kind in _ORDER:
                for name in (name for name, its_kind in kinds_by_name.items() if its_kind == kind):
                    path = place / name
                    real = self.files.real(path)
                    if self.files.size(path) is None or {real, name.lower()} & seen:
                        continue
                    seen |= {real, name.lower()}
                    text = self._text(path)
                    if text is None:
                        continue
                    if kind in met:
                        self.not_loaded.append(NotLoaded(path, f"{met[kind]} takes its place"))
                    else:
                        met[kind] = path
                        self.names.add(kind)
                        yield kind, Entry(path, "project", text)

    def _text(self, path: Path) -> str | None:
        data = self.files.read(path)
        if data is None:
            return None
        try:
            return unix_lines(data.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise _FailedError(str(path)) from error

    def _skills(self, places: tuple[Path, ...]) -> Iterator[_Skill]:
        """Skills of the session folder, the git root and the home; of equal names the first."""
        for place in (*places, self.start.home):
            for holder in (place / name for name in _SKILL_FOLDERS):
                for skill in self._held(holder):
                    if skill.name in self.names:
                        self.not_loaded.append(NotLoaded(skill.path, f"{skill.name} is there already"))
                    else:
                        self.names.add(skill.name)
                        yield skill

    def _held(self, holder: Path) -> Iterator[_Skill]:
        """A folder's skills: those that are always sent, those that wait for a word, then folders of their own."""
        kinds: tuple[dict[str, _Skill], ...] = ({}, {}, {})
        try:
            for path in self._skill_files(holder):
                skill = self._skill(path, holder)
                if skill is not None:
                    # Of equal names the last, where the first one stood.
                    kinds[2 if skill.is_folder else bool(skill.triggers)][skill.name] = skill
        except _FailedError as error:
            reason = f"{error} can't be read: no skill of its folder is"
            self.not_loaded.append(NotLoaded(Path(str(error)), reason))
            return
        for skills in kinds:
            yield from skills.values()

    def _skill_files(self, holder: Path) -> Iterator[Path]:
        """Files of skills in a folder: one in each folder of a skill's own, any others that are Markdown."""
        own: set[str] = set()
        for name in self.files.names(holder):
            for inner in self.files.names(holder / name):
                if inner.lower() == "skill.md" and self.files.size(holder / name / inner) is not None:
                    own.add(name)
                    yield holder / name / inner
                    break
        for folder in self._below(holder):
            if own.isdisjoint(folder.relative_to(holder).parts[:1]):
                for name in self.files.names(folder):
                    if name.endswith(".md") and name != "README.md" and name.lower() != "skill.md":
                        yield folder / name

    def _below(self, holder: Path) -> Iterator[Path]:
        """A folder and those below it, links left out: all that are in one, then what is in the first of them."""
        yield holder
        waiting, left = [holder], MOST_FILES
        while waiting and left > 0:
            at = waiting.pop()
            inner = [at / name for name in self.files.names(at)[:left]]
            left -= len(inner)
            folders = [path for path in inner if self.files.is_folder(path) and not self.files.is_link(path)]
            yield from folders
            waiting += reversed(folders)

    def _skill(self, path: Path, holder: Path) -> _Skill | None:
        whole = self._text(path)
        if whole is None:
            return None
        kind = _KINDS.get(path.name.lower())
        if kind is not None:
            return _Skill(path, kind, "", whole, (), is_folder=False)
        try:
            front_matter, content = _front_matter(whole.strip())
        except (ValueError, RecursionError) as error:
            raise _FailedError(str(path)) from error
        values = front_matter if isinstance(front_matter, dict) else {}
        is_folder = path.name.lower() == "skill.md"
        default = path.parent.name if is_folder else str(path.relative_to(holder).with_suffix(""))
        name, triggers = str(values.get("name", default)), values.get("triggers", [])
        fault = _fault(values, is_folder=is_folder)
        if is_folder and front_matter is not None and (not is_name(name) or name != default):
            reason = f"{name} is no name of a skill in {default}: small letters and hyphens, as its folder is called"
        elif front_matter is None or fault is _Fault.OF_SKILL:
            reason = "its front matter can't be read: it is left out"
        elif fault is not None:
            raise _FailedError(str(path))
        else:
            if "inputs" in values:
                triggers = [*triggers, *({f"/{name}"} - {*triggers})]
                if content and (values["inputs"] or _VARIABLE.search(content)):
                    content += "" if _ASKS_FOR_WORDS in content else _ASKS_FOR_WORDS
            description = values.get("description") or ""
            return _Skill(path, name, description, content, tuple(triggers), is_folder)
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
        prompt = self.start.prompt.strip().lower()
        for skill in skills:
            word = next((trigger for trigger in skill.triggers if trigger.lower() in prompt), "")
            if prompt and word:
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


def _front_matter(text: str) -> tuple[Any, str]:
    """A skill's front matter in YAML or JSON, empty where it has none, None where it is no YAML; and its body.

    Raises `ValueError` or `RecursionError` where it is no JSON.
    """
    parts = split_at_borders(text)
    if parts is not None:
        return yaml_value(parts[0], Yaml.LIBYAML), parts[1].strip()
    braced = _BRACE.split(text, 2) if _BRACE.match(text) else []
    return (json.loads(f"{{{braced[1]}}}"), braced[2].strip()) if len(braced) == 3 else ({}, text)


def _fault(values: Mapping[Any, Any], *, is_folder: bool) -> _Fault | None:
    """What is first found wrong with a skill's front matter; None where nothing is."""
    triggers, inputs = (values.get(name, []) for name in ("triggers", "inputs"))
    # Skills with a folder of their own have a file for these.
    own_tools = None if is_folder else values.get("mcp_tools")
    if not (isinstance(triggers, list) and isinstance(inputs, list) and isinstance(own_tools, dict | None)):
        return _Fault.OF_SKILL
    fields = [
        one.get(name) if isinstance(one, dict) else None for one in inputs for name in ("name", "description")
    ]
    if not all(isinstance(text, str) for text in (*triggers, *fields)):
        return _Fault.OF_FOLDER
    allowed = values.get("allowed-tools", values.get("allowed_tools"))
    if not (isinstance(values.get("metadata"), dict | None) and isinstance(allowed, str | list | None)):
        return _Fault.OF_SKILL
    texts = (values.get(name) for name in ("description", "license", "compatibility"))
    return None if all(isinstance(text, str | None) for text in texts) else _Fault.OF_FOLDER


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
