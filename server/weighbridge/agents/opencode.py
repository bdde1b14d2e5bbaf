"""OpenCode: one name for all folders, nearest first, and files that `instructions` lists.

Rules and recordings: `tests/agents/wire/opencode.jsonl`. Its fork Kilo is in `kilo`.
"""

import fnmatch
import itertools
import json
import os
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from weighbridge.agents.folders import upwards, walk
from weighbridge.agents.model import Agent, Context, Entry, Files, NotLoaded, Part, Piece, Start
from weighbridge.agents.skills import front_matter_of, split_front_matter
from weighbridge.agents.text import (
    decoded,
    js_yaml_value,
    json_object,
    mapping_of,
    read_text,
    unix_lines,
)

_NAMES = ("AGENTS.md", "CLAUDE.md", "CONTEXT.md")
_MENTION = re.compile(r"(?<![\w`(])@(\.?[^\s`,.]*(?:\.[^\s`,.]+)*)")
ENV = re.compile(r"\{env:([^}]+)\}")
_PLACEHOLDER = re.compile(r"\$(\d+)")
#: A skill's front matter, which may have no end; and a line of it whose text has a colon and is in no quotes.
SKILL_HEAD = re.compile(r"---[ \t]*\n([\s\S]*?)(?:^---|\Z)", re.MULTILINE)
_WITH_COLON = re.compile(r"^([A-Za-z_]\w*)[ \t]*:[ \t]*([^\"'\s>|].*:.*)$", re.MULTILINE)


def load(start: Start, files: Files) -> Context:
    """What OpenCode puts into its first request."""
    return OpenCodeLoader(start, files).context()


