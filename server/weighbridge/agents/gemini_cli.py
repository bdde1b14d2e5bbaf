"""Gemini CLI: GEMINI.md files, imports replaced in place, in two places of the request.

Rules and recordings: `tests/agents/wire/gemini-cli.jsonl`. The first prompt and commands are in `gemini_prompt`.
"""

import os
import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from weighbridge.agents.encodings import GEMINI_ENCODING
from weighbridge.agents.folders import downwards, lies_in, upwards
from weighbridge.agents.gemini_family import (
    brought_when_run,
    command_imports,
    context_settings,
    extension_files,
    included_folders,
)
from weighbridge.agents.gemini_prompt import prompt_parts
from weighbridge.agents.gemini_skills import skill_listing
from weighbridge.agents.model import Agent, Context, Entry, Files, Imports, NotLoaded, Part, Piece, Start
from weighbridge.agents.splicing import Splicer, backtick_regions, flat, imports_in, trimmed
from weighbridge.agents.text import decoded, js_order, json_object, read_text

#: What commands' names end with.
_COMMANDS = (".toml",)
_NAME = "GEMINI.md"
#: Bytes of a context file: with a larger one Gemini CLI was seen to send nothing at all.
_MOST_BYTES = 4_194_304


def load(start: Start, files: Files) -> Context:
    """What Gemini CLI puts into its first request."""
    return _Loader(start, files).context()


def _failure(target: str, place: Path) -> str:
    return f"<!-- Import failed: {target} - ENOENT: no such file or directory, access '{place}' -->"


class _Loader:
    """One start: its settings, and the files that were met."""

    def __init__(self, start: Start, files: Files) -> None:
        self.start = start
        self.files = files
        self.folder = files.real(start.folder)
        self.own = start.home / ".gemini"
        self.trusted = self._trust() is not False
        user = json_object(files.read(self.own / "settings.json"))
        settings = [user]
        if self.trusted:
            settings.append(json_object(files.read(self.folder / ".gemini" / "settings.json")))
        self.settings = settings
        self.context_settings = context_settings(settings)
        self.names = self._names()
        markers = self.context_settings.get("memoryBoundaryMarkers")
        marker_names = [str(mark) for mark in markers] if isinstance(markers, list) else [".git"]
        self.markers = tuple(mark for mark in marker_names if not mark.startswith("/") and ".." not in mark)
        self.splicer = Splicer(files, backtick_regions, self._top_of, _failure)
        self.splicer.inspected_files = start.inspected_files
        self.not_loaded: list[NotLoaded] = []
        self.too_large: Path | None = None
        self._seen: set[object] = set()

    def context(self) -> Context:
        if not self.trusted and not self.start.flag("--skip-trust"):
            return Context(
                not_loaded=(NotLoaded(self.folder, "this folder is not trusted: Gemini CLI stops"),)
            )
        if self.start.prompt_only:
            return Context(tuple(prompt_parts(self.start, self.files, self.folder, self.own, self.names)))
        own = [self.own / name for name in self.names]
        user = self._blocks([path for path in own if lies_in(Path(os.path.normpath(path)), self.own)], "user")
        extensions = self._blocks(self._extensions(), "extension")
        project = self._blocks(self._project_files(), "project")
        memory = self._blocks(self._private_memory(), "memory")
        if self.too_large is not None:
            reason = f"larger than {_MOST_BYTES:,} bytes: Gemini CLI sends no request at all"
            return Context(not_loaded=(NotLoaded(self.too_large, reason),))
        parts = [
            Part("system", skill_listing(self.files, self.start.home, self.folder)),
            Part("system", _system_part(user, memory)),
            Part("system (lines)", self._system_file()),
            Part("first user message", _project_part(extensions, project)),
        ]
        parts = [
            *prompt_parts(self.start, self.files, self.folder, self.own, self.names),
            *(part for part in parts if part.pieces),
        ]
        return Context(
            tuple(parts),
            tuple(self.not_loaded),
            ignored=tuple(self.splicer.ignored),
            imports=tuple(self.splicer.replaced),
        )

    def _trust(self) -> bool | None:
        """The user's word on whether this folder is trusted: True, False, or None where nothing was said."""
        levels_by_folder = json_object(self.files.read(self.own / "trustedFolders.json"))
        for above in upwards(self.folder):
            level = levels_by_folder.get(str(above))
            if level in ("TRUST_FOLDER", "TRUST_PARENT"):
                return True
            if level == "DO_NOT_TRUST":
                return False
        return None

    def _names(self) -> tuple[str, ...]:
        """Names that are looked for in each folder: those of the settings, and always GEMINI.md."""
        setting = self.context_settings.get("fileName")
        more = [setting] if isinstance(setting, str) else setting if isinstance(setting, list) else []
        names = [os.path.normpath(name.strip()) for name in more if isinstance(name, str) and name.strip()]
        return tuple(dict.fromkeys((*names, _NAME)))

    def _top_of(self, folder: Path) -> Path:
        """The nearest folder upwards that holds a marker, else the folder itself."""
        for above in upwards(folder):
            if any(self.files.exists(above / mark) for mark in self.markers):
                return above
        return folder

    def _project_files(self) -> list[Path]:
        """The files of the session folder's chain and of the included folders' chains, each real file once."""
        top = self._top_of(self.folder)
        included = included_folders(self.start, self.files, self.folder, top, self.settings)
        paths: dict[object, Path] = {}
        for folder in (self.folder, *included):
            for place in downwards(self._top_of(folder), folder):
                if lies_in(self.own, place) and lies_in(folder, self.own):
                    continue
                for name in self.names:
                    # Names that lead up are no files of these folders: `..` is left to the disk, not to letters.
                    if ".." not in Path(name).parts and self.files.size(place / name) is not None:
                        paths.setdefault(self.files.identity(place / name), place / name)
        return sorted(paths.values(), key=lambda path: js_order(str(path)))

    def _extensions(self) -> list[Path]:
        paths = extension_files(self.own / "extensions", "gemini-extension.json", _NAME, self.files)
        return sorted(paths, key=lambda path: js_order(str(path)))

    def _blocks(self, paths: Sequence[Path], kind: str) -> list[list[Piece]]:
        """A block for each file that is there and has text, each real file once."""
        blocks: list[list[Piece]] = []
        for path in paths:
            # A name that the project's settings give may lead anywhere.
            data = self.files.read(path, own=kind != "project" or path.parent / _NAME == path)
            identity = self.files.identity(path)
            if data is None or identity in self._seen:
                continue
            self._seen.add(identity)
            if len(data) > _MOST_BYTES:
                self.too_large = path
            text = decoded(data, keep_mark=True)
            if self.context_settings.get("importFormat") == "flat":
                pieces = flat(path, text, self.splicer, str(path.parent), None)
            else:
                pieces = trimmed(self.splicer.pieces(path, kind, text))
            if not pieces:
                self.not_loaded.append(NotLoaded(path, "it is blank"))
                continue
            head = Piece(f"--- Context from: {path} ---\n")
            blocks.append([head, *pieces, Piece(f"\n--- End of Context from: {path} ---")])
        return blocks

    def _system_file(self) -> tuple[Piece, ...]:
        """The user's own system prompt, where the environment names one."""
        variable = self.start.environment.get("GEMINI_SYSTEM_MD")
        if not variable or variable.lower() in {"0", "false", "1", "true"}:
            return ()
        path = self.folder / variable
        text = (read_text(self.files, path) or "").strip()
        return (Piece(text, Entry(path, "user", text)),) if text else ()

    def _private_memory(self) -> list[Path]:
        """What Gemini CLI wrote down itself for this project: an index, or older files."""
        projects = json_object(self.files.read(self.own / "projects.json")).get("projects")
        name = projects.get(str(self.folder)) if isinstance(projects, Mapping) else None
        if not isinstance(name, str) or "/" in name:
            name = re.sub("[^a-z0-9]+", "-", self.folder.name.lower()).strip("-") or "project"
        holder = self.own / "tmp" / name / "memory"
        index = holder / "MEMORY.md"
        return [holder / name for name in self.names] if self.files.size(index) is None else [index]


