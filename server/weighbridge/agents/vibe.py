"""Mistral Vibe: AGENTS.md from the nearest trusted folder down to the session folder.

Rules and recordings: `tests/agents/wire/vibe.jsonl`.
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from html import escape
from pathlib import Path
from typing import Any

from weighbridge.agents.folders import downwards, lies_in, upwards
from weighbridge.agents.model import Agent, Context, Entry, Files, NotLoaded, Part, Piece, Start
from weighbridge.agents.skills import is_name, split_at_borders
from weighbridge.agents.text import toml_table, unix_lines
from weighbridge.agents.yaml_values import Yaml, yaml_value

_NAME = "AGENTS.md"
_LONGEST_DESCRIPTION = 1024
#: Of a file that a prompt names: its lines, and bytes.
_MENTIONED_LINES = 2_000
_MENTIONED_BYTES = 64_000
#: A path in a prompt, in quotes or without.
_MENTION = re.compile(
    r"""@(?<!\w@)(?:'((?:\\'|[^'\\]|\\(?!'))+)'|"((?:\\"|[^"\\]|\\(?!"))+)"|([\w./\\\-()\[\]{}~]+))"""
)
#: Files that a prompt may name.
_MOST_MENTIONED = 8
#: Endings of files that are sent as images.
_IMAGES = (".png", ".jpg", ".jpeg", ".gif", ".webp")
#: Words of settings that stand for yes, and for no.
_YES, _NO = ("1", "on", "t", "true", "y", "yes"), ("0", "off", "f", "false", "n", "no")
#: Tokens at which a conversation is shortened; bytes that count as one; and about as many bytes as all else of Vibe's first
#: request. It does not start where it can't be shortened below.
_THRESHOLD, _BYTES_OF_TOKEN, _OTHER_BYTES = 200_000, 4, 41_700


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
        home = self.start.environment.get("VIBE_HOME")
        own = self.files.real(Path(self._expanded(home))) if home else self.start.home / ".vibe"
        trust = self._trust(folder, own)
        settings = self._settings(folder, own, trust)
        roots = self._roots(folder, own, trust)
        pieces: tuple[Piece, ...] = ()
        if settings.includes_context:
            pieces = tuple(self._documents(roots, own))
        else:
            reason = "include_project_context is false: AGENTS.md is dropped too"
            self.not_loaded.append(NotLoaded(folder / _NAME, reason))
        parts = [Part("system", pieces), self._skills(roots, own, settings)]
        size = sum(len(part.text.encode("utf-8", "surrogatepass")) for part in parts)
        mentioned = [*self._mentioned(folder, roots)]
        if 0 < settings.threshold * _BYTES_OF_TOKEN < size + _OTHER_BYTES or len(mentioned) > _MOST_MENTIONED:
            reason = "too much for Vibe: it does not start"
            return Context(
                not_loaded=tuple(
                    NotLoaded(entry.path, reason) for entry in Context((*parts, *mentioned)).entries
                )
            )
        parts += mentioned
        return Context(tuple(part for part in parts if part.pieces), tuple(self.not_loaded))

    def _documents(self, roots: Mapping[Path, Path], own: Path) -> Iterator[Piece]:
        between = ""
        user = self._entry(own / _NAME, "user")
        if user is not None:
            yield Piece(f"## User instructions\n\nContents of {user.path} (user-level instructions):\n\n")
            yield Piece(user.text, user)
            between = "\n\n"
        head = "## Project instructions (checked into the codebase)\n\n"
        chain = [place / _NAME for root, top in roots.items() for place in downwards(top, root)]
        for entry in (self._entry(path, "project") for path in dict.fromkeys(chain)):
            if entry is not None:
                yield Piece(f"{between}{head}Contents of {entry.path}:\n\n")
                yield Piece(entry.text, entry)
                between, head = "\n\n", ""

    def _expanded(self, path: str) -> str:
        return re.sub("^~(?=/|$)", str(self.start.home), path)

    def _trust(self, folder: Path, own: Path) -> Callable[[Path], Path | None]:
        """The nearest folder upwards of a place that the user trusts; None where a nearer one is not trusted, or none is."""
        table = toml_table(self.files.read(own / "trusted_folders.toml"))
        trusted, untrusted = set(_strings(table.get("trusted"))), set(_strings(table.get("untrusted")))
        if self.start.flag("--trust"):
            trusted.add(str(folder))

        def top_of(place: Path) -> Path | None:
            decided = next((above for above in upwards(place) if str(above) in trusted | untrusted), None)
            return decided if str(decided) in trusted else None

        return top_of

    def _is_own(self, folder: Path, own: Path) -> bool:
        return self.files.real(folder / ".vibe") == self.files.real(own)

    def _settings(self, folder: Path, own: Path, trust: Callable[[Path], Path | None]) -> "_Settings":
        """The user's settings, with those of the nearest project upwards that has any, if the user trusts it."""
        user, project = toml_table(self.files.read(own / "config.toml")), dict[str, Any]()
        above_home = upwards(own.parent) if own.parent in upwards(folder) else ()
        paths = [
            above / ".vibe" / "config.toml"
            for above in upwards(folder)
            if above not in above_home and not self._is_own(folder, own)
        ]
        path = next((path for path in paths if self.files.size(path) is not None), None)
        if path is not None and trust(self.files.real(path.parent)) is not None:
            project = toml_table(self.files.read(path))
        name = "include_project_context"
        chosen = (self.start.environment.get(f"VIBE_{name.upper()}"), project.get(name), user.get(name))
        decided = [value for value in map(_switch, chosen) if value is not None]
        threshold = project.get("auto_compact_threshold", user.get("auto_compact_threshold"))
        return _Settings(
            includes_context=decided[0] if decided else True,
            enabled=_patterns(user, project, "enabled_skills"),
            disabled=_patterns(user, project, "disabled_skills"),
            skill_folders=tuple(
                (self.files.real(folder / self._expanded(path)), is_users)
                for table, is_users in ((user, True), (project, False))
                for path in _strings(table.get("skill_paths"))
            ),
            threshold=threshold if isinstance(threshold, int) else _THRESHOLD,
        )

    def _roots(self, folder: Path, own: Path, trust: Callable[[Path], Path | None]) -> dict[Path, Path]:
        """Folders whose files count, and for each the folder where its chain begins: the session folder, if the user trusts it,
        and those that are added.
        """
        roots: dict[Path, Path] = {}
        top = trust(folder)
        if self._is_own(folder, own):
            self.not_loaded.append(NotLoaded(folder / _NAME, "Vibe reads no project files in its own home"))
        elif top is not None:
            roots[folder] = top
        else:
            reason = "Vibe does not trust this folder: no project file is read"
            self.not_loaded.append(NotLoaded(folder / _NAME, reason))
        for name in self.start.options("--add-dir"):
            added = self.files.real(Path(os.path.normpath(folder / name)))
            roots.setdefault(added, trust(added) or added)
        return roots

    def _mentioned(self, folder: Path, roots: Iterable[Path]) -> Iterator[Part]:
        """The files that the first prompt names with `@`, if they lie in the folders of the session."""
        seen: set[Path] = set()
        at = 0
        while (match := _MENTION.search(self.start.prompt, at)) is not None:
            in_quotes = (
                match[number] and match[number].replace(f"\\{quote}", quote)
                for number, quote in ((1, "'"), (2, '"'))
            )
            name = next(filter(None, in_quotes), match[3])
            path = self.files.real(Path(os.path.normpath(folder / self._expanded(name))))
            at = match.end() if self.files.exists(path) else match.start() + 1
            inside = any(lies_in(path, root) for root in (folder, *roots))
            image = path.suffix.lower() in _IMAGES
            data = self.files.read(path, own=False) if inside and not image and path not in seen else None
            seen.add(path)
            if data is None:
                continue
            lines = data.split(b"\n", _MENTIONED_LINES)
            beyond = len(lines[-1]) if len(lines) > _MENTIONED_LINES else 0
            excerpt = data[: len(data) - beyond][:_MENTIONED_BYTES]
            text = "\n".join(_guessed(excerpt).splitlines())
            text += "" if len(excerpt) == len(data) else "\n\n[File mention truncated to fit context limits.]"
            fence = "`" * max(4, *(len(run) + 1 for run in re.findall("`{4,}", text)), 4)
            head = f"\n\nResource: {path.as_uri()}\n{fence}\n"
            entry = Entry(path, "attached", text)
            yield Part("user message", (Piece(head), Piece(text, entry), Piece(f"\n{fence}")))

    def _entry(self, path: Path, kind: str) -> Entry | None:
        data = self.files.read(path)
        text = "" if data is None else unix_lines(_guessed(data)).strip()
        return Entry(path, kind, text) if text else None

    def _skills(self, roots: Iterable[Path], own: Path, settings: "_Settings") -> Part:
        """The listing of skills, in each folder's own order; of equal names the first."""
        holders = [root / name / "skills" for root in roots for name in (".vibe", ".agents")]
        holders += [own / "skills", self.start.home / ".agents" / "skills"]
        may_open = dict(settings.skill_folders)
        for holder in map(self.files.real, holders):
            may_open.setdefault(holder, True)
        pieces: list[Piece] = []
        for path, name, description in self._described(may_open):
            if not settings.offers(name):
                self.not_loaded.append(NotLoaded(path, "the settings switch it off"))
                continue
            shown = _escaped(description)
            pieces += [
                Piece(f"{chr(10) if pieces else ''}  <skill>\n    <name>{name}</name>\n    <description>"),
                Piece(shown, Entry(path, "skill", shown)),
                Piece(f"</description>\n    <path>{_escaped(str(path))}</path>\n  </skill>"),
            ]
        return Part("system (skills)", tuple(pieces))

    def _described(self, holders: Mapping[Path, bool]) -> Iterator[tuple[Path, str, str]]:
        names: set[str] = set()
        for holder, own in holders.items():
            for folder in self.files.names(holder, own=own):
                path = self.files.real(holder / folder) / "SKILL.md"
                data = self.files.read(path, own=own)
                parts = None if data is None else split_at_borders(unix_lines(_guessed(data)))
                values = None if parts is None else _mapping(parts[0])
                if values is None:
                    continue
                name, description = values.get("name"), values.get("description")
                if not isinstance(name, str) or not isinstance(description, str):
                    continue
                hidden = _switch(_by_either(values, "disable-model-invocation", absent=False))
                is_well = (
                    is_name(name) and 1 <= len(description) <= _LONGEST_DESCRIPTION and _is_whole(values)
                )
                if not is_well or hidden is None:
                    reason = "its name, description or another value is not allowed: left out silently"
                    self.not_loaded.append(NotLoaded(path, reason))
                elif name in names:
                    self.not_loaded.append(NotLoaded(path, f"there is another skill called {name}"))
                else:
                    names.add(name)
                    if not hidden and description.strip() and self._is_offered(path):
                        yield path, name, description

    def _is_offered(self, path: Path) -> bool:
        """Whether the model may use a skill by itself, as the file says that skills have for OpenAI's agents."""
        data = self.files.read(path.parent / "agents" / "openai.yaml")
        values = {} if data is None else _mapping(unix_lines(_guessed(data)))
        policy = None if values is None else values.get("policy")
        if values is None or not isinstance(policy, dict | None):
            return False
        policy = policy or {}
        products = policy.get("products", [])
        is_known = policy.keys() <= {"allow_implicit_invocation", "products"}
        has_texts = isinstance(products, list) and all(isinstance(product, str) for product in products)
        allowed = policy.get("allow_implicit_invocation")
        return is_known and has_texts and (allowed is None or allowed is True)


