"""The workspace's prompts that are not open: their reports, made in the background when somebody asks, and kept true.

    asked ──▶ scan (ignore files, include) ──▶ some prompts at a time: read and weighed by a worker at LOW priority ──▶ changed

What stays of a prompt is its report and which files that depends on. What is open in the editor is the session's.
"""

import asyncio
import contextlib
import itertools
import logging
from collections.abc import Callable, Coroutine, Hashable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from weighbridge.analysis.loads import Loads
from weighbridge.content.agent_files import any_concerned
from weighbridge.content.base import ContentRequest
from weighbridge.errors import Code, Problem, ReferenceFault, fault_of_ours
from weighbridge.session.closed import ClosedText, Weighed, closed_text
from weighbridge.session.file_statuses import FileStatuses, statuses_of
from weighbridge.session.prompt_files import PromptFiles, find_prompts
from weighbridge.session.prompts import Prompt, Prompts
from weighbridge.session.reporting import failed_report
from weighbridge.session.session import Session
from weighbridge.session.timers import Timer, Timers
from weighbridge.session.waiting import Waiting
from weighbridge.uris import uri_of
from weighbridge.work import CancelToken, Outcome, Priority, TaskCancelledError, TaskManager

logger = logging.getLogger(__name__)

T = TypeVar("T")

#: Prompts that are weighed by one task, at most: what a task costs is shared.
_IN_A_GROUP = 32
#: Groups at a time: while one waits for an API, others are weighed.
_AT_A_TIME = 4
#: Seconds after a file appeared in which others are waited for, before the workspace is scanned again.
_SCAN_AFTER = 0.5
#: Prompts that are weighed at all: a hostile workspace has millions. Of more than that, the user is told.
MOST_PROMPTS = 100_000
#: Paths that nobody knows, of those that changed together, of which it is asked whether they are folders.
_MOST_LOOKED_AT = 1_000
#: Whoever waits for anything here.
_ALL = "workspace"