def _joined(blocks: list[list[Piece]]) -> list[Piece]:
    pieces: list[Piece] = []
    for block in blocks:
        if pieces:
            pieces.append(Piece("\n\n"))
        pieces += block
    return pieces


def _wrapped(tag: str, pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    return (Piece(f"<{tag}>\n"), *pieces, Piece(f"\n</{tag}>")) if pieces else ()


def _system_part(user: list[list[Piece]], memory: list[list[Piece]]) -> tuple[Piece, ...]:
    """The user's files; in tags of their own where Gemini CLI has a memory of its own for the project."""
    if not memory:
        return _wrapped("loaded_context", _joined(user))
    head = "--- Private Project Memory Index (private, not committed to repo) ---\n"
    tail = "\n--- End Private Project Memory Index ---"
    own = _wrapped("user_project_memory", [Piece(head), *_joined(memory), Piece(tail)])
    others = _wrapped("global_context", _joined(user))
    between = (Piece("\n"),) if others else ()
    return _wrapped("loaded_context", (*others, *between, *own))


def _project_part(extensions: list[list[Piece]], project: list[list[Piece]]) -> tuple[Piece, ...]:
    first = _wrapped("extension_context", _joined(extensions))
    second = _wrapped("project_context", _joined(project))
    between = (Piece("\n"),) if first and second else ()
    return _wrapped("loaded_context", (*first, *between, *second))


GEMINI_CLI = Agent(
    "gemini-cli",
    "Gemini CLI",
    "0.61.0",
    load,
    (".gemini", ".agents"),
    encoding=GEMINI_ENCODING,
    exact=True,
    imports=Imports(partial(imports_in, regions=backtick_regions), from_real=False),
    imports_at=partial(command_imports, suffixes=_COMMANDS),
    brought_when_run=partial(brought_when_run, suffixes=_COMMANDS),
)
