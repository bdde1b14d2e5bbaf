"""Kilo, a fork of OpenCode: texts hold `{file:…}` and `{env:…}`, rules lie in folders of its own.

Rules and recordings: `tests/agents/wire/kilo.jsonl`; only what differs from `opencode` stands here.
"""

import html
import itertools
import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from weighbridge.agents.collation import locale_order
from weighbridge.agents.folders import lies_in, upwards, walk
from weighbridge.agents.model import Agent, Entry, NotLoaded, Part, Piece
from weighbridge.agents.opencode import SKILL_HEAD, OpenCodeLoader, skill_values, with_tokens
from weighbridge.agents.opencode_globs import glob
from weighbridge.agents.text import (
    JS_SPACE,
    decoded,
    js_trim,
    json_object,
    read_text,
    unix_lines,
)

_CONFIGS = ("kilo.jsonc", "kilo.json", "opencode.jsonc", "opencode.json")
_MODES = ("code", "architect", "ask", "debug", "orchestrator")
#: Kilo's own agents that the user talks to: they are no sub-agents.
_OWN_AGENTS = ("code", "build", "plan", "ask", "debug", "orchestrator")
#: Characters that the tokens of a text bring: a bound against hostile ones, what is beyond stays as it is written.
_MOST_BROUGHT = 4_000_000
#: Variables that no text may name.
_SECRET = (
    "KILO_SERVER_PASSWORD",
    "KILO_SERVER_USERNAME",
    "KILO_BROWSER_BROKER_URL",
    "KILO_BROWSER_BROKER_TOKEN",
)

_COMMENT = rf"^[{re.escape(JS_SPACE.replace(chr(10), ''))}]*//[^\n]*"
#: Tokens by what they bring, where the user may have written them, and in a project's Markdown: there `${…}` is none.
_TOKENS = {
    (kind, guarded): re.compile(
        rf"{_COMMENT}|{'(?<![$])' if guarded else ''}\{{{kind}:([^}}]+)\}}", re.MULTILINE
    )
    for kind in ("env", "file")
    for guarded in (False, True)
}


class _RefusedError(Exception):
    """A token that a text may not hold: the text is dropped."""