class Workspace:
    """All prompts of the workspace's folders. For the loop's thread; files are read and counted by workers.

    Nothing is done before `begin`: a client that asks for nothing of the kind pays nothing for it.
    """

    def __init__(self, session: Session, tasks: TaskManager, timers: Timers | None = None) -> None:
        """`session`: the editor's, which has what is open. `timers`: the running loop by default.

        `on_watched` and `on_changed`, attributes, are told when other files matter than before, and when a prompt is
        weighed or gone; `on_warning` is told what the user is to know, `on_over` what no longer holds of that.
        """
        self.on_warning: Callable[[str], None] = logger.warning
        self.on_over: Callable[[str], None] = lambda text: None
        self._warning: str | None = None
        self.on_watched: Callable[[], None] = lambda: None
        self.on_changed: Callable[[], None] = lambda: None
        self._tasks = tasks
        self._session = session
        self._configuration = session.configuration
        self._timers: Timers = asyncio.get_running_loop() if timers is None else timers
        self._files = PromptFiles(session.encoding)
        self.prompts = Prompts()
        #: What agents load, for all that is weighed while nothing changes.
        self._loads: Loads | None = None
        self._paths: frozenset[Path] = frozenset()
        #: To be weighed, in order; those being weighed, and those of them that have changed since.
        self._queue: dict[Path, None] = {}
        self._weighing: set[Path] = set()
        self._again: set[Path] = set()
        #: Groups being weighed, each with the files that have changed since it was begun.
        self._groups: dict[asyncio.Task[None], set[Path]] = {}
        self._scan_timer: Timer | None = None
        self._scanning: asyncio.Task[None] | None = None
        self._looking: set[asyncio.Task[None]] = set()
        self._numbers = itertools.count()
        self._begun = False
        self._halted = False
        self._statuses = FileStatuses()
        self._waiting = Waiting()

    async def _submit(self, title: str, work: Callable[[CancelToken], T]) -> T:
        """Have a worker do something, when nobody else wants anything."""
        key = ("workspace", next(self._numbers))
        return await self._tasks.submit(key, work, priority=Priority.LOW, title=title)

    # Asking

    def begin(self) -> None:
        """Find and weigh the prompts, if that has not begun."""
        if not self._begun:
            self._begun = True
            self._statuses.begin()
            if self._session.knows_settings(None):
                self.configured()

    @property
    def busy(self) -> bool:
        """Whether anything is being looked for or weighed."""
        unknown = self._begun and not self._session.knows_settings(None)
        return bool(
            unknown or self._looking or self._scan_timer or self._scanning or self._queue or self._weighing
        )

    @property
    def progress(self) -> tuple[int, int]:
        """Prompts that are weighed, and all there are."""
        prompts_left = len(self._queue) + len(self._weighing)
        return max(0, len(self._paths) - prompts_left), len(self._paths)

    async def settled(self) -> None:
        """Wait until all is found and weighed."""
        self.begin()
        while self.busy:
            await self._waiting.change(_ALL)

    def wake(self) -> None:
        """An open document shows something else: whoever waits for changes looks at it."""
        self._waiting.wake(_ALL)

    async def changed(self) -> None:
        """Wait until a prompt is weighed or gone, or all are, or an open document shows something else."""
        await self._waiting.change(_ALL)

    def unweighed(self) -> list[Path]:
        """The prompts that are known by their names only: not weighed yet, or not readable."""
        return [path for path in self._paths if path not in self.prompts]

    # What changes

    def configured(self) -> None:
        """The settings or folders changed: all may count differently, and others may be prompts."""
        self._loads = None
        if self._begun:
            self._queue.update(dict.fromkeys(sorted(self._paths)))
            self._scan()
        self._notify()

    def files_changed(self, paths: Sequence[Path]) -> None:
        """Files appeared, changed or went, on disk or in the editor."""
        if not self._begun:
            return
        self._loads = None
        for changed in self._groups.values():
            changed.update(paths)
        strangers: list[Path] = []
        for prompt in self.prompts.that_await(paths):
            self._weigh_again(prompt)
        for path in paths:
            # By its name too: what could not be read has no report that would depend on it.
            for prompt in (path, *self.prompts.that_need(path)):
                self._weigh_again(prompt)
            if self.prompts.need_any_in(path):
                self._scan_soon()
            elif not self.prompts.need(path):
                strangers.append(path)
            if path in self._paths or self._configuration.included(path) or path.name == ".gitignore":
                self._scan_soon()
        if strangers and self._scan_timer is None:
            self._follow(self._look_for_folders(strangers))
        self._go_on()

    def _follow(self, work: Coroutine[Any, Any, None]) -> None:
        looking = asyncio.get_running_loop().create_task(work)
        self._looking.add(looking)
        looking.add_done_callback(self._looked)

    def look_again(self, paths: Sequence[Path]) -> None:
        """Files may have changed, though nobody saw it: those that did, by what the system says of them, are weighed again."""
        if self._begun and paths:
            self._follow(self._look_again(paths))

    async def _look_again(self, paths: Sequence[Path]) -> None:
        with contextlib.suppress(TaskCancelledError):
            statuses = await self._submit("look again", lambda _: statuses_of(paths))
            self.files_changed(self._statuses.differing(statuses, self.prompts.need))

    async def _look_for_folders(self, paths: Sequence[Path]) -> None:
        """A folder that came may hold prompts."""
        with contextlib.suppress(TaskCancelledError):
            has_folders = await self._submit(
                "folders", lambda _: any(path.is_dir() for path in paths[:_MOST_LOOKED_AT])
            )
            if has_folders and self._begun:
                self._scan_soon()

    def _looked(self, looking: asyncio.Task[None]) -> None:
        self._looking.discard(looking)
        self._notify()

    def halt(self) -> None:
        """Look for nothing and weigh nothing more of what waits, until it changes or all is to be weighed anew."""
        if self._scan_timer is not None:
            self._scan_timer.cancel()
            self._scan_timer = None
        if self._scanning is not None:
            self._scanning.cancel()
            self._scanning = None
        self._queue.clear()
        self._again.clear()
        self._halted = True
        self._notify()

    def resume(self) -> None:
        """Go on with what a halt left."""
        if self._halted and self._begun:
            self._halted = False
            unweighed = (path for path in sorted(self._paths) if path not in self.prompts)
            self._queue.update(dict.fromkeys(path for path in unweighed if path not in self._weighing))
            self._scan()

    def clear(self) -> None:
        """Find and weigh everything anew, if that had begun."""
        if self._begun:
            self._queue.update(
                dict.fromkeys(path for path in sorted(self._paths) if path not in self._weighing)
            )
            self._again.update(self._weighing)
            self._scan()

    async def aclose(self) -> None:
        """End."""
        self._begun = False
        if self._scan_timer is not None:
            self._scan_timer.cancel()
        running = [task for task in (self._scanning, *self._looking, *self._groups) if task is not None]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    # Finding

    def _scan_soon(self) -> None:
        if self._scan_timer is None:
            self._scan_timer = self._timers.call_later(_SCAN_AFTER, self._scan)

    def _scan(self) -> None:
        if self._scan_timer is not None:
            self._scan_timer.cancel()
            self._scan_timer = None
        if not self._begun:
            return
        if self._scanning is not None:
            self._scanning.cancel()
        self._scanning = asyncio.get_running_loop().create_task(self._find())

    async def _find(self) -> None:
        configuration = self._configuration
        terms = [
            (folder, tuple(configuration.settings_of(folder).include)) for folder in configuration.folders
        ]
        prompts = self._paths
        try:
            prompts = await self._submit("scan", lambda _: find_prompts(terms))
            self._warn_of_too_many(len(prompts))
            if len(prompts) > MOST_PROMPTS:
                prompts = frozenset(sorted(prompts)[:MOST_PROMPTS])
        except TaskCancelledError:
            pass
        except Exception:  # nobody waits for it: the log is all there is
            logger.exception("the workspace could not be scanned")
        finally:
            # Another scan may have taken its place.
            if self._scanning is asyncio.current_task():
                self._scanning = None
        for path in self._paths - prompts:
            self._forget(path)
        self._queue.update(dict.fromkeys(sorted(prompts - self._paths)))
        self._paths = prompts
        self._go_on()
        self._notify()

    def _warn_of_too_many(self, prompts: int) -> None:
        """Tell the user of prompts that are left out, and when there are none any more."""
        text = None
        if prompts > MOST_PROMPTS:
            text = (
                f"The workspace has {prompts:,} prompts and context files: only {MOST_PROMPTS:,} of them are weighed, "
                "and known when files are moved or names changed. The setting weighbridge.include takes others away."
            )
        if text != self._warning:
            if self._warning is not None:
                self.on_over(self._warning)
            self._warning = text
            if text is not None:
                self.on_warning(text)

    # Weighing

    def _weigh_again(self, path: Path) -> None:
        if path in self._weighing:
            self._again.add(path)
        elif path in self._paths:
            self._queue[path] = None

    def _go_on(self) -> None:
        while self._begun and self._queue and len(self._groups) < _AT_A_TIME:
            paths = [*itertools.islice(self._queue, _IN_A_GROUP)]
            for path in paths:
                del self._queue[path]
            self._again.update(self._weighing.intersection(paths))
            closed_texts = {
                path: closed_text(self._configuration, uri_of(path), path)
                for path in paths
                if path not in self._weighing
            }
            if closed_texts:
                self._weighing.update(closed_texts)
                changed: set[Path] = set()
                group = asyncio.get_running_loop().create_task(self._weigh(closed_texts, changed))
                self._groups[group] = changed
                group.add_done_callback(self._weighed)

    def _weighed(self, group: asyncio.Task[None]) -> None:
        del self._groups[group]
        self._go_on()
        if not self._groups:
            # Later, files may be others though nobody told.
            self._loads = None
        self._notify()

    async def _weigh(self, closed_texts: dict[Path, ClosedText], changed: AbstractSet[Path]) -> None:
        """Weigh a group of prompts, some by each task; those that wait for an API again once it has answered.

        `changed`: the files that have changed since.
        """
        self._loads = self._loads or self._session.loads()
        contents = self._session.contents(self._loads)
        try:
            while closed_texts:
                weighed = await self._submit(
                    "weigh", partial(self._files.weigh, dict(closed_texts), contents)
                )
                requests: dict[Hashable, ContentRequest] = {}
                for path, (ways, outcome) in weighed.items():
                    if outcome.value is not None and outcome.value.unanswered:
                        requests.update(outcome.value.unanswered)
                    else:
                        del closed_texts[path]
                        self._take(path, ways, outcome, changed)
                self._notify()
                if requests:
                    await contents.ask(self._tasks, requests, Priority.LOW)
        except TaskCancelledError as error:
            for path in closed_texts:
                logger.info("%s: not weighed: %s", path, error)
                self._forget(path)
        except Exception as error:  # noqa: BLE001  whatever it is, the others are weighed
            for path in [*closed_texts]:
                self._take(path, (), Outcome.failed(error), changed)
        finally:
            self._weighing.difference_update(closed_texts)

    def _take(
        self, path: Path, ways: tuple[Path, ...], outcome: Outcome[Weighed], changed: AbstractSet[Path]
    ) -> None:
        """Keep what became of a prompt, and weigh it again if anything changed meanwhile."""
        self._weighing.discard(path)
        fault, weighed = outcome.error, outcome.value
        if isinstance(fault, ReferenceFault):
            self._keep_uncounted(path, fault.problem)
        elif fault is not None:
            logger.error("a prompt could not be weighed", exc_info=fault)
            self._keep_uncounted(path, fault_of_ours(fault))
        elif weighed is not None and path in self._paths:
            depends, shared = weighed.depends.union(ways), weighed.shared
            first_line_end, awaited = weighed.first_line_end, weighed.awaited
            prompt = Prompt(weighed.report, first_line_end, ways[-1], awaited=awaited, shared=shared)
            self._keep(path, prompt, depends)
            if changed and (
                any(
                    file in changed or not changed.isdisjoint(file.parents)
                    for file in itertools.chain(depends, *shared)
                )
                or any_concerned(awaited, [*changed])
            ):
                self._again.add(path)
        if path in self._again:
            self._again.discard(path)
            self._weigh_again(path)

    def _keep_uncounted(self, path: Path, problem: Problem) -> None:
        if path in self._paths and problem.code is not Code.NOT_FOUND:
            report = failed_report(uri_of(path), None, problem, 0)
            self._keep(path, Prompt(report, 0, path, counted=False), (path,))
        else:
            self._forget(path)

    def _keep(self, path: Path, prompt: Prompt, files: Iterable[Path]) -> None:
        if self.prompts.keep(path, prompt, files):
            self.on_watched()

    def _forget(self, path: Path) -> None:
        self._queue.pop(path, None)
        if self.prompts.forget(path):
            self.on_watched()

    def _notify(self) -> None:
        self._waiting.wake(_ALL)
        self.on_changed()
