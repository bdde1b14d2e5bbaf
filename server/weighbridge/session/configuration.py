"""Settings in force: defaults, the folder's files, the editor's values, the command line; resolved once, not per keystroke."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from weighbridge import disk
from weighbridge.agents.readers import DIALECTS, dialect_for, readers_of
from weighbridge.budget.directive import NOTHING, Overrides
from weighbridge.config import (
    DEFAULT_ENCODING,
    Layer,
    Settings,
    default_encoding,
    matches,
    read_folder_layer,
    resolve,
)
from weighbridge.config.places import FileFault, faults_in_file
from weighbridge.references.dialect import MARKDOWN, Dialect
from weighbridge.uris import inside

#: Paths of which it is remembered what the settings say: a watcher may tell of any number of files.
MOST_REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class _OfFile:
    """What the configuration says of one file. `folder`: the workspace's that it lies in; `readers`: agents that read it by its name."""

    folder: Path | None
    settings: Settings
    dialect: Dialect
    readers: tuple[str, ...]


def dialect_in(settings: Settings, path: Path, folder: Path | None) -> Dialect:
    """The dialect of a document by its settings. `folder`: the workspace's that it lies in. Any thread may ask."""
    relative = inside(path, folder)
    for glob, name in settings.dialects.items():
        if matches(path.name if folder is None else relative, (glob,)):
            return DIALECTS.get(name, MARKDOWN)
    return dialect_for(relative, settings.agents)


