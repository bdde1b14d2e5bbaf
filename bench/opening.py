"""2. A document with a thousand file references: from `didOpen` to the first total shown, and to all of it."""

import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench.baseline import fast_engine, timed, tokens, tokens_of_files
from bench.client import Server
from bench.corpora import KB, MB, prose, write_files
from bench.figures import Results


@dataclass(frozen=True, slots=True)
class Opening:
    """Seconds from `didOpen`: to the first status with a total, to the first that says `ready`, to the true count's reply."""

    shown: float
    ready: float
    counted: float
    tokens: int


def run(results: Results, folder: Path) -> None:
    """Measure."""
    count, size, runs = (100, 50 * KB, 1) if results.quick else (1000, 100 * KB, 3)
    results.tell(f"opening: {count} references, writing files")
    place = folder / "opening"
    paths = write_files(place / "parts", count, size)
    text = "\n".join(
        f"{prose(200, place_in)}\n@[file:parts/{path.name}]" for place_in, path in enumerate(paths)
    )
    # What the references' places hold is replaced by the files' texts: the count must be the whole's.
    pieces = (f"{prose(200, at)}\n{path.read_text(encoding='utf-8')}" for at, path in enumerate(paths))
    resolved = "\n".join(pieces)
    expected = tokens(resolved)
    what = f"{count:,} references, {len(resolved.encode()) / MB:.0f} MB"
    whole = timed(lambda: tokens_of_files(paths), runs)
    results.add("2/tiktoken", what, "tiktoken, files read and encoded", whole.median * 1000, "ms", 1.0)

    for fast, engine in ((False, "tiktoken"), (True, "fast")):
        if fast and not fast_engine():
            results.leave_out("opening with the fast engine", "splintr is not there")
            continue
        cold, warm = [], []
        for number in range(runs):
            results.tell(f"opening: {what}, {engine}, run {number + 1} of {runs}")
            cache = place / f"cache-{number}"
            cold.append(_open(place, cache, text, expected, fast=fast))
            warm.append(_open(place, cache, text, expected, fast=fast))
            shutil.rmtree(cache)
        for name, found in (("cold", cold), ("warm", warm)):
            for part, values in (
                ("first total shown", [one.shown for one in found]),
                ("all resolved, shown", [one.ready for one in found]),
                ("all resolved, counted", [one.counted for one in found]),
            ):
                middle = median(values)
                results.add(
                    f"2/{engine}/{name}/{part}",
                    what,
                    f"Weighbridge, {engine}, {name}: {part}",
                    middle * 1000,
                    "ms",
                    whole.median / middle,
                    f"{min(values) * 1000:.0f} to {max(values) * 1000:.0f} ms in {runs}",
                )


def _open(place: Path, cache: Path, text: str, expected: int, *, fast: bool) -> Opening:
    """Open it in a server that has started and loaded its vocabulary, as an editor's has."""
    server = Server.spawn(place, cache, fast=fast)
    uri = (place / "large.prompt.md").as_uri()
    seen: dict[str, float] = {}

    def notified(method: str, params: Any, when: float) -> None:
        if method == "weighbridge/status" and params["uri"] == uri:
            if params["tokens"]:
                seen.setdefault("shown", when)
            if params["state"] == "ready":
                seen.setdefault("ready", when)

    try:
        server.start(place)
        small = (place / "small.prompt.md").as_uri()
        server.open(small, "hello")
        server.count(small)
        server.notified = notified
        start = time.perf_counter()
        server.open(uri, text)
        found = server.count(uri)
        counted = time.perf_counter()
        while "ready" not in seen:
            server.read()
    finally:
        server.stop()
    if found != expected:
        raise AssertionError(f"the count is {found:,}, tiktoken's {expected:,}: not worth measuring")
    return Opening(seen["shown"] - start, seen["ready"] - start, counted - start, found)
