"""OpenCode: one name for all folders, nearest first, and files that `instructions` lists.

Rules and recordings: `tests/agents/wire/opencode.jsonl`. Its fork Kilo is in `kilo`.
"""

import itertools
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from weighbridge.agents.collation import locale_order
from weighbridge.agents.folders import upwards, walk
from weighbridge.agents.model import Agent, Context, Entry, Files, NotLoaded, Part, Piece, Start
from weighbridge.agents.opencode_globs import glob, is_glob
from weighbridge.agents.text import decoded, json_object, read_text, unix_lines
from weighbridge.agents.yaml_values import Yaml, yaml_mapping

_NAMES = ("AGENTS.md", "CLAUDE.md", "CONTEXT.md")
_MENTION = re.compile(r"(?<![\w`(])@(\.?[^\s`,.]*(?:\.[^\s`,.]+)*)")
#: Files that one command is looked through for.
_MOST_MENTIONS = 500
_URLS = ("http://", "https://")
_ENV = re.compile(r"\{env:([^}]+)\}")
_WORD = re.compile(r""""[^"]*"|'[^']*'|[^\s"']+""")
_PLACEHOLDER = re.compile(r"\$(\d+)")
#: A skill's front matter, which may have no end; and a line of it whose text has a colon and is in no quotes.
SKILL_HEAD = re.compile(r"---[ \t]*\n([\s\S]*?)(?:^---|\Z)", re.MULTILINE)
_WITH_COLON = re.compile(r"^([A-Za-z_]\w*)[ \t]*:[ \t]*([^\"'\s>|].*:.*)$", re.MULTILINE)
_HEAD = re.compile(r"---[ \t]*\r?\n(?:(?s:.*?)\r?\n)??---[ \t]*(?:\r?\n|$)")
#: Lines of an attached file, characters of each, and bytes of all.
_MOST_LINES = 2_000
_MOST_BYTES = 51_200
_LONGEST_LINE = 2_000
_CUT = f"... (line truncated to {_LONGEST_LINE} chars)"


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
        return ((self.added_folder() or self.config_folder()) / "AGENTS.md", *self.claude_file())

    def added_folder(self) -> Path | None:
        """The folder that the user adds to those of OpenCode's own."""
        named = self.start.environment.get("OPENCODE_CONFIG_DIR")
        return self.folder / named if named else None

    def claude_file(self) -> Sequence[Path]:
        off = ("OPENCODE_DISABLE_CLAUDE_CODE", "OPENCODE_DISABLE_CLAUDE_CODE_PROMPT")
        return () if any(self.is_on(name) for name in off) else (self.start.home / ".claude" / "CLAUDE.md",)

    def configs(self) -> Iterator[tuple[Path, bool]]:
        """Configuration files, the user's first; whether each is the user's."""
        for name in ("opencode.json", "opencode.jsonc"):
            yield self.config_folder() / name, True
        if named := self.start.environment.get("OPENCODE_CONFIG"):
            yield self.folder / named, True
        for place in reversed(self.chain()):
            for name in (
                "opencode.json",
                "opencode.jsonc",
                ".opencode/opencode.json",
                ".opencode/opencode.jsonc",
            ):
                yield place / name, False
        if (added := self.added_folder()) is not None:
            for name in ("opencode.json", "opencode.jsonc"):
                yield added / name, True

    def skill_folders(self) -> Sequence[Path]:
        claude = (".claude/skills",) if self.claude_file() else ()
        names = (".opencode/skill", ".opencode/skills", *claude, ".agents/skills")
        return (
            *(place / name for place in self.chain() for name in names),
            *(self.config_folder() / name for name in ("skill", "skills")),
            *(self.start.home / name for name in names),
            *(added / name for added in [self.added_folder()] if added for name in ("skill", "skills")),
        )

    def holders(self) -> Iterator[Path]:
        """The folders that hold agents and commands, those that count more later."""
        yield self.config_folder()
        if not self.is_on("OPENCODE_DISABLE_PROJECT_CONFIG"):
            yield from (place / ".opencode" for place in self.chain())
        yield self.start.home / ".opencode"
        if (added := self.added_folder()) is not None:
            yield added

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
            text = None if data is None else self.text_of(path, decoded(data, keep_mark=True))
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

    def text_of(self, path: Path, text: str) -> str | None:  # noqa: ARG002  (Kilo's asks where it lies)
        """A file's text as it arrives, None where the file is dropped."""
        return text.removeprefix("\ufeff")

    def listed(self) -> Iterator[tuple[Path, str, bool]]:
        """Files in the order in which they arrive, with their kind, and whether the rules name them themselves."""
        user = next((path for path in self.user_files() if self.is_there(path)), None)
        if user is not None:
            yield user, "user", True
        if not self.is_on("OPENCODE_DISABLE_PROJECT_CONFIG"):
            yield from self.project_files()
        yield from self.more_files()
        for path, by_user in self.instructions():
            yield path, "instructions", by_user

    def is_there(self, path: Path) -> bool:
        """Whether a file of the chain counts as found."""
        return self.files.size(path) is not None

    def deciding(self) -> Sequence[Path]:
        """The folders whose files decide which name is used."""
        return self.chain()

    def project_files(self) -> Iterator[tuple[Path, str, bool]]:
        names = _NAMES if self.claude_file() else ("AGENTS.md", "CONTEXT.md")
        used = next(
            (name for name in names if any(self.is_there(place / name) for place in self.deciding())), None
        )
        for path in (place / name for name in names for place in self.chain()):
            if not self.is_there(path):
                continue
            if path.name == used:
                yield path, "project", True
            else:
                reason = f"{used} lies between the root and the session folder: only that name counts"
                self.not_loaded.append(NotLoaded(path, reason))

    def more_files(self) -> Iterator[tuple[Path, str, bool]]:
        return iter(())

    def settings(self) -> Iterator[tuple[Mapping[str, Any], bool]]:
        """The values of configuration files, and whether each is the user's."""
        for config, by_user in self.configs():
            if by_user or not self.is_on("OPENCODE_DISABLE_PROJECT_CONFIG"):
                text = read_text(self.files, config) or ""
                # What variables hold is told to nobody because a repository's file asks for it.
                meant = with_tokens(_ENV, self.variable, text) if by_user else text
                yield json_object(meant.encode()) | {"": config}, by_user

    def instructions(self) -> Iterator[tuple[Path, bool]]:
        for values, by_user in self.settings():
            listed = values.get("instructions")
            for entry in listed if isinstance(listed, list) else []:
                if isinstance(entry, str):
                    meant = with_tokens(_ENV, self.variable, entry)
                    # A URL is shown, as it is written.
                    named = entry if meant.startswith(_URLS) else meant
                    for path in self.matching(named, by_user=by_user):
                        yield path, by_user

    def variable(self, match: re.Match[str]) -> str:
        return self.start.environment.get(match[1], "")

    def matching(self, entry: str, *, by_user: bool) -> Iterator[Path]:
        """The files that an entry of `instructions` names: relative ones in every folder up to the root."""
        if entry.startswith(_URLS):
            reason = "fetched at every start; Weighbridge fetches nothing here"
            self.not_loaded.append(NotLoaded(Path(entry), reason))
            return
        if entry.startswith("~/"):
            entry = str(self.start.home / entry[2:])
        if Path(entry).is_absolute():
            path = Path(os.path.normpath(entry))
            if not is_glob(str(path.parent)):
                yield from glob(path.parent, path.name, self.files, own=by_user)
            return
        for place in self.chain():
            yield from glob(place, entry, self.files, own=by_user)

    def agent_text(self) -> Iterator[Part]:
        """The text of the agent that answers, where there is a file of it."""
        values = self.agent_values().get("build", {})
        body = values.get("prompt")
        if "" in values and isinstance(body, str):
            yield Part("system (agent's text)", (Piece(body, Entry(values[""], "agent", body)),))

    def agent_values(self) -> dict[str, dict[str, Any]]:
        """The values of agents by their names, of all files that speak of them: under an empty name the last one."""
        agents: dict[str, dict[str, Any]] = {"build": {"mode": "primary"}, "plan": {"mode": "primary"}}
        for values, _ in self.settings():
            table = values.get("agent")
            for name, told in table.items() if isinstance(table, Mapping) else ():
                if isinstance(told, Mapping):
                    agents.setdefault(name, {}).update({"": values[""], **told})
        for path, default in self.held("agent"):
            text = read_text(self.files, path)
            if text is not None:
                told = skill_values(text)
                name = told.get("name")
                agents.setdefault(name if isinstance(name, str) else default, {}).update(
                    {**told, "": path, "prompt": _body(text)}
                )
        return agents

    def held(self, kind: str) -> Iterator[tuple[Path, str]]:
        """The files of agents or commands, with the names that their places give them; those that count more later."""
        for holder in self.holders():
            for folder in (holder / f"{kind}s", holder / kind):
                for path in sorted(walk(folder, self.files)):
                    if path.suffix == ".md":
                        yield path, path.relative_to(folder).as_posix().removesuffix(".md")

    def agents(self) -> Iterator[Part]:
        """The listing of sub-agents, in the description of the tool that starts them."""
        pieces: list[Piece] = []
        for name, values in sorted(self.agent_values().items(), key=lambda agent: locale_order(agent[0])):
            description = values.get("description")
            listed = values.get("mode") != "primary" and values.get("disable") is not True
            if isinstance(description, str) and listed:
                pieces += [
                    Piece(f"{chr(10) if pieces else ''}- {name}: "),
                    Piece(description, Entry(values[""], "agent", description)),
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
        template, path = self.template(command)
        if path is None:
            return
        text = with_words(template, self.start.prompt)
        yield Part("first user message", (Piece(text, Entry(path, "command", text)),))
        mentions = dict.fromkeys(_MENTION.findall(re.sub(r"(?<!`)`[^`\n]+`(?!`)", " ", template)))
        for mention in itertools.islice(mentions, _MOST_MENTIONS):
            base, name = (self.start.home, mention[2:]) if mention.startswith("~/") else (self.root, mention)
            yield from self.attached(Path(os.path.normpath(base / name)), mention)

    def template(self, command: str) -> tuple[str, Path | None]:
        """The text of a command, and the file that it stands in; none where there is none."""
        found: tuple[str, Path | None] = "", None
        for values, _ in self.settings():
            table = values.get("command")
            told = table.get(command) if isinstance(table, Mapping) else None
            if isinstance(told, Mapping) and isinstance(told.get("template"), str):
                found = told["template"], values[""]
        for path, name in self.held("command"):
            text = read_text(self.files, path) if name == command else None
            if text is not None:
                found = _body(text), path
        return found

    def attached(self, path: Path, name: str) -> Iterator[Part]:
        data = self.files.read(path, own=False)
        if data is None or not name:
            return
        lines = decoded(data).split("\n")
        lines = lines[:-1] if lines[-1] == "" else lines
        shown = [line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}{_CUT}" for line in lines]
        sizes = itertools.accumulate(len(line.encode("utf-8", "surrogatepass")) + 1 for line in shown)
        fitting = sum(size - 1 <= _MOST_BYTES for size in itertools.islice(sizes, _MOST_LINES))
        text = "\n".join(f"{number}: {line}" for number, line in enumerate(shown[:fitting], 1))
        end = f"End of file - total {len(lines)} lines"
        if fitting < len(lines):
            of = f" of {len(lines)}" if fitting == _MOST_LINES else ""
            capped = "" if of else f"Output capped at {_MOST_BYTES // 1024} KB. "
            end = f"{capped}Showing lines 1-{fitting}{of}. Use offset={fitting + 1} to continue."
        yield Part(
            "first user message",
            (
                Piece(f"<path>{path}</path>\n<type>file</type>\n<content>\n"),
                Piece(text, Entry(path, "attached", text)),
                Piece(f"\n\n({end})\n</content>"),
            ),
        )


def with_tokens(token: re.Pattern[str], brought: Callable[[re.Match[str]], str], text: str) -> str:
    """A text with what its tokens bring. Behind the last brace is none, and to look for one there would take long."""
    end = text.rfind("}") + 1
    return token.sub(brought, text[:end]) + text[end:]


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


def with_words(body: str, arguments: str) -> str:
    """A command's body with the words behind its name: the highest number takes all that are left."""
    words = [word.strip("\"'") if word[0] in "\"'" else word for word in _WORD.findall(arguments)]
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


def _body(text: str) -> str:
    """The text behind a file's front matter, without blank ends; line ends stay."""
    match = _HEAD.match(text)
    return text[0 if match is None else match.end() :].strip()


def skill_values(text: str | None) -> Mapping[str, Any]:
    """The values of a skill's front matter, which may have no end; where it is no YAML, texts with colons are taken as they are."""
    match = SKILL_HEAD.match(unix_lines(text or ""))
    if match is None:
        return {}
    with_quotes = _WITH_COLON.sub(lambda line: f"{line[1]}: {json.dumps(line[2])}", match[1])
    return yaml_mapping(match[1], Yaml.JS_YAML) or yaml_mapping(with_quotes, Yaml.JS_YAML) or {}


OPENCODE = Agent(
    "opencode", "OpenCode", "1.18.33", load, (".config/opencode", ".opencode", ".claude", ".agents")
)
