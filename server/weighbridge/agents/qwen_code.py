"""Qwen Code: QWEN.md and AGENTS.md of all levels, imports replaced in place, rules.

Rules and recordings: `tests/agents/wire/qwen-code.jsonl`. The first prompt and commands are in `qwen_prompt`, the text of
rules in `qwen_rules`.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from weighbridge.agents.folders import git_root, lies_in, upwards, walk
from weighbridge.agents.gemini_family import (
    brought_when_run,
    command_imports,
    context_settings,
    extension_files,
    included_folders,
)
from weighbridge.agents.markdown import code_regions
from weighbridge.agents.memory_index import folder_name, shortened
from weighbridge.agents.model import (
    Agent,
    Context,
    Entry,
    Files,
    Imports,
    NotLoaded,
    Part,
    Piece,
    Start,
)
from weighbridge.agents.qwen_prompt import COMMANDS, prompt_parts
from weighbridge.agents.qwen_rules import removed, split_rule, without_nested_comments
from weighbridge.agents.qwen_skills import skill_parts
from weighbridge.agents.splicing import MOST_LEVELS, Splicer, flat, imports_in, trimmed
from weighbridge.agents.text import (
    decoded,
    js_order,
    js_trim,
    json_object,
    read_text,
    unix_lines,
)

_NAMES = ("QWEN.md", "AGENTS.md")


def load(start: Start, files: Files) -> Context:
    """What Qwen Code puts into its first request."""
    return _Loader(start, files).context()


class _Loader:
    """One start: its settings, and the files that were met."""

    def __init__(self, start: Start, files: Files) -> None:
        self.start = start
        self.files = files
        self.folder = files.real(start.folder)
        self.own = start.home / ".qwen"
        self.git = git_root(self.folder, files)
        user = json_object(files.read(self.own / "settings.json"))
        self.trusted = not _asks_for_trust(user) or self._is_trusted()
        settings = [user]
        if self.trusted:
            settings.append(json_object(files.read(self.folder / ".qwen" / "settings.json")))
        self.all_settings = settings
        self.settings = context_settings(settings)
        self.memory_on = _memory_is_on(settings)
        # An import that names no file keeps its words.
        self.splicer = Splicer(files, code_regions, self._top_of, None, by_letters=True, root_counts=True)
        self.splicer.inspected_files = start.inspected_files
        self.not_loaded: list[NotLoaded] = []
        self._seen: set[Path] = set()

    def context(self) -> Context:
        if self.start.prompt_only:
            return Context(tuple(prompt_parts(self.start, self.files, self.folder, self.own)))
        blocks = [*self._context_blocks(), *self._rule_blocks()]
        pieces: list[Piece] = []
        for block in blocks:
            pieces += [*([Piece("\n\n")] if pieces else []), *block]
        parts = [Part("system", tuple(pieces))] if pieces else []
        parts += [
            *self._memory(),
            *prompt_parts(self.start, self.files, self.folder, self.own),
            *skill_parts(self.files, self.folder, self.start.home),
        ]
        return Context(
            tuple(parts),
            tuple(self.not_loaded),
            ignored=tuple(self.splicer.ignored),
            imports=tuple(self.splicer.replaced),
        )

    def _is_trusted(self) -> bool:
        levels_by_folder = json_object(self.files.read(self.own / "trustedFolders.json"))
        levels = [levels_by_folder.get(str(above)) for above in upwards(self.folder)]
        return next((level != "DO_NOT_TRUST" for level in levels if level is not None), False)

    def _context_blocks(self) -> Iterator[list[Piece]]:
        setting = self.settings.get("fileName")
        names = (
            (setting,)
            if isinstance(setting, str)
            else tuple(setting)
            if isinstance(setting, list)
            else _NAMES
        )
        folders = [self.folder]
        if self.settings.get("loadFromIncludeDirectories") is True:
            top = self._top_of(self.folder)
            folders += included_folders(self.start, self.files, self.folder, top, self.all_settings)
        paths: list[Path] = []
        for folder in folders:
            paths += [place / str(name) for name in names for place in (self.own, *self._chain(folder))]
            paths += [
                *extension_files(self.own / "extensions", "qwen-extension.json", _NAMES[0], self.files),
                self.own / "output-language.md",
            ]
        if self.git is not None and self.trusted:
            paths.append(self.git / ".qwen" / "QWEN.local.md")
        for path in paths:
            if ".." in path.parts:
                continue
            # A name that the project's settings give may be anything.
            own = (
                path.name in _NAMES
                or lies_in(path, self.own)
                or (self.git is not None and path.parent == self.git / ".qwen")
            )
            text = read_text(self.files, path, own=own, keep_mark=True)
            real = self.files.real(path)
            if text is None or real in self._seen:
                continue
            self._seen.add(real)
            kind = "user" if lies_in(path, self.own) else "project"
            if self.settings.get("importFormat") == "flat":
                pieces = flat(path, text, self.splicer, str(path), MOST_LEVELS)
            else:
                pieces = trimmed(self.splicer.pieces(path, kind, text))
            if pieces:
                yield self._block("Context", path, self.folder, pieces)
            else:
                self.not_loaded.append(NotLoaded(path, "it is blank"))

    def _chain(self, folder: Path) -> tuple[Path, ...]:
        """The folders whose files are read, outermost first: from one above the git root on, never the file system's."""
        home = self.start.home
        if folder == home:
            return (home,)
        git = git_root(folder, self.files)
        last = home.parent if git is None else git.parent
        chain: list[Path] = []
        for place in upwards(folder) if self.trusted else ():
            if place in {self.own, place.parent}:
                break
            chain.append(place)
            if place == last:
                break
        return tuple(reversed(chain))

    def _top_of(self, folder: Path) -> Path:
        """The folder in which the imports of a file in `folder` must lie."""
        return git_root(folder, self.files) or folder

    def _block(self, what: str, path: Path, base: Path, pieces: Iterable[Piece]) -> list[Piece]:
        name = os.path.relpath(path, base).replace(os.sep, "/")
        head = Piece(f"--- {what} from: {name} ---\n")
        return [head, *pieces, Piece(f"\n--- End of {what} from: {name} ---")]

    def _rule_blocks(self) -> Iterator[list[Piece]]:
        base = self.git or self.folder
        holders = [self.own / "rules"]
        if self.trusted:
            holders.append(base / ".qwen" / "rules")
        for holder in dict.fromkeys(holders):
            for path in sorted(self._rule_files(holder), key=lambda path: js_order(str(path))):
                data = self.files.read(path)
                if data is None:
                    continue
                patterns, body = split_rule(unix_lines(decoded(data)))
                if patterns:
                    reason = f"loads when a file is read that matches {', '.join(patterns)}"
                    # What has no slash, or begins or ends with one, matches nothing.
                    usable = tuple(
                        pattern.removeprefix("./")
                        for pattern in patterns
                        if "/" in pattern.strip("/") and pattern[0] != "/" and pattern[-1] != "/"
                    )
                    self.not_loaded.append(NotLoaded(path, reason, patterns=usable, folder=base))
                elif text := js_trim(without_nested_comments(body)):
                    yield self._block("Rule", path, base, [Piece(text, Entry(path, "rule", text))])

    def _rule_files(self, holder: Path) -> Iterator[Path]:
        """The files of a folder of rules, links left out."""
        for path in walk(holder, self.files):
            ways = (path, *(place for place in path.parents if lies_in(place, holder) and place != holder))
            if not path.name.endswith(".md"):
                continue
            if any(self.files.is_link(way) for way in ways):
                self.not_loaded.append(NotLoaded(path, "a link: Qwen Code reads none in a folder of rules"))
            else:
                yield path

    def _memory(self) -> Iterator[Part]:
        """What Qwen Code wrote down itself, where its own memory is switched on."""
        if not self.memory_on:
            return
        project = self.own / "projects" / folder_name(self.folder)
        for holder in (self.own / "memories", project / "memory"):
            path = holder / "MEMORY.md"
            data = self.files.read(path)
            if data is not None:
                text, lost = shortened(js_trim(decoded(data)), "Qwen Code", " KB")
                yield Part(
                    "system", (Piece(f"## {path}\n\n"), Piece(text, Entry(path, "memory", text, lost=lost)))
                )


def _asks_for_trust(user: Mapping[str, Any]) -> bool:
    security = user.get("security")
    trust = security.get("folderTrust") if isinstance(security, Mapping) else None
    return isinstance(trust, Mapping) and trust.get("enabled") is True


def _memory_is_on(settings: Iterable[Mapping[str, Any]]) -> bool:
    """Whether the agent's own memory is sent: it is, unless the last settings that speak of it say otherwise."""
    tables = (values["memory"] for values in settings if isinstance(values.get("memory"), Mapping))
    switches = [table["enableManagedAutoMemory"] for table in tables if "enableManagedAutoMemory" in table]
    return not switches or switches[-1] is True


QWEN_CODE = Agent(
    "qwen-code",
    "Qwen Code",
    "0.24.4",
    load,
    (".qwen", ".agents"),
    removed=removed,
    imports=Imports(partial(imports_in, regions=code_regions), from_real=False),
    imports_at=partial(command_imports, suffixes=COMMANDS),
    brought_when_run=partial(brought_when_run, suffixes=COMMANDS),
)