@dataclass(frozen=True, slots=True)
class _Settings:
    """What the user and a project have set. `enabled`, `disabled`: patterns of skills' names; `skill_folders`: folders with
    skills, and whether the user names them; `threshold`: tokens at which a conversation is shortened.
    """

    includes_context: bool
    enabled: tuple[str, ...]
    disabled: tuple[str, ...]
    skill_folders: tuple[tuple[Path, bool], ...]
    threshold: int

    def offers(self, name: str) -> bool:
        """Whether a skill of this name is not switched off."""
        return _fits(name, self.enabled) if self.enabled else not _fits(name, self.disabled)


def _patterns(user: Mapping[str, Any], project: Mapping[str, Any], key: str) -> tuple[str, ...]:
    written = [pattern.strip() for pattern in _strings(project.get(key))]
    # A repository gets no regular expression run.
    return (*map(str.strip, _strings(user.get(key))), *(one for one in written if not one.startswith("re:")))


def _fits(name: str, patterns: Iterable[str]) -> bool:
    for pattern in patterns:
        try:
            expression = re.compile(pattern[3:], re.IGNORECASE) if pattern.startswith("re:") else None
        except re.error:
            continue
        if fnmatchcase(name, pattern.lower()) if expression is None else expression.fullmatch(name):
            return True
    return False


