"""GitHub Copilot CLI: four names side by side, imports put in place behind their words, rules with patterns listed.

Rules and recordings: `tests/agents/wire/copilot-cli.jsonl`. What in a text is an import is in `copilot_text`.
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import Any

from weighbridge.agents.copilot_imports import Importer
from weighbridge.agents.copilot_tables import tables
from weighbridge.agents.copilot_text import cleaned, code_in, imports_in
from weighbridge.agents.folders import git_root, lies_in, upwards, walk
from weighbridge.agents.model import (
    Agent,
    Context,
    Entry,
    Files,
    Ignored,
    Import,
    Importance,
    Imports,
    NotLoaded,
    Part,
    Piece,
    Start,
)
from weighbridge.agents.passed_over import Tried, passed_over
from weighbridge.agents.skills import split_front_matter
from weighbridge.agents.text import anywhere, escaped, read_text, split_patterns, unix_lines
from weighbridge.agents.yaml_values import Yaml, yaml_mapping

_LONGEST_DESCRIPTION = 1024
_LONGEST_NAME = 64
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]*")
_BLANKS = re.compile(r"\s+")
#: Lines that are the description of a skill without one.
_FIRST_LINES = 3
#: Whom a rule excludes that excludes Copilot CLI; and the patterns of rules that always apply.
_EXCLUDED = frozenset(("coding-agent", "cloud-agent"))
_ALWAYS = frozenset(("*", "**", "**/*"))
_SIMPLE_PATTERN = re.compile(r"^(applyTo|paths):[ \t]+(\S.*)$", re.MULTILINE)
_COMMENT = re.compile(r"\s#")

_NAMES = ("AGENTS.md", "CLAUDE.md", "GEMINI.md")
#: The files whose imports are followed.
_IMPORTERS = "AGENTS.md, CLAUDE.md and copilot-instructions.md"
_INSTRUCTIONS = Path(".github") / "copilot-instructions.md"


def load(start: Start, files: Files) -> Context:
    """What Copilot CLI puts into its first request."""
    return _Loader(start, files).context()


@dataclass(slots=True)
class _Loader:
    """One start: the files that were met."""

    start: Start
    files: Files
    folder: Path = field(init=False)
    git: Path | None = field(init=False)
    own: Path = field(init=False)
    not_loaded: list[NotLoaded] = field(default_factory=list)
    imports: list[Import] = field(default_factory=list)
    ignored: list[Ignored] = field(default_factory=list)
    _texts: dict[str, Path] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder = self.files.real(self.start.folder)
        self.git = git_root(self.folder, self.files)
        self.own = self.start.home / ".copilot"

    def context(self) -> Context:
        parts: list[Part] = []
        if not self.start.flag("--no-custom-instructions"):
            parts.append(Part("system", self._instructions()))
        parts += [*self._agents(), *self._skill_parts()]
        shown = tuple(part for part in parts if part.pieces)
        return Context(shown, tuple(self.not_loaded), tuple(self.ignored), tuple(self.imports))

    def _chain(self) -> tuple[Path, ...]:
        """The folders from the session folder up to the root, nearest first."""
        places = upwards(self.folder)
        return places[: places.index(self.git) + 1] if self.git is not None else (self.folder,)

    def _files(self) -> Iterator[tuple[Path, str]]:
        """The files of a fixed name, in the order in which they arrive."""
        chain = self._chain()
        root, between = chain[-1], chain[1:-1]
        yield self.own / "copilot-instructions.md", "user"
        for place in dict.fromkeys((root, self.folder)):
            yield place / _INSTRUCTIONS, "project"
        for place in dict.fromkeys((root, self.folder)):
            for name in _NAMES:
                yield place / name, "project"
        for place in between:
            for name in (str(_INSTRUCTIONS), "AGENTS.md", "CLAUDE.md", ".claude/CLAUDE.md", "GEMINI.md"):
                yield place / name, "project"

    def _spelled(self, path: Path) -> Path:
        """The file of a name, else the first that has it in another usual spelling.

        Any letter case would do. But whoever lists a folder looks again whenever anything in it changes.
        """
        stems = (path.stem, path.stem.lower(), path.stem.upper(), path.stem.capitalize(), path.stem.title())
        forms = [f"{stem}{ending}" for ending in (path.suffix, path.suffix.upper()) for stem in stems]
        spelled = (path.with_name(form) for form in dict.fromkeys(forms))
        return next((other for other in spelled if self.files.size(other) is not None), path)

    def _instructions(self) -> tuple[Piece, ...]:
        pieces: list[Piece] = []
        for exact, kind in self._files():
            path = self._spelled(exact)
            text = read_text(self.files, path)
            if text is None:
                continue
            if text in self._texts and text.strip():
                self.not_loaded.append(
                    NotLoaded(path, f"the same text as {self._texts[text]}, which is sent once")
                )
                continue
            self._texts[text] = path
            pieces.append(Piece(f"{chr(10) * 2 if pieces else ''}<custom_instruction>\n"))
            if exact.name == "GEMINI.md":
                arriving = cleaned(text)
                pieces.append(Piece(arriving, Entry(path, kind, arriving)))
                self._look_over(path, text, None)
            else:
                importer = self._importer(path)
                pieces += importer.pieces(path, kind, text)
                self.imports += importer.replaced
                self._look_over(path, text, importer.tried)
            pieces.append(Piece("\n</custom_instruction>"))
        rules: list[Piece] = []
        waiting: list[tuple[str, str, str]] = []
        for path, shown, text, values, pattern in self._rules():
            if pattern is None:
                rules.append(Piece(text, Entry(path, "rule", text)))
            elif pattern:
                waiting.append((pattern, shown, " ".join(_text(values.get("description")).split())))
                reason = f"only named to the model until a file is read that matches {pattern}"
                patterns, folder = anywhere(split_patterns(pattern)), self._chain()[-1]
                self.not_loaded.append(NotLoaded(path, reason, patterns=patterns, folder=folder))
        named = [path for place in self._added() if self.files.size(path := place / "AGENTS.md") is not None]
        rules += map(Piece, tables(waiting, named, self._chain()[-1]))
        # As recorded: a line feed ends the part where rules follow instructions, none where they stand alone.
        end = [Piece("\n")] if pieces and rules else []
        for rule in rules:
            pieces += [*([Piece("\n\n")] if pieces else []), rule]
        return (*pieces, *end)

    def _look_over(self, path: Path, text: str, tried: Mapping[int, Tried] | None) -> None:
        """Record the places in a file that look like imports and are none. `tried`: its imports; None where it can have none."""
        if self.files.real(path) not in self.start.inspected_files:
            return
        top = self._importer(path).top

        def overlooked(start: int, name: str) -> tuple[str, Importance]:
            if tried is None:
                return f"imports are followed in {_IMPORTERS} only", Importance.LIKELY
            if name.startswith("/"):
                return "absolute paths are not imported", Importance.CERTAIN
            if text[start + 1] == '"':
                return "quotes are not understood", Importance.CERTAIN
            return "a path needs a dot or a slash", Importance.LIKELY

        imports = None if tried is None else Imports(imports_in)
        self.ignored += passed_over(path, text, imports, tried or {}, self.files, top, overlooked, code_in)

    def _added(self) -> tuple[Path, ...]:
        """The folders that the user adds to those where instructions are looked for."""
        names = self.start.environment.get("COPILOT_CUSTOM_INSTRUCTIONS_DIRS", "").split(",")
        folders = (Path(os.path.normpath(self.folder / name.strip())) for name in names if name.strip())
        return tuple(dict.fromkeys(folders))

    def _importer(self, path: Path) -> Importer:
        own = lies_in(path, self.own)
        top = self.own if own else self.git or self.folder
        return Importer(self.files, self.files.real(top), {self.files.real(path)}, own=own)

    def _rules(self) -> Iterator[tuple[Path, str, str, dict[str, Any], str | None]]:
        """Rules by their path, the name that is shown, text, front matter and the pattern that they wait for."""
        places = tuple(dict.fromkeys((self._chain()[-1], self.folder)))
        added = self._added()
        kinds = ((Path(".github") / "instructions", ".instructions.md"), (Path(".claude") / "rules", ".md"))
        holders = [(place, name, ending) for place in (*places, *added) for name, ending in kinds]
        holders += [(place, Path(), ".instructions.md") for place in added]
        shown: dict[Path, str] = {}
        for place, name, ending in holders:
            for path in self._rule_files(place / name, ending, visible=name == Path()):
                shown.setdefault(path, path.relative_to(place).as_posix() if place in places else str(path))
        own = self._rule_files(self.own / "instructions", ".instructions.md")
        for path, label in (*((path, str(path)) for path in own), *shown.items()):
            whole = read_text(self.files, path)
            if whole is not None:
                self._look_over(path, whole, None)
                source = split_front_matter(whole.replace("\r\n", "\n"))[0] or ""
                values = yaml_mapping(source, Yaml.STRICT)
                pattern = _pattern(_simple_pattern(source) if values is None else values)
                yield path, label, cleaned(whole), values or {}, pattern

    def _rule_files(self, holder: Path, ending: str, *, visible: bool = False) -> list[Path]:
        """The files of a folder that may be rules, by path. `visible`: whether hidden ones and links to folders are left out."""
        paths = [path for path in walk(holder, self.files) if path.name.lower().endswith(ending)]
        return sorted((path for path in paths if not visible or self._is_visible(path, holder)), key=str)

    def _is_visible(self, path: Path, holder: Path) -> bool:
        between = [place for place in path.parents if holder in place.parents]
        hidden = any(part.startswith(".") for part in path.relative_to(holder).parts)
        return not hidden and not any(self.files.is_link(place) for place in between)

    def _agents(self) -> Iterator[Part]:
        """The chosen agent's own text, and the listing of all, by name."""
        chosen = self.start.option("--agent")
        holders = [place / name / "agents" for name in (".github", ".claude") for place in self._places()]
        listed: list[tuple[str, str, Path]] = []
        for folder in (*holders, self.own / "agents"):
            for path in sorted(walk(folder, self.files), key=str):
                text = read_text(self.files, path) if path.suffix == ".md" else None
                source, body = split_front_matter(unix_lines(text or ""))
                values = _values(source)
                if values is None:
                    continue
                name = _text(values.get("name")) or path.name.removesuffix(".md").removesuffix(".agent")
                description = _text(values.get("description"))
                if chosen == name:
                    body = body.strip()
                    yield Part("system (lines)", (Piece(body, Entry(path, "agent", body)),))
                if (
                    description
                    and not _is_on(values, "disable-model-invocation")
                    and values.get("infer") is not False
                ):
                    listed.append((name, description, path))
        pieces: list[Piece] = []
        for name, description, path in sorted(listed, key=itemgetter(0)):
            pieces += [
                Piece(f"{chr(10) if pieces else ''}- **{name}**: "),
                Piece(description, Entry(path, "agent", description)),
            ]
        yield Part("tool description of task", tuple(pieces))

    def _skill_parts(self) -> Iterator[Part]:
        """The listings of skills, and of commands."""
        names: set[str] = set()
        pieces: list[Piece] = []
        project = [place / name for name in (".github", ".agents", ".claude") for place in self._places()]
        user = [self.own, self.start.home / ".agents"]
        for holder in (*project, *user):
            paths = [
                (holder / "skills" / name / "SKILL.md", name) for name in self.files.names(holder / "skills")
            ]
            pieces += self._listing(paths, "user" if holder in user else "project", names, more=bool(pieces))
        yield Part("system", tuple(pieces))
        names, pieces = set(), []
        for holder in (place / ".claude" / "commands" for place in self._places()):
            commands = [holder / name for name in self.files.names(holder) if name.lower().endswith(".md")]
            paths = [(path, path.stem) for path in commands]
            pieces += self._listing(paths, "project", names, more=bool(pieces))
        yield Part("system", tuple(pieces))

    def _places(self) -> Sequence[Path]:
        """The folders in which skills, commands and agents are looked for, in order."""
        chain = self._chain()
        return tuple(dict.fromkeys((self.folder, chain[-1], *chain)))

    def _listing(
        self, paths: Sequence[tuple[Path, str]], where: str, names: set[str], *, more: bool = False
    ) -> Iterator[Piece]:
        """The entries of skills, by name. `paths`: with the names of those that say none; `names`: that are taken, added to."""
        listed: list[tuple[str, str, Path]] = []
        for path, default in paths:
            name, description = self._described(path, default)
            if not name or name in names:
                continue
            if len(description) > _LONGEST_DESCRIPTION:
                reason = f"its description has more than {_LONGEST_DESCRIPTION:,} characters: it is left out silently"
                self.not_loaded.append(NotLoaded(path, reason))
                continue
            names.add(name)
            listed.append((name, description, path))
        for name, description, path in sorted(listed):
            arriving = escaped(description)
            yield Piece(f"{chr(10) if more else ''}<skill>\n  <name>{name}</name>\n  <description>")
            yield Piece(arriving, Entry(path, "skill", arriving))
            yield Piece(f"</description>\n  <location>{where}</location>\n</skill>")
            more = True

    def _described(self, path: Path, default: str) -> tuple[str, str]:
        """The name and description of a skill or command; no name for one that is not listed. `default`: for one that says none."""
        nothing = "", ""
        text = read_text(self.files, path)
        source, body = split_front_matter(unix_lines(text or ""))
        # A command may do without front matter.
        values = {} if source is None and path.name != "SKILL.md" else _values(source)
        if text is None or values is None or _is_on(values, "disable-model-invocation"):
            return nothing
        name = _BLANKS.sub("-", _text(values.get("name", default)).strip())
        if len(name) > _LONGEST_NAME or not _NAME.fullmatch(name):
            return nothing
        if "description" not in values:
            return name, _first_lines(body)
        description = _text(values["description"])
        return (name, description) if description else nothing


