"""The workspace that a file belongs to where no editor says so, and the settings in force there."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from weighbridge.budget.directive import NOTHING, Overrides
from weighbridge.budget.models import find as find_model
from weighbridge.config import Layer, Settings
from weighbridge.config.files import OWN_FILE
from weighbridge.session.choice import Choice, choose
from weighbridge.session.configuration import Configuration

#: What marks the root of a workspace, as a settings file does; the settings files above it are another's.
_REPOSITORY = ".git"


def configuration_of(paths: Sequence[Path], settings: Mapping[str, Any], flags: Overrides) -> Configuration:
    """What is set for these paths, by their folders' files and by the command line, which is over all others."""
    return configuration_in(roots_of(paths), settings, flags)


def roots_of(paths: Sequence[Path]) -> list[Path]:
    """The workspace's folders that paths belong to."""
    return [*dict.fromkeys(_roots_of(paths))]


def configuration_in(folders: Sequence[Path], settings: Mapping[str, Any], flags: Overrides) -> Configuration:
    """What is set for a workspace of these folders, by their files and by the command line, which is over all others."""
    layer = Layer("command line", dict(settings), trusted_source=True)
    configuration = Configuration(folders, [layer], flags)
    configuration.take_files(configuration.read_files(folders))
    for name in (flags.model, *(flags.others or ())):
        # Who names it now hears of it now.
        if name is not None:
            find_model(name, configuration.settings.models)
    return configuration


def settings_for(folder: Path, flags: Overrides = NOTHING) -> Settings:
    """The settings in force in a folder."""
    return configuration_of([folder], {}, flags).settings_of(folder)


def workspace_of(path: Path) -> Path:
    """The workspace's folder that a file belongs to; its own where it belongs to none."""
    return next(reversed([*_roots_of([path])]), path.parent)


def chosen(folder: Path, flags: Overrides, on_warning: Callable[[str], None]) -> Choice | None:
    """By what the contexts of a folder are counted, as flags and settings say; None where they say nothing."""
    return chosen_under(settings_for(folder, flags), flags, on_warning)


def chosen_under(settings: Settings, flags: Overrides, on_warning: Callable[[str], None]) -> Choice | None:
    """The same, by the settings of that folder."""
    if not (flags.model or flags.encoding or settings.model or settings.encoding):
        return None
    choice = choose(settings, flags)
    for warning in choice.warnings:
        on_warning(warning)
    return choice


def take_settings_of(paths: Sequence[Path], configuration: Configuration) -> None:
    """Let the settings file nearest above each path count for it, whichever folder was named on the command line."""
    folders = list(dict.fromkeys([*configuration.folders, *_roots_of(paths)]))
    new = [folder for folder in folders if folder not in configuration.folders]
    if new:
        configuration.set_folders(folders)
        configuration.take_files(configuration.read_files(new))


def _roots_of(paths: Sequence[Path]) -> Iterator[Path]:
    """The workspace's folders that paths belong to, outermost first: those with a marker, up to the repository's.

    Without a repository the working folder is one too, or else a folder that is named, unless a marker stands above it.
    """
    here = Path.cwd()
    # As strings: of twenty thousand files most lie beside others.
    starts = dict.fromkeys(
        os.fspath(path) if os.path.isdir(path) else os.path.dirname(path)  # noqa: PTH112, PTH120
        for path in paths
    )

    @cache
    def marks(folder: Path) -> tuple[bool, bool]:
        """Whether a folder is a repository's top, and whether it has settings."""
        text = os.path.join(folder, "")  # noqa: PTH118
        # A link that leads nowhere is a file that can't be read, and says so.
        return os.path.exists(text + _REPOSITORY), os.path.lexists(text + OWN_FILE)  # noqa: PTH110

    for start in map(Path, starts):
        roots: list[Path] = []
        for folder in (start, *start.parents):
            repository, has_settings = marks(folder)
            if repository or has_settings:
                roots.append(folder)
            if repository:
                break
        else:
            own = here if start.is_relative_to(here) else start
            # A file by itself belongs to none: it may read what lies below it, as any that the user opens.
            named = own == here or own in paths
            if named and not any(own.is_relative_to(folder) for folder in roots):
                roots.append(own)
        yield from reversed(roots)


def absolute(path: str | Path) -> Path:
    """A path from the root on; links stay: agents look at them themselves."""
    return Path(os.path.abspath(path))  # noqa: PTH100
