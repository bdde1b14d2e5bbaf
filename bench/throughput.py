"""3. Counting many files that were never seen: the command line and the session, one worker and all."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from bench.baseline import timed, tokens_of_files
from bench.corpora import KB, MB, write_files
from bench.figures import Results
from weighbridge.batch import weigh


def run(results: Results, folder: Path) -> None:
    """Measure."""
    count, runs = (300, 1) if results.quick else (2000, 3)
    place = folder / "throughput"
    results.tell("throughput: writing files")
    paths = write_files(place / "prompts", count, 20 * KB)
    (place / "weighbridge.toml").write_text("", encoding="utf-8")
    size = sum(path.stat().st_size for path in paths) / MB
    expected = tokens_of_files(paths)
    whole = timed(lambda: tokens_of_files(paths), runs, warm_up=False)
    what = f"{count:,} files, {size:.0f} MB"
    alone = size / whole.median
    results.add("3/tiktoken", what, "tiktoken, one thread, read and encode", alone, "MB/s", 1.0)
    cores = len(os.sched_getaffinity(0))
    cache = place / "cache"

    def measure(key: str, who: str, work: Callable[[], int]) -> None:
        seconds = []
        for number in range(runs):
            results.tell(f"throughput: {who}, run {number + 1} of {runs}")
            start = time.perf_counter()
            found = work()
            seconds.append(time.perf_counter() - start)
            shutil.rmtree(cache, ignore_errors=True)
            if found != expected:
                raise AssertionError(f"the count is {found:,}, tiktoken's {expected:,}: not worth measuring")
        rate = size / median(seconds)
        results.add(key, what, who, rate, "MB/s", rate / alone)

    for workers, name in ((1, "one worker"), (None, f"all {cores} cores")):
        key = "one" if workers == 1 else "all"
        setting = f"workers = {workers}\n" if workers else ""
        (place / "weighbridge.toml").write_text(setting, encoding="utf-8")
        measure(
            f"3/command/{key}", f"weighbridge count, {name}, start included", lambda: _command(place, cache)
        )
        measure(f"3/session/{key}", f"session in this process, {name}", lambda: _session(place, cache, paths))


def _command(place: Path, cache: Path) -> int:
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-m", "weighbridge.cli", "count", "--format", "json", str(place / "prompts")]
    done = subprocess.run(command, env=environment, cwd=place, stdout=subprocess.PIPE, check=True)
    total: int = json.loads(done.stdout)["total"]
    return total


def _session(place: Path, cache: Path, paths: list[Path]) -> int:
    cache.mkdir(parents=True, exist_ok=True)
    settings = {"cacheUrl": f"sqlite:///{cache / 'counts.sqlite3'}"}
    outcomes = asyncio.run(weigh([place / "prompts"], settings))
    if len(outcomes) != len(paths):
        raise AssertionError(f"{len(outcomes)} of {len(paths)} files were found")
    return sum(outcome.report.tokens for outcome in outcomes if outcome.report is not None)