def _simple_pattern(source: str) -> dict[str, str]:
    """The pattern in front matter that is no YAML: the text behind its name, up to a comment."""
    found = dict(reversed(_SIMPLE_PATTERN.findall(source)))
    for name in sorted(found):
        value = found[name].strip()
        quoted = len(value) > 1 and value[0] == value[-1] in "'\""
        return {name: value[1:-1] if quoted else _COMMENT.split(value, maxsplit=1)[0].strip()}
    return {}


def _pattern(values: Mapping[str, object]) -> str | None:
    """The pattern of files that a rule waits for: None where it always applies, empty where it never does."""
    excluded = values.get("excludeAgent")
    if not _EXCLUDED.isdisjoint(map(str, excluded if isinstance(excluded, list) else [excluded])):
        return ""
    value = values.get("applyTo", values.get("paths"))
    written = (
        split_patterns(value, "{[", "}]")
        if isinstance(value, str)
        else value
        if isinstance(value, list)
        else []
    )
    patterns = [pattern.strip() for pattern in written if isinstance(pattern, str) and pattern.strip()]
    return None if _ALWAYS.issuperset(patterns) else ", ".join(patterns)


def _values(source: str | None) -> dict[str, Any] | None:
    """The values of front matter, None where there is none or it is no YAML. The last line's end is none of it."""
    return None if source is None else yaml_mapping(source.removesuffix("\n"), Yaml.STRICT)


def _text(value: object) -> str:
    return value if isinstance(value, str) else value.isoformat() if isinstance(value, date) else ""


def _is_on(values: Mapping[str, object], name: str) -> bool:
    return str(values.get(name)).lower() in {"true", "yes", "on", "1"}


def _first_lines(body: str) -> str:
    """The description of a skill that has none: its first lines that are no headings."""
    lines = (line.strip() for line in body.split("\n"))
    first = islice((line for line in lines if line and not line.startswith("#")), _FIRST_LINES)
    return " ".join(first)[:_LONGEST_DESCRIPTION]


COPILOT_CLI = Agent(
    "copilot-cli",
    "GitHub Copilot CLI",
    "1.0.102",
    load,
    (".copilot", ".agents"),
    imports=Imports(imports_in, from_real=False),
)
