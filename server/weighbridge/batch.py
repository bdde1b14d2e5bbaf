"""Many files weighed without an editor: what the command line runs."""

import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from weighbridge import disk
from weighbridge.budget.directive import NOTHING, Overrides
from weighbridge.cache import CountStore
from weighbridge.content.discovery import find_documents
from weighbridge.groups import FileOutcome, GroupOutcomes, Groups
from weighbridge.session.choice import choose
from weighbridge.session.configuration import Configuration
from weighbridge.session.overlay import OpenTexts
from weighbridge.tokens.registry import count_on_all_cores, tokenizer
from weighbridge.tokens.service import TokenCountingService
from weighbridge.uris import uri_of
from weighbridge.work import CancelToken, process
from weighbridge.work.helpers import Helpers, can_fork, helpers
from weighbridge.workspaces import configuration_in, configuration_of, take_settings_of

if TYPE_CHECKING:
    from rich.progress import Progress

    from weighbridge.content.revision import Revision
    from weighbridge.session.services import Services

__all__ = ["FileOutcome", "render_file", "render_files", "weigh"]

logger = logging.getLogger(__name__)

_Helpers = Helpers[GroupOutcomes]

#: Files, or groups of them, weighed at a time: enough to keep all workers busy.
_AT_A_TIME = 16
#: Bytes that are counted sooner than a database is opened: they need no workers either, if they wait for no API.
_WORTH_A_DATABASE = 256 * 1024
#: Bytes that are worth a helper's start; and most helpers.
_WORTH_HELP = 2_000_000
_MOST_HELPERS = 32
_NOT_TOGETHER = "some files could not be counted together"


def weigh(
    paths: Sequence[Path],
    settings: Mapping[str, Any],
    flags: Overrides = NOTHING,
    on_unusable: Callable[[str], None] | None = None,
    workspace: Path | None = None,
    on_outcome: Callable[[FileOutcome], None] | None = None,
    *,
    sections: bool = True,
    depends: bool = False,
    revision: "Revision | None" = None,
    open_texts: OpenTexts | None = None,
    arrivals: bool = True,
    known: Iterable[FileOutcome] = (),
) -> list[FileOutcome]:
    """Weigh files, and the prompts of folders; in order, each once. Shows progress on a terminal.

    `flags`: what counts for every document, whatever it says of itself. `on_unusable`: told of each setting that can't be
    used; by default the user is. `workspace`: the one folder that may be read, of which `paths` are files; by default the
    user named the paths, and they are read wherever they lead. `on_outcome`: told of each outcome as soon as it is known, which is
    returned without its report then: as much memory is taken as the paths need. `sections`: whether they are asked for: a text
    that refers to nothing is counted whole without. `depends`: whether each outcome is to say what it depends on. `revision`: to
    say of each file, besides, whether it is the same there. `open_texts`: of an editor, in place of files. `arrivals`: whether a context file counts as what arrives because of it, or
    as its own text. `known`: outcomes of
    files that are not to be weighed again.

    On Linux other processes help where there is much to do and more than one core: helpers are forked first of all, while
    there is one thread. So this runs no loop yet, and reads settings and folders as it comes to them.
    """
    absolute = [_absolute(path) for path in paths]
    if workspace is None:
        configuration = configuration_of(absolute, settings, flags)
        files = _files(absolute, configuration)
        # One file of each folder will do.
        take_settings_of([*{os.path.dirname(path): path for path in files}.values()], configuration)  # noqa: PTH120
    else:
        configuration = configuration_in([workspace], settings, flags)
        files = dict.fromkeys(absolute, disk.followed_or_same(workspace))
    for warning in configuration.warnings:
        (on_unusable or _warn)(warning)
    outcomes = _Outcomes(on_outcome)
    outcomes.take(known)
    groups = Groups(
        {path: within for path, within in files.items() if path not in outcomes},
        configuration,
        sections=sections,
        depends=depends,
        revision=revision,
        open_texts=open_texts,
        arrivals=arrivals,
    )
    count = _helpers_for(groups, files, configuration)
    if count:
        with helpers(count, len(groups), groups.in_a_helper) as crew:
            asyncio.run(_weigh(files, groups, outcomes, crew, configuration))
    else:
        if groups.bytes < _WORTH_A_DATABASE:
            _weigh_few(groups, outcomes, configuration)
        if len(outcomes) < len(files):
            asyncio.run(_weigh(files, groups, outcomes, None, configuration))
    return [outcomes[path] for path in files]


