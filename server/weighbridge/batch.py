"""Many files weighed without an editor: what the command line runs."""

import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from weighbridge import disk
from weighbridge.budget.directive import Overrides
from weighbridge.cache import load_database
from weighbridge.config import Layer
from weighbridge.content.discovery import find_documents
from weighbridge.content.document_file import read_document
from weighbridge.errors import ReferenceFault
from weighbridge.groups import ENCODING, Answer, Groups, Outcome
from weighbridge.session.configuration import Configuration
from weighbridge.session.prepare import choose_encoding
from weighbridge.session.services import Services
from weighbridge.session.session import Session
from weighbridge.session.workspace import Silent
from weighbridge.tokens.registry import count_on_all_cores, tokenizer
from weighbridge.uris import uri_of
from weighbridge.work.helpers import Helpers, can_fork, helpers

__all__ = ["Outcome", "render_file", "weigh"]

logger = logging.getLogger(__name__)

_Helpers = Helpers[Answer]

#: Documents open at a time: enough to keep all workers busy.
_AT_A_TIME = 16
#: Bytes that are worth a helper's start; and most helpers.
_WORTH_HELP = 2_000_000
_MOST_HELPERS = 32
#: What marks the root of a workspace.
_ROOT_MARKERS = ("weighbridge.toml", ".git")


def weigh(paths: Sequence[Path], settings: Mapping[str, Any]) -> list[Outcome]:
    """Weigh files, and the prompts of folders; in order, each once. Shows progress on a terminal.

    On Linux other processes help where there is much to do and more than one core: helpers are forked first of all, while
    there is one thread. So this runs no loop yet, and reads settings and folders as it comes to them.
    """
    absolute = [_absolute(path) for path in paths]
    configuration = _configuration(absolute, settings)
    files = _files(absolute, configuration)
    groups = Groups(files, configuration)
    count = _helpers_for(groups, files, configuration)
    if not count:
        return asyncio.run(_weigh(files, groups, None, configuration))
    with helpers(count, len(groups), groups.in_a_helper) as crew:
        return asyncio.run(_weigh(files, groups, crew, configuration))


def _helpers_for(groups: Groups, files: Iterable[Path], configuration: Configuration) -> int:
    """How many helpers there are to be; what they all need is loaded if there are any."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1
    wanted = min(configuration.settings.workers or cores, cores, len(groups), _MOST_HELPERS)
    if wanted < 2 or groups.bytes < _WORTH_HELP or not can_fork():
        return 0
    for folder in {configuration.folder_of(path) for path in files}:
        _, encoding, _ = choose_encoding(configuration.settings_of(folder), Overrides())
        tokenizer(encoding)
    load_database()
    # A vocabulary's engine may have started threads of its own.
    return wanted if can_fork() else 0


async def _weigh(
    files: Mapping[Path, Path | None], groups: Groups, crew: _Helpers | None, configuration: Configuration
) -> list[Outcome]:
    outcomes: dict[Path, Outcome] = {}
    left = list(range(len(groups)))
    warn = _Warnings()
    with _progress() as progress:
        bar = progress.add_task("counting", total=len(files))

        def take(found: Sequence[Outcome]) -> None:
            outcomes.update((outcome.path, outcome) for outcome in found)
            progress.advance(bar, len(found))

        if crew is not None:
            async for _, (found, warnings) in crew.answers():
                take(found)
                for warning in warnings:
                    warn(warning)
            left = crew.unanswered
            if left:
                logger.warning("a process ended before its time: what it was at is counted again")
        if len(outcomes) < len(files):
            async with _session(configuration, warn) as session:
                await _weigh_plain(session, groups, left, take)
                left_over = {path: within for path, within in files.items() if path not in outcomes}
                await _weigh_others(session, left_over, take)
    return [outcomes[path] for path in files]


async def _weigh_plain(
    session: Session, groups: Groups, left: Sequence[int], take: Callable[[Sequence[Outcome]], None]
) -> None:
    """Weigh the files of these groups that refer to nothing: what remains needs the session's whole machinery."""

    async def weigh(group: int) -> None:
        async with gate:
            work = partial(groups.weigh, group, session.service)
            take(await session.tasks.submit(("plain", group), work, title="count"))

    # The first group loads the vocabularies, and so tells who counts.
    gate = asyncio.Semaphore(1)
    for group in left[:1]:
        await weigh(group)
    # Where one thread's texts are counted on all cores, another would only wait for the interpreter, and make it wait.
    gate = asyncio.Semaphore(1 if count_on_all_cores() else _AT_A_TIME)
    await asyncio.gather(*(weigh(group) for group in left[1:]))


