"""Claude Code: CLAUDE.md files from the file system's root down, rules, imports attached as entries of their own.

Rules and recordings: `tests/agents/wire/claude-code.jsonl`. Skills and output styles are in `claude_skills`, the first
prompt and commands in `claude_prompt`, settings in `claude_settings`, its memory in `claude_memory`, and what in a text is an import in `claude_text`.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from itertools import groupby
from pathlib import Path

from weighbridge.agents.claude_ignored import Blocks, ImportTarget, ignored, places
from weighbridge.agents.claude_memory import memory_entry, memory_file
from weighbridge.agents.claude_prompt import COMMANDS, brought_when_run, is_run, prompt_parts
from weighbridge.agents.claude_settings import (
    MANAGED,
    ClaudeSettings,
    claude_folders,
    claude_settings,
    is_on,
    main_checkout,
)
from weighbridge.agents.claude_skills import output_style, skill_listing
from weighbridge.agents.claude_subagents import subagent_listings
from weighbridge.agents.claude_text import (
    IMPORT_START,
    begin_of,
    conditions,
    conditions_in_vain,
    find,
    removed,
    settled_lines,
    stripped,
    targets_in,
)
from weighbridge.agents.encodings import CLAUDE_ENCODING
from weighbridge.agents.folders import downwards, git_root, lies_in, upwards, walk
from weighbridge.agents.model import (
    Agent,
    Context,
    Entry,
    Files,
    Ignored,
    Import,
    Imports,
    NotLoaded,
    Part,
    Piece,
    Start,
)
from weighbridge.agents.text import (
    JS_SPACE,
    js_trim,
    read_text,
)

#: Bytes: a larger file is skipped without a word.
MOST_BYTES = 4_194_304
#: Files that lie between an entry of the chain and one that its imports lead to, at most.
MOST_HOPS = 4
_NAMES = ("CLAUDE.md", "CLAUDE.local.md")
#: Kinds of entries that are the project's.
_OF_PROJECT = frozenset(("project", "rule", "local"))
_PROJECT = " (project instructions, checked into the codebase)"
_LABELS = {
    "project": _PROJECT,
    "rule": _PROJECT,
    "local": " (user's private project instructions, not checked in)",
    "user": " (user's private global instructions for all projects)",
    "managed": " (organization-managed policy instructions)",
    "memory": " (user's auto-memory, persists across conversations)",
}
#: Endings that an import may have; none at all is fine.
_TEXT_SUFFIXES = frozenset(
    (
        *("md", "txt", "text", "rst", "adoc", "asciidoc", "org", "tex"),
        *("json", "yaml", "yml", "toml", "xml", "csv", "html", "htm", "css", "scss", "sass", "less"),
        *("js", "jsx", "ts", "tsx", "mjs", "cjs", "mts", "cts", "py", "pyi", "pyw", "rb", "erb", "rake"),
        *("go", "rs", "java", "kt", "kts", "scala", "c", "h", "cpp", "cc", "cxx", "hpp", "hxx", "cs"),
        *("swift", "sh", "bash", "zsh", "fish", "ps1", "bat", "cmd", "env", "ini", "cfg", "conf", "config"),
        *("properties", "sql", "graphql", "gql", "proto", "vue", "svelte", "astro", "lua", "r", "php", "pl"),
        *("pm", "ex", "exs", "lock", "log", "diff", "patch", "make", "gradle", "sbt", "cmake", "hbs", "ejs"),
        *("pug", "jade", "dart", "erl", "hrl", "clj", "cljs", "cljc", "edn", "hs", "lhs", "elm", "ml", "mli"),
        *("f", "f90", "f95", "for", "makefile", "latex"),
    )
)


def load(start: Start, files: Files) -> Context:
    """What Claude Code puts into its first request."""
    folder = files.real(start.folder)
    config = Path(start.environment.get("CLAUDE_CONFIG_DIR") or start.home / ".claude")
    project = git_root(folder, files) or folder
    main = main_checkout(project, files)
    settings = claude_settings(start, files, folder, project, config, main)
    start = replace(start, environment={**start.environment, **settings.environment})
    return _Loader(start, files, folder, config, project, main, settings).context()


@dataclass(slots=True)
class _Loader:
    """One start: the files that were met, and the entries that came of them."""

    start: Start
    files: Files
    folder: Path
    config: Path
    project: Path
    main: Path
    settings: ClaudeSettings
    entries: list[Entry] = field(default_factory=list)
    not_loaded: list[NotLoaded] = field(default_factory=list)
    ignored: list[Ignored] = field(default_factory=list)
    imports: list[Import] = field(default_factory=list)
    _seen: set[Path] = field(default_factory=set)

    def context(self) -> Context:
        parts = [] if self._is_bare() else [part for part in self._parts() if part.pieces]
        return Context(tuple(parts), tuple(self.not_loaded), tuple(self.ignored), tuple(self.imports))

    def _parts(self) -> Iterator[Part]:
        own = claude_folders(self.folder, self.files.real(self.start.home), self.files)
        holders = (self.config, *own, *(place / ".claude" for place in self._added()))
        prompt = prompt_parts(self.start, self.files, holders, self.folder, self.project, self._nested)
        if self.start.prompt_only:
            yield from prompt
            return
        # What is loaded does not come again with what the prompt attaches.
        memory = self._memory_part()
        yield Part("system", self._system("--system-prompt"))
        yield Part("system", self._system("--append-system-prompt"))
        yield from prompt
        older = "sonnet-4-5" in (self.start.option("--model") or "")
        skills = skill_listing(self.files, holders)
        place = "first user message" if older else "system message (in messages)"
        subagents = subagent_listings(
            self.files, holders, self.settings.denied_agents, memory=self.settings.has_memory
        )
        listed = [Part(place, pieces) for pieces in (*subagents, skills)]
        if older:
            yield from listed
        yield memory
        if not older:
            yield Part(place, output_style(self.settings.output_style, self.files, (*own, self.config)))
            yield from listed

    def _is_bare(self) -> bool:
        return self.start.flag("--bare") or is_on(self.start.environment.get("CLAUDE_CODE_SIMPLE"))

    def _system(self, option: str) -> tuple[Piece, ...]:
        """What the user makes the system prompt, or adds to it, by an argument: a file's text, then the words."""
        words, name = self.start.option(option), self.start.option(f"{option}-file")
        path = None if name is None else self.folder / name
        whole = None if path is None else read_text(self.files, path)
        pieces: list[Piece] = []
        if path is not None and whole is not None:
            text = js_trim(whole) if words is None else whole.lstrip(JS_SPACE)
            pieces.append(Piece(text, Entry(path, "user", text)))
        if words is not None:
            pieces.append(Piece(f"{chr(10) if pieces else ''}{words}"))
        return tuple(pieces)

    def _added(self) -> Iterator[Path]:
        """The folders that the user adds by arguments, several behind one option."""
        is_added = False
        for argument in self.start.arguments:
            name, equals, value = argument.partition("=")
            if name == "--add-dir" and equals:
                yield Path(os.path.normpath(self.folder / value))
            elif is_added and not argument.startswith("-"):
                yield Path(os.path.normpath(self.folder / argument))
            else:
                is_added = argument == "--add-dir"

    def _memory_part(self) -> Part:
        if self._reads_files():
            self._load_all()
        pieces: list[Piece] = []
        for entry in self.entries:
            pieces += [Piece(f"{chr(10) * 2 if pieces else ''}{_label(entry)}"), Piece(entry.text, entry)]
        return Part("first user message", tuple(pieces))

    def _load_all(self) -> None:
        managed_only = self.settings.instruction_files == "managed-only"
        self._file(MANAGED / "CLAUDE.md", "managed")
        if self.settings.managed_text:
            text = js_trim(self.settings.managed_text)
            self.entries.append(Entry(Path("<managed-settings>"), "managed", text))
        self._rules(MANAGED / ".claude", "managed")
        if "user" in self.settings.sources and not managed_only:
            self._file(self.config / "CLAUDE.md", "user")
            self._rules(self.config, "user")
        if not managed_only:
            # The file system's root is no folder of the chain.
            places = upwards(self.folder)[-2::-1]
            left_out = self._main_checkout()
            for place in places:
                self._folder(place, only_local=place in left_out)
            if is_on(self.start.environment.get("CLAUDE_CODE_ADDITIONAL_DIRECTORIES_CLAUDE_MD")):
                for place in self._added():
                    self._folder(place)
            if "project" in self.settings.sources:
                self._agents([place for place in places if place not in left_out])
        memory = memory_file(self.config, self.settings, self.main)
        if memory is not None and self.files.real(memory) not in self._seen:
            self.entries += memory_entry(memory, self.files, own=self.settings.is_users)

    def _folder(self, place: Path, *, only_local: bool = False) -> None:
        """A folder's own files."""
        if "project" in self.settings.sources and not only_local:
            self._file(place / "CLAUDE.md", "project")
            self._file(place / ".claude" / "CLAUDE.md", "project")
            self._rules(place / ".claude", "rule")
        if "local" in self.settings.sources:
            self._file(place / "CLAUDE.local.md", "local")

    def _nested(self, path: Path) -> Iterator[Entry]:
        """What the folders between the session folder and a file bring when that is read, untrimmed."""
        if not self._reads_files() or self.folder not in path.parents:
            return
        before = len(self.entries)
        for place in downwards(self.folder, path.parent)[1:]:
            self._file(place / "CLAUDE.md", "project")
            self._file(place / ".claude" / "CLAUDE.md", "project")
            self._file(place / "CLAUDE.local.md", "local")
            self._rules(place / ".claude", "rule")
        for entry in self.entries[before:]:
            whole = read_text(self.files, entry.path, own=entry.imported_by is None)
            yield entry if whole is None else replace(entry, text=stripped(whole))
        del self.entries[before:]

    def _reads_files(self) -> bool:
        return not is_on(self.start.environment.get("CLAUDE_CODE_DISABLE_CLAUDE_MDS"))

    def _agents(self, places: Sequence[Path]) -> None:
        """AGENTS.md where no CLAUDE.md of the folders says anything, or beside it: each before the files of folders below."""
        chosen = self.settings.instruction_files
        paths = [place / name for place in places for name in ("AGENTS.md", ".claude/AGENTS.md")]
        if chosen != "claude-md-and-agents-md":
            loaded = self._claude_file(places)
            if loaded is not None or chosen == "claude-md":
                why = "a CLAUDE.md with text is loaded" if loaded else "the setting says CLAUDE.md only"
                there = (path for path in paths if self.files.size(path) is not None)
                self.not_loaded.extend(
                    NotLoaded(path, f"{why}: AGENTS.md is not read", loaded) for path in there
                )
                return
        others, seen_before = self.entries, self._seen
        # As if nothing had been loaded yet.
        self.entries, self._seen = [], set(self._users_own())
        for path in paths:
            self._file(path, "project")
        seen = {entry.path for entry in others}
        texts = {entry.text for entry in others if entry.kind in _OF_PROJECT}
        found = [entry for entry in self.entries if entry.path not in seen and entry.text not in texts]
        self.entries, self._seen = others, seen_before | self._seen
        for folder, group in groupby(found, partial(_folder_of, _by_path(found))):
            _put_in(self.entries, folder, [*group])

    def _claude_file(self, places: Sequence[Path]) -> Path | None:
        """A CLAUDE.md with text of these folders, or of the chain if it is loaded; None where there is none."""
        for entry in self.entries:
            is_own = entry.kind in _OF_PROJECT and entry.imported_by is None and entry.path.name in _NAMES
            if is_own and lies_in(self.folder, _project_folder(entry.path)):
                return entry.path
        own = self._users_own()
        for path in (
            place / name for place in places for name in ("CLAUDE.md", ".claude/CLAUDE.md", "CLAUDE.local.md")
        ):
            size = self.files.size(path)
            if (
                size is None
                or size > MOST_BYTES
                or self.settings.excludes(path)
                or self.files.real(path) in own
            ):
                continue
            if js_trim(stripped(read_text(self.files, path) or "")):
                return path
        return None

    def _users_own(self) -> frozenset[Path]:
        """The files that are no project's though they lie in folders of the chain."""
        return frozenset(self.files.real(folder / "CLAUDE.md") for folder in (MANAGED, self.config))

    def _main_checkout(self) -> frozenset[Path]:
        """Folders whose CLAUDE.md and rules are left out: of the main checkout, in a work tree that lies inside it."""
        return frozenset(place for place in upwards(self.project)[1:] if lies_in(place, self.main))

    def _file(
        self, path: Path, kind: str, importer: Path | None = None, hops: int = 0, *, waits: bool = False
    ) -> None:
        """An entry for a file and for what it imports. `waits`: they may have patterns that they wait for."""
        real = self.files.real(path)
        size = self.files.size(path)
        if size is None or real in self._seen:
            return
        if kind != "managed" and self.settings.excludes(path):
            self.not_loaded.append(NotLoaded(path, "claudeMdExcludes names it"))
            return
        self._seen.add(real)
        if size > MOST_BYTES:
            self.not_loaded.append(
                NotLoaded(path, f"larger than {MOST_BYTES:,} bytes: skipped without a word")
            )
            return
        own = importer is None or kind == "user" or self.settings.approved
        text = read_text(self.files, path, own=own, keep_mark=True)
        if text is not None:
            self._entry(path, text, kind, importer, hops, waits=waits)

    def _entry(
        self, path: Path, whole: str, kind: str, importer: Path | None, hops: int, *, waits: bool = False
    ) -> None:
        text = stripped(whole)
        arriving = js_trim(text)
        if not arriving:
            self.not_loaded.append(NotLoaded(path, "nothing is left of it but front matter and comments"))
            return
        is_inspected = self.files.real(path) in self.start.inspected_files
        if waits and (patterns := conditions(whole)):
            reason = f"loads when a file is read that matches {', '.join(patterns)}"
            # The user's own rules speak of the session folder.
            folder = self.folder if kind == "user" else _project_folder(path)
            self.not_loaded.append(NotLoaded(path, reason, patterns=patterns, folder=folder))
        else:
            self.entries.append(Entry(path, kind, arriving, importer))
            if waits and is_inspected:
                self.ignored.extend(conditions_in_vain(path, whole))
        base = self.files.real(path).parent
        targets = list(targets_in(whole))
        # Places are of the text as editors have it.
        shown = whole.removeprefix("\ufeff")
        code = Blocks(shown, begin_of(shown))
        if is_inspected:
            named = cache(partial(self._target, base=base, kind=kind, hops=hops))
            self.ignored.extend(ignored(path, code, frozenset(targets), named, targets_in, self.files))
        brought: dict[str, list[Entry]] = {}
        for target in targets:
            before = len(self.entries)
            self._import(target, path, base, kind, hops, waits=waits)
            if len(self.entries) > before:
                brought[target] = self.entries[before:]
        if is_inspected or (importer is not None and self.start.inspected_files):
            for start, end, target in places(code, brought):
                # Where it stands a second time it brings nothing.
                if entries := brought.pop(target, None):
                    arriving = "".join(f"\n\n{_label(entry)}{entry.text}" for entry in entries)
                    imported = Import(
                        path, start, end, entries[0].path, arriving, nested=importer is not None
                    )
                    self.imports.append(imported)

    def _import(self, target: str, importer: Path, base: Path, kind: str, hops: int, *, waits: bool) -> None:
        named = self._target(target, base=base, kind=kind, hops=hops)
        if named is None or hops >= MOST_HOPS:
            return
        if named.reason is None:
            self._file(named.path, kind, importer, hops + 1, waits=waits)
        elif not self._has_other_suffix(named.path):
            self.not_loaded.append(NotLoaded(named.path, named.reason))

    def _target(self, target: str, *, base: Path, kind: str, hops: int) -> ImportTarget | None:
        """The file that an import's target names; with the reason if it is there and not imported."""
        if not IMPORT_START.match(target):
            return None
        if target.startswith("~/"):
            path = self.start.home / target[2:]
        else:
            path = Path(os.path.normpath(base / target))
        if self.files.size(path) is None:
            return ImportTarget(path)
        if self._has_other_suffix(path):
            return ImportTarget(path, f"Claude Code imports no {path.suffix} files")
        if kind != "user" and not self.settings.approved and not self._is_inside(path):
            return ImportTarget(path, f"outside the folder that Claude Code is started in: {self.folder}")
        if hops >= MOST_HOPS:
            return ImportTarget(path, f"beyond {MOST_HOPS} hops: Claude Code goes no deeper")
        return ImportTarget(path)

    def _has_other_suffix(self, path: Path) -> bool:
        suffix = os.path.splitext(path.name)[1]  # noqa: PTH122  (a full stop at the end is one, too)
        return bool(suffix) and suffix[1:].lower() not in _TEXT_SUFFIXES

    def _is_inside(self, path: Path) -> bool:
        return all(lies_in(place, self.folder) for place in (path, self.files.real(path)))

    def _rules(self, holder: Path, kind: str) -> None:
        """The rules of a folder, in the order in which the disk lists them."""
        top = self.files.real(holder.parent)
        for path in walk(holder / "rules", self.files):
            real = self.files.real(path)
            if not path.name.endswith(".md") or self._has_other_suffix(real):
                continue
            if kind != "managed" and self.settings.excludes(path):
                continue
            is_link = real != top / path.relative_to(holder.parent)
            if is_link and kind != "user" and not (self.settings.approved or lies_in(real, self.folder)):
                continue
            self._file(real, kind, waits=True)