@dataclass(slots=True)
class OpenCodeLoader:
    """One start. Kilo overrides where it looks and what it makes of a text."""

    start: Start
    files: Files
    folder: Path = field(init=False)
    root: Path = field(init=False)
    git: bool = field(init=False)
    not_loaded: list[NotLoaded] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder = self.files.real(self.start.folder)
        top = git_top(self.folder, self.files)
        self.git = top is not None
        self.root = top if top is not None else self.without_git()

    # Where things are.

    def without_git(self) -> Path:
        """The outermost folder that is looked at where there is no git."""
        return upwards(self.folder)[-1]

    def config_folder(self) -> Path:
        return Path(self.start.environment.get("XDG_CONFIG_HOME") or self.start.home / ".config") / "opencode"

    def user_files(self) -> Sequence[Path]:
        moved = self.start.environment.get("OPENCODE_CONFIG_DIR")
        own = [Path(moved) / "AGENTS.md"] if moved else []
        return (*own, self.config_folder() / "AGENTS.md", *self.claude_file())

    def claude_file(self) -> Sequence[Path]:
        off = ("OPENCODE_DISABLE_CLAUDE_CODE", "OPENCODE_DISABLE_CLAUDE_CODE_PROMPT")
        return () if any(self.is_on(name) for name in off) else (self.start.home / ".claude" / "CLAUDE.md",)

    def configs(self) -> Iterator[tuple[Path, bool]]:
        """Configuration files, the user's first; whether each is the user's."""
        for name in ("opencode.json", "opencode.jsonc"):
            yield self.config_folder() / name, True
        for place in reversed(self.chain()):
            for name in (
                "opencode.json",
                "opencode.jsonc",
                ".opencode/opencode.json",
                ".opencode/opencode.jsonc",
            ):
                yield place / name, False

    def skill_folders(self) -> Sequence[Path]:
        claude = (".claude/skills",) if self.claude_file() else ()
        names = (".opencode/skill", ".opencode/skills", *claude, ".agents/skills")
        return (
            *(place / name for place in self.chain() for name in names),
            *(self.config_folder() / name for name in ("skill", "skills")),
            *(self.start.home / name for name in names),
        )

    def chain(self) -> tuple[Path, ...]:
        """The folders from the session folder up to the root, nearest first."""
        places = upwards(self.folder)
        return places[: places.index(self.root) + 1]

    def is_on(self, name: str) -> bool:
        return self.start.environment.get(name, "").lower() in {"1", "true"}

    # What arrives.

    def context(self) -> Context:
        pieces: list[Piece] = []
        seen: set[Path] = set()
        for path, kind, own in self.listed():
            if path in seen:
                continue
            seen.add(path)
            data = self.files.read(path, own=own)
            text = None if data is None else self.text_of(path, decoded(data, keep_mark=True), kind)
            if text:
                label = f"{chr(10) if pieces else ''}Instructions from: {path}\n"
                pieces += [Piece(label), Piece(text, Entry(path, kind, text))]
        parts = [
            *self.agent_text(),
            Part("system", tuple(pieces)),
            *self.agents(),
            *self.prompt(),
            self.skills(),
        ]
        return Context(tuple(part for part in parts if part.pieces), tuple(self.not_loaded))

    def text_of(self, path: Path, text: str, kind: str) -> str | None:  # noqa: ARG002  (Kilo's uses them)
        """A file's text as it arrives, None where the file is dropped."""
        return text.removeprefix("\ufeff")

    def listed(self) -> Iterator[tuple[Path, str, bool]]:
        """Files in the order in which they arrive, with their kind, and whether the rules name them themselves."""
        for path in self.user_files():
            if self.files.size(path) is not None:
                yield path, "user", True
                break
        if not self.is_on("OPENCODE_DISABLE_PROJECT_CONFIG"):
            yield from self.project_files()
        yield from self.more_files()
        for path, by_user in self.instructions():
            yield path, "instructions", by_user

    def project_files(self) -> Iterator[tuple[Path, str, bool]]:
        names = _NAMES if self.claude_file() else ("AGENTS.md", "CONTEXT.md")
        present = {
            name: [place / name for place in self.chain() if self.files.size(place / name) is not None]
            for name in names
        }
        used = next((name for name in names if present[name]), None)
        for name, paths in present.items():
            for path in paths:
                if name == used:
                    yield path, "project", True
                else:
                    reason = f"{used} lies between the root and the session folder: only that name counts"
                    self.not_loaded.append(NotLoaded(path, reason))

    def more_files(self) -> Iterator[tuple[Path, str, bool]]:
        return iter(())

    def instructions(self) -> Iterator[tuple[Path, bool]]:
        for config, by_user in self.configs():
            if not by_user and self.is_on("OPENCODE_DISABLE_PROJECT_CONFIG"):
                continue
            text = read_text(self.files, config)
            values = {} if text is None else json_object(ENV.sub(self.variable, text).encode())
            listed = values.get("instructions")
            for entry in listed if isinstance(listed, list) else []:
                if isinstance(entry, str):
                    for path in self.matching(entry, by_user=by_user):
                        yield path, by_user

    def variable(self, match: re.Match[str]) -> str:
        return self.start.environment.get(match[1], "")

    def matching(self, entry: str, *, by_user: bool) -> Iterator[Path]:
        """The files that an entry of `instructions` names: relative ones in every folder up to the root."""
        if entry.startswith(("http://", "https://")):
            self.not_loaded.append(
                NotLoaded(Path(entry), "fetched at every start; Weighbridge fetches nothing here")
            )
            return
        if entry.startswith("~/"):
            entry = str(self.start.home / entry[2:])
        if os.path.isabs(entry):  # noqa: PTH117
            path = Path(os.path.normpath(entry))
            if not _GLOB.search(str(path.parent)):
                yield from glob(path.parent, path.name, self.files, own=by_user)
            return
        for place in self.chain():
            yield from glob(place, entry, self.files, own=by_user)

    def agent_text(self) -> Iterator[Part]:
        """The text of the agent that answers, where the project has one of its own."""
        path = self.folder / ".opencode" / "agent" / "build.md"
        text = read_text(self.files, path)
        if text is not None:
            body = split_front_matter(unix_lines(text))[1].strip()
            yield Part("system (agent's text)", (Piece(body, Entry(path, "agent", body)),))

    def agents(self) -> Iterator[Part]:
        """The listing of sub-agents, in the description of the tool that starts them."""
        pieces: list[Piece] = []
        for folder in (".opencode/agent", ".opencode/agents"):
            for path in sorted(walk(self.folder / folder, self.files)):
                values = front_matter_of(self.files, path) if path.suffix == ".md" else {}
                description = values.get("description")
                if isinstance(description, str) and path.stem not in {"build", "plan"}:
                    pieces += [
                        Piece(f"{chr(10) if pieces else ''}- {path.stem}: "),
                        Piece(description, Entry(path, "agent", description)),
                    ]
        yield Part("description of tool task", tuple(pieces))

    def skills(self) -> Part:
        """The listing of skills, by name; of equal names one arrives, which one differs from run to run."""
        listed: dict[str, tuple[str, Path]] = {}
        for folder in self.skill_folders():
            for path in walk(folder, self.files):
                values = skill_values(read_text(self.files, path)) if path.name == "SKILL.md" else {}
                name, description = values.get("name"), values.get("description")
                if isinstance(name, str) and isinstance(description, str) and name not in listed:
                    listed[name] = (description, path)
        pieces: list[Piece] = []
        for name, (description, path) in sorted(
            listed.items(), key=lambda skill: (skill[0].casefold(), skill[0])
        ):
            pieces += [
                Piece(f"{chr(10) if pieces else ''}  <skill>\n    <name>{name}</name>\n    <description>"),
                Piece(description, Entry(path, "skill", description)),
                Piece(f"</description>\n    <location>{path}</location>\n  </skill>"),
            ]
        return Part("system (skills)", tuple(pieces))

    def prompt(self) -> Iterator[Part]:
        """A command's text, and what it attaches; a file that an option attaches."""
        for name in self.start.options("-f"):
            yield from self.attached(self.folder / name, name)
        command = self.start.option("--command")
        if command is None:
            return
        for path in self.command_files(command):
            data = self.files.read(path)
            if data is not None:
                body = split_front_matter(unix_lines(decoded(data)))[1].strip()
                text = with_words(body, self.start.prompt)
                yield Part("first user message", (Piece(text, Entry(path, "command", text)),))
                for mention in _MENTION.findall(re.sub(r"(?<!`)`[^`\n]+`(?!`)", " ", body)):
                    yield from self.attached(Path(os.path.normpath(self.folder / mention)), mention)
                return

    def command_files(self, name: str) -> Iterator[Path]:
        """The files that may hold a command, the one that counts first."""
        for folder in (".opencode/command", ".opencode/commands"):
            yield self.folder / folder / f"{name}.md"

    def attached(self, path: Path, name: str) -> Iterator[Part]:
        data = self.files.read(path, own=False)
        if data is None or not name:
            return
        lines = decoded(data).split("\n")
        lines = lines[:-1] if lines[-1] == "" else lines
        text = "\n".join(f"{number}: {line}" for number, line in enumerate(lines, 1))
        yield Part(
            "first user message",
            (
                Piece(f"<path>{path}</path>\n<type>file</type>\n<content>\n"),
                Piece(text, Entry(path, "attached", text)),
                Piece(f"\n\n(End of file - total {len(lines)} lines)\n</content>"),
            ),
        )


