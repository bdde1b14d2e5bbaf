"""4. From the process's birth to the reply to `initialize` and to the first count; memory after each, and idle."""

import os
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from statistics import median
from typing import Final

from bench.baseline import ENCODING, write_offline_cache
from bench.client import Server
from bench.figures import Results

#: Seconds of doing nothing, after which a process is idle.
_IDLE: Final = 2.0
_TIKTOKEN: Final = f"""
import tiktoken
len(tiktoken.get_encoding({ENCODING!r}).encode_ordinary("hello"))
for line in open("/proc/self/status"):
    if line.startswith("VmRSS"):
        print(line.split()[1], flush=True)
"""


def run(results: Results, folder: Path) -> None:
    """Measure."""
    runs = 3 if results.quick else 11
    place = folder / "starting"
    place.mkdir()
    found: dict[str, list[float]] = defaultdict(list)
    # The first start compiles modules.
    _start(place, found={}, idle=False)
    for number in range(runs):
        results.tell(f"start: run {number + 1} of {runs}")
        _start(place, found, idle=number < 3)
        _start_tiktoken(place, found)
    reference = median(found["tiktoken"])
    what = "start"
    results.add(
        "4/tiktoken", what, "tiktoken in a new Python: import, load, count", reference * 1000, "ms", 1.0
    )
    results.add(
        "4/tiktoken memory",
        "memory",
        "tiktoken in a new Python, encoding loaded",
        median(found["tiktoken MB"]),
        "MB",
    )
    for key, who in (
        ("initialize", "Weighbridge: spawn to the reply to `initialize`"),
        ("count", "Weighbridge: spawn to the first count's reply"),
    ):
        value = median(found[key])
        spread = f"{min(found[key]) * 1000:.0f} to {max(found[key]) * 1000:.0f} ms in {runs}"
        results.add(f"4/{key}", what, who, value * 1000, "ms", reference / value, spread)
    for key, who in (
        ("initialize MB", "Weighbridge, after the reply to `initialize`"),
        ("count MB", "Weighbridge, after the first count"),
        ("idle MB", f"Weighbridge, idle for {_IDLE:.0f} s with one encoding loaded"),
    ):
        results.add(f"4/{key}", "memory", who, median(found[key]), "MB")


def _start(place: Path, found: dict[str, list[float]], *, idle: bool) -> None:
    cache = place / "cache"
    server = Server.spawn(place, cache)
    try:
        replied = server.start(place)
        memory = server.resident_mb()
        uri = (place / "a.prompt.md").as_uri()
        server.open(uri, "hello")
        server.count(uri)
        counted = time.perf_counter()
        if found is not None:
            found.setdefault("initialize", []).append(replied - server.spawned)
            found.setdefault("initialize MB", []).append(memory)
            found.setdefault("count", []).append(counted - server.spawned)
            found.setdefault("count MB", []).append(server.resident_mb())
        if idle:
            time.sleep(_IDLE)
            found.setdefault("idle MB", []).append(server.resident_mb())
    finally:
        server.stop()
        shutil.rmtree(cache, ignore_errors=True)


def _start_tiktoken(place: Path, found: dict[str, list[float]]) -> None:
    environment = {**os.environ, **write_offline_cache(place / "tiktoken")}
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", _TIKTOKEN], env=environment, stdout=subprocess.PIPE, check=True
    )
    found.setdefault("tiktoken", []).append(time.perf_counter() - start)
    found.setdefault("tiktoken MB", []).append(int(done.stdout) * 1024 / 1e6)