def _project_folder(path: Path) -> Path:
    """The folder that a file is one of the project's for: what holds `.claude`, where it lies in that."""
    return next((above for above in path.parents if above.name == ".claude"), path).parent


def _by_path(entries: Iterable[Entry]) -> Mapping[Path, Entry]:
    return {entry.path: entry for entry in entries}


def _folder_of(entries: Mapping[Path, Entry], entry: Entry) -> Path:
    """The project folder of the file that an entry is imported by in the end."""
    path = entry.path
    while (above := entries.get(path)) is not None and above.imported_by is not None:
        path = above.imported_by
    return _project_folder(path)


def _put_in(entries: list[Entry], folder: Path, added: Sequence[Entry]) -> None:
    """Put a folder's further entries before those of folders below it, else behind all of the project's."""
    folder_of = partial(_folder_of, _by_path(entries))
    own = [at for at, entry in enumerate(entries) if entry.kind in _OF_PROJECT]
    below = next((at for at in own if folder in folder_of(entries[at]).parents), None)
    at = below if below is not None else own[-1] + 1 if own else len(entries)
    entries[at:at] = added


def _label(entry: Entry) -> str:
    return f"Contents of {entry.path}{_LABELS[entry.kind]}:\n\n"


CLAUDE_CODE = Agent(
    "claude-code",
    "Claude Code",
    "2.1.332",
    load,
    (".claude",),
    encoding=CLAUDE_ENCODING,
    exact=True,
    imports=Imports(find, home=True, settled=settled_lines),
    imports_at=lambda path: COMMANDS if is_run(path) else None,
    brought_when_run=brought_when_run,
    removed=lambda text, kind: removed(text) if kind in _LABELS else (),
)