class Configuration:
    """The settings of each of the workspace's folders. Changing anything resolves anew; asking is a lookup."""

    def __init__(
        self, folders: Sequence[Path], layers: Sequence[Layer] = (), flags: Overrides = NOTHING
    ) -> None:
        """`layers`: the editor's or the command line's, lowest first. `flags`: what counts whatever a document says of itself."""
        self.flags = flags
        self._folders = tuple(folders)
        self._layers: dict[str, Layer] = {layer.name: layer for layer in layers}
        self._of_folders: dict[tuple[Path | None, str], Layer] = {}
        self._files: dict[Path, Layer] = {}
        self._file_warnings: dict[Path, tuple[str, ...]] = {}
        #: What is wrong with settings files, by their paths; and as it is in `warnings`.
        self.file_faults: dict[Path, Sequence[FileFault]] = {}
        self.warnings_in_files: frozenset[str] = frozenset()
        #: Folders that came later than the others, and whose files are yet to be read.
        self._unread: set[Path] = set()
        self._settings: dict[Path | None, Settings] = {}
        #: The same for files with an encoding and a budget of their own, by these.
        self._of_files: dict[tuple[Path | None, str, int | None], Settings] = {}
        self._links: dict[Path, Path] = {}
        self._linked: dict[Path, Path] = {}
        #: Each folder as a string, and as what the paths of files in it begin with.
        self._innermost_first: list[tuple[str, str, Path]] = []
        self.warnings: tuple[str, ...] = ()
        self._resolve()

    @property
    def folders(self) -> tuple[Path, ...]:
        """The workspace's folders."""
        return self._folders

    def read_files(self, folders: Sequence[Path]) -> dict[Path, tuple[Layer, tuple[str, ...], Path]]:
        """Read the folders' settings files, and where links lead, for `take_files`. Blocks: a worker's work."""
        return {folder: (*read_folder_layer(folder), disk.followed_or_same(folder)) for folder in folders}

    def take_files(self, layers: Mapping[Path, tuple[Layer, tuple[str, ...], Path]]) -> None:
        """Put what `read_files` found in force."""
        for folder, (layer, warnings, real) in layers.items():
            old_layer = self._files.get(folder)
            if warnings and old_layer is not None:
                # While somebody writes it, the last settings that could be read go on.
                layer = replace(layer, values=old_layer.values)  # noqa: PLW2901
            self._files[folder] = layer
            self._file_warnings[folder] = warnings
            self._unread.discard(folder)
            self._links[folder] = real
        self._resolve()

    @property
    def linked_folders(self) -> Mapping[Path, Path]:
        """The workspace's folders that are links, or are reached by one, and where those lead."""
        return self._linked

    def set_folders(self, folders: Sequence[Path]) -> None:
        """The workspace has other folders now; their files are to be read next."""
        self._unread |= set(folders) - set(self._folders)
        self._folders = tuple(folders)
        self._files = {folder: layer for folder, layer in self._files.items() if folder in folders}
        self._resolve()

    def set_layer(self, layer: Layer, of_folders: Mapping[Path, Layer] | None = None) -> None:
        """Put an editor's values in force, over those of the same name before.

        `of_folders`: layers of that name which hold in its place in some of the folders.
        """
        self._layers[layer.name] = layer
        self._of_folders = {
            key: folder_layer for key, folder_layer in self._of_folders.items() if key[1] != layer.name
        }
        for folder, folder_layer in (of_folders or {}).items():
            self._of_folders[folder, layer.name] = folder_layer
        self._resolve()

    def folder_of(self, path: Path | None) -> Path | None:
        """The innermost of the workspace's folders that holds a file."""
        if path is None:
            return self._folders[0] if self._folders else None
        # As strings: this is asked for each of many thousand files.
        normal_path = os.path.normcase(path)
        for above, below, folder in self._innermost_first:
            if normal_path == above or normal_path.startswith(below):
                return folder
        return None

    def knows(self, path: Path | None) -> bool:
        """Whether the files that may set something for a document were read, if its folder came later than the others."""
        return self.folder_of(path) not in self._unread

    def settings_of(self, path: Path | None) -> Settings:
        """The settings in force for a document: with the encoding that its name asks for where they name none, and with the
        budget of the first glob that speaks of it.
        """
        return self._settings[self.folder_of(None)] if path is None else self._of_file(path).settings

    def _look_up(self, path: Path) -> _OfFile:
        """What the settings in force say of a file. As often as it is asked for, it is looked up once (`_of_file`)."""
        folder = self.folder_of(path)
        settings = self._settings[folder]
        relative = inside(path, folder)
        in_folder = relative.lstrip("/")
        encoding = default_encoding(in_folder) if settings.encoding is None else settings.encoding
        budget = settings.budget_for(in_folder) if settings.budgets else settings.budget
        if encoding not in {settings.encoding, DEFAULT_ENCODING} or budget != settings.budget:
            own = folder, encoding, budget
            if own not in self._of_files:
                update = {"encoding": encoding, "budget": budget}
                self._of_files[own] = settings.model_copy(update=update)
            settings = self._of_files[own]
        chosen = settings.agents
        readers = tuple(name for name in readers_of(relative) or () if chosen is None or name in chosen)
        return _OfFile(folder, settings, dialect_in(settings, path, folder), readers)

    @property
    def settings(self) -> Settings:
        """The settings of the session as a whole: the first folder's."""
        return self._settings[self._folders[0] if self._folders else None]

    def really(self, path: Path) -> Path:
        """Where a file is, if the workspace's folder that it is in is a link."""
        for folder, real in self._linked.items():
            if path.is_relative_to(folder):
                return real / path.relative_to(folder)
        return path

    def relative_folder(self, path: Path) -> str:
        """The folder that a file is in, as seen from the workspace's; empty for that itself and for what is outside.

        Where the workspace has several, that one's name comes first.
        """
        folder = self.folder_of(path)
        if folder is None:
            return ""
        above = [folder.name] if len(self._folders) > 1 else []
        return "/".join([*above, *inside(path, folder).split("/")[:-1]])

    def folders_for(self, path: Path | None) -> tuple[Path, ...]:
        """The folders that references of a document may read, which the user opened: the workspace's, and its own if it is in none.

        Not for a file that others include: what they may read decides.
        """
        if path is None or self.folder_of(path) is not None:
            return self._folders
        return (*self._folders, path.parent)

    def dialect_of(self, path: Path | None) -> Dialect:
        """The dialect of a document: as its settings say, else the one of the agent that it is written for."""
        return MARKDOWN if path is None else self._of_file(path).dialect

    def readers_of(self, path: Path | None) -> tuple[str, ...]:
        """The agents that read a document by its name, of those that were chosen."""
        return () if path is None else self._of_file(path).readers

    def included(self, path: Path | None) -> bool:
        """Whether a document is a prompt or context file by its name."""
        return path is not None and self._included(path)

    def _matches(self, path: Path) -> bool:
        of_file = self._of_file(path)
        relative = path.name if of_file.folder is None else inside(path, of_file.folder)
        return matches(relative, of_file.settings.include)

    def _resolve(self) -> None:
        warnings: list[str] = []
        in_files: list[str] = []
        self._linked = {
            folder: real
            for folder in self._folders
            if (real := self._links.get(folder, folder)) != folder and real not in self._folders
        }
        self._settings.clear()
        self.file_faults.clear()
        self._of_files.clear()
        self._of_file = lru_cache(MOST_REMEMBERED)(self._look_up)
        self._included = lru_cache(MOST_REMEMBERED)(self._matches)
        self._innermost_first = [
            (normal_path, os.path.join(normal_path, ""), folder)  # noqa: PTH118  (a string is wanted)
            for folder in sorted(self._folders, key=lambda folder: len(folder.parts), reverse=True)
            for normal_path in (os.path.normcase(folder),)
        ]
        for folder in (None, *self._folders):
            files = [self._files[folder]] if folder in self._files else []
            warnings.extend(self._file_warnings.get(folder, ()) if folder is not None else ())
            layers = [self._of_folders.get((folder, name), layer) for name, layer in self._layers.items()]
            resolved = resolve([*files, *layers])
            self._settings[folder] = resolved.settings
            warnings.extend(resolved.warnings)
            if folder is not None and files:
                (layer,), whole = files, self._file_warnings.get(folder, ())
                # Settings that go on while their file can't be read stand somewhere else in it, or not at all.
                parts = () if whole else resolved.in_files
                in_files += [
                    *whole,
                    *(f"{warning}; ignored in {layer.name}" for warning in resolved.in_files),
                ]
                if whole or parts:
                    self.file_faults[folder / layer.name] = faults_in_file(layer, whole, parts)
            warnings.extend(
                f"weighbridge.dialects: {name}: unknown dialect; there are {', '.join(DIALECTS)}"
                for name in resolved.settings.dialects.values()
                if name not in DIALECTS
            )
        self.warnings = tuple(dict.fromkeys(warnings))
        self.warnings_in_files = frozenset(in_files)