class _Outcomes(dict[Path, FileOutcome]):
    """What is known of each file so far."""

    def __init__(self, on_outcome: Callable[[FileOutcome], None] | None) -> None:
        super().__init__()
        self._on_outcome = on_outcome

    @property
    def are_told(self) -> bool:
        """Whether somebody is told of each as soon as it is known."""
        return self._on_outcome is not None

    def take(self, outcomes: Iterable[FileOutcome]) -> None:
        """Keep outcomes, or tell of them and keep all but their reports."""
        for outcome in outcomes:
            if self._on_outcome is None:
                self[outcome.path] = outcome
            else:
                self._on_outcome(outcome)
                self[outcome.path] = msgspec.structs.replace(outcome, report=None)


def _weigh_few(groups: Groups, outcomes: _Outcomes, configuration: Configuration) -> None:
    """Weigh a few files, as `_weigh_groups` does, with nothing around them."""
    contents = groups.contents(TokenCountingService(None, configuration.settings.cache_entries))
    for group in range(len(groups)):
        try:
            group_outcomes = groups.weigh(group, contents, CancelToken())
        except KeyboardInterrupt:
            raise
        except BaseException:  # whatever it is, it is one file's: each is looked at by itself
            logger.exception(_NOT_TOGETHER)
        else:
            outcomes.take(group_outcomes)


def _helpers_for(groups: Groups, files: Iterable[Path], configuration: Configuration) -> int:
    """How many helpers there are to be; what they all need is loaded if there are any."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1
    wanted = min(configuration.settings.workers or cores, cores, len(groups), _MOST_HELPERS)
    if wanted < 2 or groups.bytes < _WORTH_HELP or not can_fork():
        return 0
    for folder in {configuration.folder_of(path) for path in files}:
        choice = choose(configuration.settings_of(folder), configuration.flags)
        for shown in (choice, *choice.others):
            tokenizer(shown.encoding)
    # A vocabulary's engine may have started threads of its own.
    return wanted if can_fork() else 0


async def _weigh(
    files: Mapping[Path, Path | None],
    groups: Groups,
    outcomes: _Outcomes,
    crew: _Helpers | None,
    configuration: Configuration,
) -> None:
    """Weigh what has no outcome yet."""
    left = [] if groups.bytes < _WORTH_A_DATABASE else list(range(len(groups)))
    with _progress(lines=outcomes.are_told) as progress:
        bar = progress.add_task("counting", total=len(files), completed=len(outcomes))

        def take(weighed: Sequence[FileOutcome]) -> None:
            outcomes.take(weighed)
            progress.advance(bar, len(weighed))

        if crew is not None:
            store = CountStore(configuration.settings.cache_url, on_warning=_warn_once)
            try:
                async for group, answer in crew.answers():
                    take(groups.answered(group, answer))
                    store.put_many(answer.counts)
                    for warning in answer.warnings:
                        _warn_once(warning)
            finally:
                store.close()
            left = crew.unanswered
            if left:
                logger.warning("a process ended before its time: what it was at is counted again")
        if len(outcomes) < len(files):
            async with _services(configuration, _warn_once, groups.open_texts) as services:
                await _weigh_groups(services, groups, left, take)
                await _weigh_others(services, groups, [path for path in files if path not in outcomes], take)


async def _weigh_groups(
    services: "Services", groups: Groups, left: Sequence[int], take: Callable[[Sequence[FileOutcome]], None]
) -> None:
    """Weigh the files of these groups, but for those that are long or wait for an API."""

    async def weigh(numbers: Sequence[int]) -> Sequence[int]:
        (group,) = numbers
        work = partial(groups.weigh, group, groups.contents(services.service))
        take(await services.tasks.submit(("group", group), work, title="count"))
        return numbers

    # The first group loads the vocabularies, and so tells who counts.
    outcomes = await process(left[:1], weigh, size=1)
    # Where one thread's texts are counted on all cores, another would only wait for the interpreter, and make it wait.
    at_a_time = 1 if count_on_all_cores() else _AT_A_TIME
    outcomes += await process(left[1:], weigh, size=1, concurrency=at_a_time)
    for outcome in outcomes:
        if outcome.error is not None:  # whatever it is, it is one file's: each is looked at by itself
            logger.error(_NOT_TOGETHER, exc_info=outcome.error)


async def _weigh_others(
    services: "Services",
    groups: Groups,
    paths: Sequence[Path],
    take: Callable[[Sequence[FileOutcome]], None],
    *,
    rendering: bool = False,
) -> None:
    async def weigh(group: Sequence[Path]) -> Sequence[Path]:
        take([await groups.weigh_alone(path, services, rendering=rendering) for path in group])
        return group

    for outcome in await process(paths, weigh, size=1, concurrency=_AT_A_TIME):
        outcome.unwrap()


async def render_file(path: Path, settings: Mapping[str, Any], flags: Overrides = NOTHING) -> FileOutcome:
    """Resolve one file: its text, or a problem. `flags`: as for `weigh`."""
    absolute = _absolute(path)
    configuration = configuration_of([absolute], settings, flags)
    for warning in configuration.warnings:
        _warn(warning)
    async with _services(configuration, _warn) as services:
        return await Groups({absolute: None}, configuration).weigh_alone(absolute, services, rendering=True)


async def render_files(
    folder: Path, paths: Sequence[Path], settings: Mapping[str, Any], flags: Overrides
) -> dict[str, FileOutcome]:
    """Resolve files of a folder, by their URIs; those that can't be are left out."""
    configuration = configuration_of([folder], settings, flags)
    groups = Groups(dict.fromkeys(paths, disk.followed_or_same(folder)), configuration)
    rendered: list[FileOutcome] = []
    async with _services(configuration, lambda _: None) as services:
        await _weigh_others(services, groups, paths, rendered.extend, rendering=True)
    return {uri_of(answer.path): answer for answer in rendered if answer.text is not None}