def _mapping(text: str) -> dict[Any, Any] | None:
    value = yaml_value(text, Yaml.PYYAML)
    return value if isinstance(value, dict) else None


def _by_either(values: Mapping[Any, Any], name: str, absent: object) -> object:
    """A value by its name, which may have underscores as well."""
    return values.get(name, values.get(name.replace("-", "_"), absent))


def _switch(value: object) -> bool | None:
    """What a value says that is yes or no; None where it is neither."""
    word = value.lower() if isinstance(value, str) else str(int(value)) if value in (0, 1) else ""
    return True if word in _YES else False if word in _NO else None


def _is_whole(values: Mapping[Any, Any]) -> bool:
    """Whether the other values of a skill's front matter are what they should be."""
    tools = _by_either(values, "allowed-tools", absent=None)
    return (
        all(isinstance(values.get(name), str | None) for name in ("license", "compatibility"))
        and isinstance(values.get("metadata"), dict | None)
        and (
            isinstance(tools, str | None)
            or (isinstance(tools, list | dict) and all(isinstance(tool, str) for tool in tools))
        )
        and _switch(_by_either(values, "user-invocable", absent=True)) is not None
    )


def _escaped(text: str) -> str:
    return escape(text).replace("&#x27;", "&apos;")


def _guessed(data: bytes) -> str:
    """Text as Vibe decodes it: UTF-16 by its mark, else UTF-8, else what the bytes look like."""
    for encoding, marks in (
        ("utf-32", (b"\xff\xfe\0\0", b"\0\0\xfe\xff")),
        ("utf-16", (b"\xff\xfe", b"\xfe\xff")),
    ):
        if data.startswith(marks):
            return data.decode(encoding, "replace")
    try:
        return data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _strings(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


VIBE = Agent("mistral-vibe", "Mistral Vibe", "3.0.2", load, (".vibe", ".agents"), aliases=("vibe",))
