"""3. Counting many files that were never seen: the command line and the session, one worker and all; by either engine.

Each run is held against tiktoken just before it: a machine that does other work besides is fast and slow by turns.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from threading import Barrier
from typing import Protocol

from bench.baseline import encoding, fast_engine, tokens_of_files
from bench.corpora import KB, MB, write_files
from bench.figures import Results
from weighbridge.tokens.fast import SWITCH

#: Seconds that a pool's workers have to load the vocabulary.
_PATIENCE = 60.0


class BarrierLike(Protocol):
    """A thread's barrier, or a process's."""

    def wait(self, timeout: float | None = None) -> int: ...


def run(results: Results, folder: Path) -> None:
    """Measure."""
    count, runs = (300, 1) if results.quick else (2000, 3)
    place = folder / "throughput"
    results.tell("throughput: writing files")
    paths = write_files(place / "prompts", count, 20 * KB)
    size = sum(path.stat().st_size for path in paths) / MB
    expected = tokens_of_files(paths)
    what = f"{count:,} files, {size:.0f} MB"
    cores = len(os.sched_getaffinity(0))
    engines = ["tiktoken", "fast"] if fast_engine() else ["tiktoken"]
    if len(engines) == 1:
        results.leave_out("counting with the fast engine", "splintr is not there")
    ways: dict[tuple[str, str], Callable[[], float]] = {}
    for engine in engines:
        for workers, name in ((1, "one worker"), (None, f"all {cores} cores")):
            key = "one" if workers == 1 else "all"
            counting = _Counting(place, engine, workers, expected)
            ways[f"3/command/{engine}/{key}", f"weighbridge count, {engine}, {name}, start included"] = (
                counting.by_the_command
            )
            ways[f"3/session/{engine}/{key}", f"session, {engine}, {name}"] = counting.by_a_session
    for kind in ("threads", "processes"):
        ways[f"3/limit/{kind}", f"tiktoken, {cores} plain {kind}: what this machine gives"] = _Plainly(
            kind, paths, cores
        ).run
    alone: list[float] = []
    seconds: dict[str, list[float]] = {}
    ratios: dict[str, list[float]] = {}
    for number in range(runs):
        for (key, who), way in ways.items():
            results.tell(f"throughput: {who}, run {number + 1} of {runs}")
            before = _seconds(lambda: tokens_of_files(paths))
            alone.append(before)
            seconds.setdefault(key, []).append(way())
            ratios.setdefault(key, []).append(before / seconds[key][-1])
    results.add(
        "3/tiktoken", what, "tiktoken, one thread, read and encode", size / median(alone), "MB/s", 1.0
    )
    for key, who in ways:
        note = f"{min(ratios[key]):.2f} to {max(ratios[key]):.2f} times in {runs}"
        results.add(key, what, who, size / median(seconds[key]), "MB/s", median(ratios[key]), note)


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


class _Counting:
    """One way to count a folder, each time with an empty cache."""

    def __init__(self, place: Path, engine: str, workers: int | None, expected: int) -> None:
        self._place = place
        self._workers = workers
        self._expected = expected
        self._cache = place / "cache"
        self._environment = {
            **os.environ,
            "XDG_CACHE_HOME": str(self._cache),
            SWITCH: "0" if engine == "tiktoken" else "1",
        }
        self._environment.pop("PYTHONDONTWRITEBYTECODE", None)

    def by_the_command(self) -> float:
        """Seconds of a new process, from its start to its end."""
        arguments = ["weighbridge.cli", "count", "--format", "json", str(self._place / "prompts")]
        start = time.perf_counter()
        printed = self._run(arguments)
        seconds = time.perf_counter() - start
        self._check(json.loads(printed)["total"])
        return seconds

    def by_a_session(self) -> float:
        """Seconds of a session in a process that has started and loaded its vocabulary."""
        found = json.loads(self._run(["bench.weighing", str(self._place)]))
        self._check(found["tokens"])
        seconds: float = found["seconds"]
        return seconds

    def _run(self, arguments: list[str]) -> bytes:
        setting = f"workers = {self._workers}\n" if self._workers else ""
        (self._place / "weighbridge.toml").write_text(setting, encoding="utf-8")
        try:
            done = subprocess.run(
                [sys.executable, "-m", *arguments],
                env=self._environment,
                cwd=Path(__file__).parent.parent,
                stdout=subprocess.PIPE,
                check=True,
            )
        finally:
            shutil.rmtree(self._cache, ignore_errors=True)
        return done.stdout

    def _check(self, found: int) -> None:
        if found != self._expected:
            raise AssertionError(
                f"the count is {found:,}, tiktoken's {self._expected:,}: not worth measuring"
            )


class _Plainly:
    """tiktoken alone on all cores: nothing but reading and encoding, each file by whoever is free."""

    def __init__(self, kind: str, paths: list[Path], cores: int) -> None:
        self._kind = kind
        self._paths = paths
        self._cores = cores

    def run(self) -> float:
        """Seconds, once all of them have started and loaded the vocabulary."""
        with self._executor() as executor:
            list(executor.map(_loaded, range(self._cores)))
            groups = [self._paths[start : start + 16] for start in range(0, len(self._paths), 16)]
            return _seconds(lambda: list(executor.map(tokens_of_files, groups)))

    def _executor(self) -> Executor:
        if self._kind == "threads":
            return ThreadPoolExecutor(self._cores, initializer=_meet_at, initargs=(Barrier(self._cores),))
        context = get_context("forkserver")
        return ProcessPoolExecutor(
            self._cores, context, initializer=_meet_at, initargs=(context.Barrier(self._cores),)
        )


class _Meeting:
    """Where a pool's threads or processes meet, in each of its processes."""

    barrier: BarrierLike | None = None


def _meet_at(barrier: BarrierLike) -> None:
    _Meeting.barrier = barrier


def _loaded(_: int) -> None:
    """Load the vocabulary, and wait until all others have."""
    encoding()
    assert _Meeting.barrier is not None
    _Meeting.barrier.wait(_PATIENCE)