async def _weigh_others(
    session: Session, files: Mapping[Path, Path | None], take: Callable[[Sequence[Outcome]], None]
) -> None:
    gate = asyncio.Semaphore(_AT_A_TIME)

    async def weigh(path: Path, within: Path | None) -> None:
        async with gate:
            take([await _weigh_one(session, path, within)])

    await asyncio.gather(*(weigh(*one) for one in files.items()))


async def render_file(path: Path, settings: Mapping[str, Any]) -> Outcome:
    """Resolve one file: its text, or a problem."""
    absolute = _absolute(path)
    async with _session(_configuration([absolute], settings), _warn) as session:
        return await _weigh_one(session, absolute, None, render=True)


async def _weigh_one(session: Session, path: Path, within: Path | None, *, render: bool = False) -> Outcome:
    try:
        text = await asyncio.to_thread(read_document, path, within)
        assert text is not None  # noqa: S101  without a limit
    except ReferenceFault as fault:
        return Outcome(path, problem=fault.problem.message)
    uri = uri_of(path)
    document = session.open(uri, None, "", text)
    try:
        report = await session.whole_report(document)
        return Outcome(path, report, text=await session.render(document) if render else None)
    except ReferenceFault as fault:
        return Outcome(path, problem=fault.problem.message)
    finally:
        session.close(uri)


def _configuration(paths: Sequence[Path], settings: Mapping[str, Any]) -> Configuration:
    """What is set for these paths, by their folders' files and by the command line, which is over all others."""
    folders = list(dict.fromkeys(root for path in paths if (root := _root_of(path)) is not None))
    configuration = Configuration(folders, [Layer("command line", dict(settings), trusted_source=True)])
    configuration.take_files(configuration.read_files(folders))
    for warning in configuration.warnings:
        _warn(warning)
    return configuration


@asynccontextmanager
async def _session(configuration: Configuration, warn: Callable[[str], None]) -> AsyncIterator[Session]:
    services = Services.make(configuration.settings, warn)
    session = Session(
        tasks=services.tasks,
        handlers=services.handlers,
        service=services.service,
        configuration=configuration,
        open_texts=services.open_texts,
        encoding=ENCODING,
        listener=Silent(),
        retry=services.retry,
    )
    session.configured()
    try:
        yield session
    finally:
        await session.aclose()
        await services.aclose()


class _Warnings:
    """Tells each warning once, whichever process it comes from."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def __call__(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            _warn(text)


def _warn(text: str) -> None:
    sys.stderr.write(f"weighbridge: {text}\n")


def _absolute(path: Path) -> Path:
    """The path from the root, without `..`; links are left to the file policy."""
    return Path(os.path.normpath(Path.cwd() / path))


def _root_of(path: Path) -> Path | None:
    """The workspace a path belongs to: up to the nearest marker; else the working folder, or the folder that it is."""
    start = path if path.is_dir() else path.parent
    for folder in (start, *start.parents):
        if any((folder / marker).exists() for marker in _ROOT_MARKERS):
            return folder
    here = Path.cwd()
    if start.is_relative_to(here):
        return here
    return path if path.is_dir() else None


def _files(paths: Sequence[Path], configuration: Configuration) -> dict[Path, Path | None]:
    """The files to weigh, each with the folder that it may not lead out of; None for those that the user named."""
    found: dict[Path, Path | None] = {}
    for path in paths:
        if path.is_dir():
            root = configuration.folder_of(path) or path
            include = configuration.settings_of(path).include
            real, within = disk.followed_or_same(path), disk.followed_or_same(root)
            if not real.is_relative_to(within):
                within = real
            for one in find_documents(root, path, include):
                found.setdefault(one, within)
        else:
            found[path] = None
    return found


def _progress() -> Progress:
    """A bar on standard error, gone when done; nothing where that is no terminal."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
