"""Many files weighed by one session without an editor: what the command line runs."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from weighbridge.analysis.report import Report
from weighbridge.config import Layer
from weighbridge.content.discovery import find_documents
from weighbridge.content.named_file import read_named_file
from weighbridge.errors import ReferenceFault
from weighbridge.session.configuration import Configuration
from weighbridge.session.plain_reports import LONGEST, plain_reports
from weighbridge.session.preparing import Terms, terms_of
from weighbridge.session.services import Services
from weighbridge.session.session import Session
from weighbridge.session.workspace import Silent
from weighbridge.text import PositionEncoding
from weighbridge.tokens.registry import count_on_all_cores
from weighbridge.tokens.service import TokenCountingService
from weighbridge.uris import uri_of
from weighbridge.work import CancelToken

#: Documents open at a time: enough to keep all workers busy.
_AT_A_TIME = 16
#: Files read and counted by one task: as many as make its own cost none, and few enough that all workers get some.
_IN_A_GROUP = 16
#: In reports, as the protocol's positions are unless both sides agree on others.
_ENCODING = PositionEncoding.UTF16
#: What marks the root of a workspace.
_ROOT_MARKERS = ("weighbridge.toml", ".git")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file: a report, or a problem that names it."""

    path: Path
    report: Report | None = None
    problem: str | None = None
    text: str | None = None


async def weigh(paths: Sequence[Path], settings: Mapping[str, Any]) -> list[Outcome]:
    """Weigh files, and the prompts of folders; in order, each once. Shows progress on a terminal."""
    absolute = [_absolute(path) for path in paths]
    async with _session(absolute, settings) as session:
        files = await asyncio.to_thread(_files, absolute, session.configuration)
        with _progress() as progress:
            bar = progress.add_task("counting", total=len(files))

            def advance(files: int) -> None:
                progress.advance(bar, files)

            outcomes = await _weigh_plain(session, files, advance)
            await _weigh_others(session, [path for path in files if path not in outcomes], outcomes, advance)
        return [outcomes[path] for path in files]


async def _weigh_plain(
    session: Session, files: Sequence[Path], advance: Callable[[int], None]
) -> dict[Path, Outcome]:
    """Weigh the files that refer to nothing, many at a time: what is left needs the session's whole machinery."""
    configuration, known = session.configuration, dict[tuple[Path | None, str], Terms]()
    outcomes: dict[Path, Outcome] = {}

    def terms(path: Path) -> Terms:
        key = (configuration.folder_of(path), configuration.dialect_of(path).name)
        if key not in known:
            known[key] = terms_of(configuration, path)
        return known[key]

    async def some(start: int) -> None:
        async with gate:
            await one(start)

    async def one(start: int) -> None:
        group = [(path, terms(path)) for path in files[start : start + _IN_A_GROUP]]
        found = await session.tasks.submit(
            ("plain", start), lambda token: _weigh_group(group, session.service, token), title="count"
        )
        for outcome in found:
            outcomes[outcome.path] = outcome
        advance(len(found))

    # The first group loads the vocabularies, and so tells who counts.
    await one(0)
    # Where one thread's texts are counted on all cores, another would only wait for the interpreter, and make it wait.
    gate = asyncio.Semaphore(1 if count_on_all_cores() else _AT_A_TIME)
    await asyncio.gather(*(some(start) for start in range(_IN_A_GROUP, len(files), _IN_A_GROUP)))
    return outcomes


def _weigh_group(
    group: Sequence[tuple[Path, Terms]], service: TokenCountingService, token: CancelToken
) -> list[Outcome]:
    """Weigh those of some files that refer to nothing, or can't be read. A worker's work."""
    outcomes: list[Outcome] = []
    texts: list[tuple[Path, Terms, str]] = []
    for path, terms in group:
        token.raise_if_cancelled()
        try:
            text = read_named_file(path, LONGEST)
        except ReferenceFault as fault:
            outcomes.append(Outcome(path, problem=fault.problem.message))
        else:
            if text is not None:
                texts.append((path, terms, text))
    made = plain_reports(texts, service, _ENCODING)
    outcomes += [
        Outcome(path, one.report) for (path, _, _), one in zip(texts, made, strict=True) if one is not None
    ]
    return outcomes


async def _weigh_others(
    session: Session, files: Sequence[Path], outcomes: dict[Path, Outcome], advance: Callable[[int], None]
) -> None:
    gate = asyncio.Semaphore(_AT_A_TIME)

    async def one(path: Path) -> None:
        async with gate:
            outcomes[path] = await _weigh_one(session, path)
        advance(1)

    await asyncio.gather(*(one(path) for path in files))


async def render_file(path: Path, settings: Mapping[str, Any]) -> Outcome:
    """Resolve one file: its text, or a problem."""
    absolute = _absolute(path)
    async with _session([absolute], settings) as session:
        return await _weigh_one(session, absolute, render=True)


async def _weigh_one(session: Session, path: Path, *, render: bool = False) -> Outcome:
    try:
        text = await asyncio.to_thread(read_named_file, path)
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


@asynccontextmanager
async def _session(paths: Sequence[Path], settings: Mapping[str, Any]) -> AsyncIterator[Session]:
    folders = list(dict.fromkeys(_root_of(path) for path in paths))
    configuration = Configuration(folders, [Layer("command line", dict(settings), trusted_source=True)])
    configuration.take_files(await asyncio.to_thread(configuration.read_files, folders))
    for warning in configuration.warnings:
        _warn(warning)
    services = Services.make(configuration.settings, _warn)
    session = Session(
        tasks=services.tasks,
        handlers=services.handlers,
        service=services.service,
        configuration=configuration,
        open_texts=services.open_texts,
        encoding=_ENCODING,
        listener=Silent(),
        retry=services.retry,
    )
    session.configured()
    try:
        yield session
    finally:
        await session.aclose()
        await services.aclose()


def _warn(text: str) -> None:
    sys.stderr.write(f"weighbridge: {text}\n")


def _absolute(path: Path) -> Path:
    """The path from the root, without `..`; links are left to the file policy."""
    return Path(os.path.normpath(Path.cwd() / path))


def _root_of(path: Path) -> Path:
    """The workspace a path belongs to: up to the nearest marker; else the working folder, or the path's own."""
    start = path if path.is_dir() else path.parent
    for folder in (start, *start.parents):
        if any((folder / marker).exists() for marker in _ROOT_MARKERS):
            return folder
    here = Path.cwd()
    return here if start.is_relative_to(here) else start


def _files(paths: Sequence[Path], configuration: Configuration) -> list[Path]:
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            root = configuration.folder_of(path) or path
            include = configuration.settings_of(path).include
            found.update(dict.fromkeys(find_documents(root, path, include)))
        else:
            found[path] = None
    return list(found)


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