@dataclass(slots=True)
class KiloLoader(OpenCodeLoader):
    """Kilo: as OpenCode, but without git only the session folder counts, and texts hold `{file:…}` and `{env:…}`.

    `trusted`: files that the user's own places or settings name, which may bring any variable and file.
    """

    trusted: set[Path] = field(default_factory=set)

    # Where things are.

    def without_git(self) -> Path:
        return self.folder

    def is_on(self, name: str) -> bool:
        return OpenCodeLoader.is_on(self, name.replace("OPENCODE_", "KILO_"))

    def config_folder(self) -> Path:
        return Path(self.start.environment.get("XDG_CONFIG_HOME") or self.start.home / ".config") / "kilo"

    def moved_folder(self) -> Sequence[Path]:
        """The folder that a variable adds to those of the user's."""
        moved = self.start.environment.get("KILO_CONFIG_DIR")
        return (Path(moved),) if moved else ()

    def user_files(self) -> Sequence[Path]:
        own = (*self.moved_folder(), self.config_folder())
        return (*(folder / "AGENTS.md" for folder in own), *self.claude_file())

    def own_folders(self) -> Sequence[Path]:
        """Kilo's folders, those that count least first."""
        places = (*self.project_places(), self.start.home)
        named = (place / name for place in places for name in (".kilocode", ".kilo"))
        return tuple(dict.fromkeys((self.config_folder(), *named, *self.moved_folder())))

    def above(self) -> tuple[Path, ...]:
        """The folders that are looked through, nearest first: without git all above the session folder, too."""
        return self.chain() if self.git else upwards(self.folder)

    def project_places(self) -> tuple[Path, ...]:
        return () if self.is_on("OPENCODE_DISABLE_PROJECT_CONFIG") else self.above()

    def configs(self) -> Iterator[tuple[Path, bool]]:
        for name in ("config.json", *_CONFIGS[1::-1], *_CONFIGS[:1:-1]):
            yield self.config_folder() / name, True
        named = self.start.environment.get("KILO_CONFIG")
        if named:
            yield self.folder / named, True
        for kind in ("kilo", "opencode"):
            for place in reversed(self.project_places()):
                for name in (f"{kind}.json", f"{kind}.jsonc"):
                    yield place / name, False
        for folder in self.own_folders():
            if folder.name in {".kilo", ".kilocode"} or folder in self.moved_folder():
                own = folder in self.moved_folder() or not lies_in(folder, self.root)
                yield from ((folder / name, own) for name in _CONFIGS)

    def matching(self, entry: str, *, by_user: bool) -> Iterator[Path]:
        absolute = entry.startswith("~/") or Path(entry).is_absolute()
        hidden = not absolute or entry.rpartition("/")[2].startswith(".")
        for path in OpenCodeLoader.matching(self, entry, by_user=by_user):
            # Where the user names a file relatively, it is the project's.
            if by_user and absolute:
                self.trusted.add(path)
            if hidden or not path.name.startswith("."):
                yield path

    # What arrives.

    def listed(self) -> Iterator[tuple[Path, str, bool]]:
        """Files in the order in which they are first named. What is the user's is told by all that name a file."""
        named = [*OpenCodeLoader.listed(self)]
        self.trusted.update(path for path, kind, _ in named if kind == "user")
        return iter(named)

    def is_there(self, path: Path) -> bool:
        """Whether anything is there: a folder counts as found, too."""
        return self.files.exists(path)

    def deciding(self) -> Sequence[Path]:
        """The same as are looked through: what lies above the session folder decides without git, and is not read then."""
        return self.above()

    def more_files(self) -> Iterator[tuple[Path, str, bool]]:
        """Rules: the user's, then those of the session folder, whatever the mode; of equal names Kilo's folder wins."""
        home, folder = self.start.home, self.folder
        paths = [*self._rules(home, "rules"), *self._rules(folder, "rules")]
        self.trusted.update(path for path in paths if not lies_in(path, self.root))
        paths.append(folder / ".kilocoderules")
        for mode in _MODES:
            paths += [*self._rules(folder, f"rules-{mode}"), folder / f".kilocoderules-{mode}"]
        # Their names are taken for patterns.
        matching = (glob(path.parent, path.name, self.files, own=True) for path in paths)
        return ((path, "rule", True) for path in itertools.chain.from_iterable(matching))

    def _rules(self, place: Path, name: str) -> Iterator[Path]:
        """Kilo's rules in a place, then the older ones of other names."""
        first: dict[str, Path] = {}
        for folder in (place / ".kilo" / name, place / ".kilocode" / name):
            for file in self.files.names(folder):
                path = folder / file
                if not file.endswith(".md") or self.files.is_folder(path):
                    continue
                if self.files.is_link(path):
                    self.not_loaded.append(NotLoaded(path, "a link: Kilo reads no rule that is one"))
                elif file in first:
                    reason = f"a rule of this name is in {first[file].parent}"
                    self.not_loaded.append(NotLoaded(path, reason, instead=first[file]))
                else:
                    first[file] = path
                    yield path

    def instructions(self) -> Iterator[tuple[Path, bool]]:
        entries: dict[str, bool] = {}
        merged: list[str] = []
        for config, by_user in self.configs():
            listed = self._listed_in(config, by_user=by_user)
            if by_user and config.parent == self.config_folder():
                # The last of these files counts.
                merged = listed or merged
                continue
            for entry in merged:
                entries.setdefault(entry, True)
            merged = []
            for entry in listed:
                entries[entry] = entries.get(entry) or by_user
        for entry, by_user in entries.items():
            for path in self.matching(entry, by_user=by_user):
                yield path, by_user

    def _listed_in(self, config: Path, *, by_user: bool) -> list[str]:
        """The `instructions` of a configuration file; none where these are not all texts."""
        text = read_text(self.files, config)
        text = None if text is None else self._substituted(config, text, own=by_user, configuration=True)
        listed = {} if text is None else json_object(text.encode()).get("instructions")
        return listed if isinstance(listed, list) and all(isinstance(entry, str) for entry in listed) else []

    def text_of(self, path: Path, text: str) -> str | None:
        own = path in self.trusted
        if not own and not lies_in(self.files.real(path), self.root):
            self.not_loaded.append(NotLoaded(path, "outside the project, or a link that leads there"))
            return None
        return self._substituted(path, text, own=own)

    def _substituted(self, path: Path, text: str, *, own: bool, configuration: bool = False) -> str | None:
        """A text with what its tokens bring; None where it holds one that it may not. `own`: whether it is the user's."""
        guarded = not own and not configuration
        left = _MOST_BROUGHT

        def variable(match: re.Match[str]) -> str:
            if match[1] is None:
                return match[0]
            if not own:
                raise _RefusedError("holds {env:…}")
            if match[1].upper() in _SECRET:
                raise _RefusedError(f"holds {{env:{match[1]}}}")
            return self.start.environment.get(match[1], "")

        def file(match: re.Match[str]) -> str:
            nonlocal left
            if match[1] is None or left <= 0:
                return match[0]
            brought = self._file_text(path, match[1], own=own)
            left -= len(brought or "")
            if brought is None and configuration:
                raise _RefusedError(f"holds {{file:{match[1]}}}, which is not there")
            return json.dumps(brought, ensure_ascii=False)[1:-1] if configuration else brought or ""

        try:
            with_variables = with_tokens(_TOKENS["env", guarded], variable, text)
            return with_tokens(_TOKENS["file", guarded], file, with_variables)
        except _RefusedError as refused:
            reason = f"{refused}: Kilo drops the whole file without a word"
            self.not_loaded.append(NotLoaded(path, reason))
            return None

    def _file_text(self, path: Path, target: str, *, own: bool) -> str | None:
        below = self.start.home / target[2:] if target.startswith("~/") else path.parent / target
        place = Path(os.path.normpath(below))
        if not own and self.files.exists(place) and not lies_in(self.files.real(place), self.root):
            raise _RefusedError(f"holds {{file:{target}}}, outside the project")
        data = self.files.read(place, own=own)
        return None if data is None else js_trim(decoded(data, keep_mark=True))

    # Listings and the prompt.

    def skills(self) -> Part:
        """The listing of skills; of equal names the last one counts."""
        listed: dict[str, tuple[str, Path]] = {}
        for path, by_user in self._skill_files():
            inside = lies_in(self.files.real(path), self.root)
            if not inside and not by_user:
                continue
            text = read_text(self.files, path)
            values = skill_values(text)
            name, description = values.get("name"), values.get("description")
            if not isinstance(name, str) or not isinstance(description, str | None):
                continue
            if self._substituted(path, _body(text or ""), own=not inside) is None:
                continue
            listed.pop(name, None)
            if description is not None:
                listed[name] = (description, path)
        pieces: list[Piece] = []
        for name, (description, path) in sorted(listed.items(), key=lambda skill: locale_order(skill[0])):
            location = html.escape(str(path)).replace("&#x27;", "&#39;")
            pieces += [
                Piece(f"{chr(10) if pieces else ''}  <skill>\n    <name>{name}</name>\n    <description>"),
                Piece(description, Entry(path, "skill", description)),
                Piece(f"</description>\n    <location>{location}</location>\n  </skill>"),
            ]
        return Part("system (skills)", tuple(pieces))

    def _skill_files(self) -> Iterator[tuple[Path, bool]]:
        """Files of skills, and whether each lies in a folder of the user's."""
        off = ("OPENCODE_DISABLE_CLAUDE_CODE", "OPENCODE_DISABLE_CLAUDE_CODE_SKILLS")
        shared = (".agents",) if any(self.is_on(name) for name in off) else (".claude", ".agents")
        if not self.is_on("OPENCODE_DISABLE_EXTERNAL_SKILLS"):
            for place, own in ((self.start.home, True), *((place, False) for place in self.chain())):
                for name in shared:
                    yield from self._skills_below(place / name / "skills", own=own)
        for folder in self.own_folders():
            for name in ("skill", "skills"):
                for path, own in self._skills_below(folder / name, own=not lies_in(folder, self.root)):
                    if not any(part.startswith(".") for part in path.relative_to(folder).parts):
                        yield path, own

    def _skills_below(self, folder: Path, *, own: bool) -> Iterator[tuple[Path, bool]]:
        return ((path, own) for path in walk(folder, self.files) if path.name == "SKILL.md")

    def _markdown_in(self, *names: str) -> Iterator[tuple[str, Path]]:
        """The Markdown files in such folders of Kilo's, those that count least first, by their paths there without ending."""
        for own in self.own_folders():
            for name in names:
                for path in walk(own / name, self.files):
                    if path.suffix == ".md":
                        yield path.relative_to(own / name).with_suffix("").as_posix(), path

    def agents(self) -> Iterator[Part]:
        """The listing of sub-agents, in the description of the tool that starts them."""
        listed: dict[str, tuple[str, Path]] = {}
        for name, path in self._markdown_in("agent", "agents"):
            values = skill_values(read_text(self.files, path))
            description = values.get("description")
            named = str(values.get("name", name))
            mode = values.get("mode", "primary" if named in _OWN_AGENTS else "all")
            listed.pop(named, None)
            if isinstance(description, str) and mode != "primary" and values.get("disable") is not True:
                listed[named] = (description, path)
        pieces: list[Piece] = []
        for name, (description, path) in sorted(listed.items(), key=lambda agent: locale_order(agent[0])):
            pieces += [
                Piece(f"{chr(10) if pieces else ''}- {name}: "),
                Piece(description, Entry(path, "agent", description)),
            ]
        yield Part("description of tool task", tuple(pieces))

    def agent_text(self) -> Iterator[Part]:
        found = [path for name, path in self._markdown_in("agent", "agents") if name == "code"]
        text = read_text(self.files, found[-1]) if found else None
        if text is not None:
            own = not lies_in(found[-1], self.root)
            body = js_trim(self._substituted(found[-1], _body(text), own=own) or "")
            if body:
                yield Part("system (agent's text)", (Piece(body, Entry(found[-1], "agent", body)),))

    def template(self, command: str) -> tuple[str, Path | None]:
        held = [path for name, path in self._markdown_in("command", "commands") if name == command]
        workflows = (
            place / folder / "workflows" / f"{command}.md"
            for place in (self.folder, self.start.home)
            for folder in (".kilo", ".kilocode")
        )
        for path in (*reversed(held), *workflows):
            text = read_text(self.files, path)
            if text is not None:
                return _body(text).strip(), path
        return "", None


def _body(text: str) -> str:
    """A text without its front matter."""
    plain = unix_lines(text)
    head = SKILL_HEAD.match(plain)
    return plain if head is None else plain[head.end() :]


KILO = Agent(
    "kilo",
    "Kilo",
    "7.7.9",
    lambda start, files: KiloLoader(start, files).context(),
    (".config/kilo", ".kilo", ".kilocode", ".claude", ".agents"),
)