@asynccontextmanager
async def _services(
    configuration: Configuration, warn: Callable[[str], None], open_texts: OpenTexts | None = None
) -> AsyncIterator["Services"]:
    # Small files go without.
    from weighbridge.session.services import Services  # noqa: PLC0415

    services = Services.make(configuration.settings, warn, lambda text: None, open_texts)
    try:
        yield services
    finally:
        await services.aclose()


@cache
def _warn_once(text: str) -> None:
    """Tell a warning, whichever process and whichever look it comes from."""
    _warn(text)


def _warn(text: str) -> None:
    sys.stderr.write(f"weighbridge: {text}\n")


def _absolute(path: Path) -> Path:
    """The path from the root, without `..`; links are left to the file policy."""
    return Path(os.path.normpath(Path.cwd() / path))


def _files(paths: Sequence[Path], configuration: Configuration) -> dict[Path, Path | None]:
    """The files to weigh, each with the folder that it may not lead out of; None for those that the user named."""
    files: dict[Path, Path | None] = {}
    for path in paths:
        if path.is_dir():
            # The outermost, so that the same are prompts whichever folder is named.
            root = next(folder for folder in configuration.folders if path.is_relative_to(folder))
            include = configuration.settings_of(root).include
            real, within = disk.followed_or_same(path), disk.followed_or_same(root)
            if not real.is_relative_to(within):
                within = real
            for document in find_documents(root, path, include):
                files.setdefault(document, within)
        else:
            files[path] = None
    return files


def _progress(*, lines: bool) -> "Progress":
    """A bar on standard error with the rate and the time left, gone when done; nothing where that is no terminal.

    `lines`: whether lines are printed meanwhile, which show on a terminal by themselves how far it is.
    """
    from rich.console import Console  # noqa: PLC0415  as above
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text  # noqa: PLC0415

    class Rate(ProgressColumn):
        """Files a second, once that is known."""

        def render(self, task: Task) -> Text:
            return Text("" if task.speed is None else f"{task.speed:,.0f} a second")

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        # What is printed meanwhile goes where it is meant to go, which may be a file.
        redirect_stdout=False,
        disable=not sys.stderr.isatty() or (lines and sys.stdout.isatty()),
    )