def git_top(folder: Path, files: Files) -> Path | None:
    """The git work tree's root; a `.git` file counts only where it leads to a folder."""
    for above in upwards(folder):
        mark = above / ".git"
        if files.is_folder(mark):
            return above
        text = read_text(files, mark)
        if text is not None:
            led = text.removeprefix("gitdir:").strip()
            if files.is_folder(Path(os.path.normpath(above / led))):
                return above
    return None


_GLOB = re.compile(r"[*?\[{]")
#: What a pattern's braces stand for at most: each pair of them doubles it.
_MOST_ALTERNATIVES = 1_000


def glob(place: Path, pattern: str, files: Files, *, own: bool) -> Iterator[Path]:
    """The files below a folder that a pattern matches, in each folder's own order. `own`: whether the user wrote the pattern."""
    if not _GLOB.search(pattern):
        path = Path(os.path.normpath(place / pattern))
        if files.size(path) is not None:
            yield path
        return
    for alternative in itertools.islice(_braces(pattern), _MOST_ALTERNATIVES):
        fixed: list[str] = []
        parts = [part for part in alternative.split("/") if part not in {"", "."}]
        while parts and not _GLOB.search(parts[0]):
            fixed.append(parts.pop(0))
        if parts:
            yield from _walked(place.joinpath(*fixed), tuple(parts), files, set(), own=own)
        elif files.size(place.joinpath(*fixed)) is not None:
            yield place.joinpath(*fixed)


def _walked(
    place: Path, parts: tuple[str, ...], files: Files, seen: set[tuple[Path, tuple[str, ...]]], *, own: bool
) -> Iterator[Path]:
    """The files that the parts of a pattern match from a folder on. `seen`: where the same was looked for already."""
    if (place, parts) in seen:
        return
    seen.add((place, parts))
    first, rest = parts[0], parts[1:]
    if first == "**" and rest:
        yield from _walked(place, rest, files, seen, own=own)
    for name in files.names(place, own=own):
        path = place / name
        folder = files.is_folder(path)
        if first == "**":
            if folder and not files.is_link(path):
                yield from _walked(path, parts, files, seen, own=own)
            elif not folder and not rest:
                yield path
        elif fnmatch.fnmatchcase(name, first):
            if folder and rest:
                yield from _walked(path, rest, files, seen, own=own)
            elif not folder and not rest:
                yield path


def _braces(pattern: str) -> Iterator[str]:
    """A pattern's alternatives, one for each choice in braces."""
    match = re.search(r"\{([^{}]*)\}", pattern)
    if match is None:
        yield pattern
        return
    for choice in match[1].split(","):
        yield from _braces(pattern[: match.start()] + choice + pattern[match.end() :])


def with_words(body: str, arguments: str) -> str:
    """A command's body with the words behind its name: the highest number takes all that are left."""
    try:
        words = shlex.split(arguments)
    except ValueError:
        words = arguments.split()
    numbers = [int(number) for number in _PLACEHOLDER.findall(body)]
    last = max(numbers, default=0)

    def value(match: re.Match[str]) -> str:
        number = int(match[1])
        if number == 0:
            return "undefined"
        if number > len(words):
            return ""
        return " ".join(words[number - 1 :]) if number == last else words[number - 1]

    text = _PLACEHOLDER.sub(value, body).replace("$ARGUMENTS", arguments)
    if arguments and not numbers and "$ARGUMENTS" not in body:
        text += f"\n\n{arguments}"
    return text.strip()


def skill_values(text: str | None) -> Mapping[str, Any]:
    """The values of a skill's front matter, which may have no end; where it is no YAML, texts with colons are taken as they are."""
    match = SKILL_HEAD.match(unix_lines(text or ""))
    if match is None:
        return {}
    with_quotes = _WITH_COLON.sub(lambda line: f"{line[1]}: {json.dumps(line[2])}", match[1])
    return mapping_of(js_yaml_value(match[1])) or mapping_of(js_yaml_value(with_quotes)) or {}


OPENCODE = Agent(
    "opencode", "OpenCode", "1.18.33", load, (".config/opencode", ".opencode", ".claude", ".agents")
)
