"""5. A thousand open documents, typing in one; and a typing storm, with the loop's turns timed inside the server."""

import json
import shutil
import signal
import sys
import threading
import time
from itertools import islice
from pathlib import Path
from typing import Final

from bench import storms
from bench.baseline import quantile, timed, tokens
from bench.client import GoneError, Server, message
from bench.corpora import KB, MB, prose, write_files
from bench.figures import Results
from bench.keystroke import press
from bench.typist import Typist

_PROBE: Final = str(Path(__file__).with_name("probe.py"))
#: Edits between two cheap requests, whose latency is what an editor feels.
_EDITS_A_REQUEST: Final = 10
#: Seconds after the storm in which displays catch up; their turns count too.
_AFTER: Final = 1.0


def run(results: Results, folder: Path) -> None:
    """Measure."""
    _thousand(results, folder / "thousand")
    _storm(results, folder / "storm")
    storms.run(results, folder)


def _thousand(results: Results, place: Path) -> None:
    place.mkdir()
    count, keys = (100, 300) if results.quick else (1000, 1000)
    results.tell(f"{count} open documents")
    server = Server.spawn(place, place / "cache")
    try:
        server.start(place)
        typed = (place / "typed.prompt.md").as_uri()
        text = prose(100 * KB)
        server.open(typed, text)
        server.count(typed)
        typist = Typist(text)
        stream = typist.keys()
        press(server, typed, islice(stream, 100), 2)
        alone, _ = press(server, typed, islice(stream, keys), 102)
        memory = server.resident_mb()
        start = time.perf_counter()
        for number in range(count - 1):
            server.open((place / f"{number}.prompt.md").as_uri(), prose(10 * KB, number))
        for number in range(count - 1):
            server.count((place / f"{number}.prompt.md").as_uri())
        opened = time.perf_counter() - start
        before = server.processor_seconds()
        among, found = press(server, typed, islice(stream, keys), 102 + keys)
        processor = (server.processor_seconds() - before) / keys
        if found != tokens(typist.text()):
            raise AssertionError("the count isn't tiktoken's: not worth measuring")
        grown = server.resident_mb() - memory
    finally:
        server.stop()
    whole = timed(lambda: tokens(typist.text()), 5).median
    what = f"{count:,} open documents of 10 KB, typing in one of 100 KB"
    one, many = quantile(alone, 0.5), quantile(among, 0.5)
    results.add("5/alone", what, "a key with one open", one * 1000, "ms", whole / one)
    results.add(
        "5/among",
        what,
        "a key with all open",
        many * 1000,
        "ms",
        whole / many,
        f"{many / one:.2f} times one's",
    )
    results.add("5/among processor", what, "server's processor time a key", processor * 1000, "ms")
    results.add("5/opened", what, "to open and count all", opened * 1000, "ms")
    results.add("5/memory", what, "memory a document", grown * 1000 / (count - 1), "KB")


def _storm(results: Results, place: Path) -> None:
    edits, seconds = (500, 0.5) if results.quick else (2000, 2.0)
    results.tell(f"typing storm: {edits} edits in {seconds} s")
    paths = write_files(place / "parts", 100, 20 * KB)
    lines = prose(MB).split("\n")
    for number, path in enumerate(paths):
        lines[number * len(lines) // 100] += f" @[file:parts/{path.name}]"
    text = "\n".join(lines)
    turns_file, log = place / "turns.json", place / "log"
    server = Server.spawn(place, place / "cache", command=(sys.executable, _PROBE, str(turns_file)), log=log)
    try:
        server.start(place)
        uri = (place / "typed.prompt.md").as_uri()
        server.open(uri, text)
        server.count(uri)
        time.sleep(_AFTER)
        server.process.send_signal(signal.SIGUSR1)
        latencies, late, caught_up = _type(server, uri, text, edits, seconds)
        server.process.send_signal(signal.SIGUSR2)
        server.ask("textDocument/inlayHint", _hints(uri))
        deadline = time.perf_counter() + 10
        while not turns_file.exists() and time.perf_counter() < deadline:
            time.sleep(0.05)
    finally:
        server.stop()
    turns: list[float] = json.loads(turns_file.read_text(encoding="utf-8"))["elapsed"]
    what = f"{edits:,} edits in {seconds:g} s, 1 MB, 100 references"
    note = f"{len(turns):,} turns; the client was late by at most {late * 1000:.0f} ms"
    for name, share in (("p50", 0.5), ("p99", 0.99), ("most", 1.0)):
        results.add(
            f"5/turn {name}", what, f"loop turn, {name}", quantile(turns, share) * 1000, "ms", None, note
        )
        results.add(
            f"5/request {name}",
            what,
            f"a cheap request's reply, {name}",
            quantile(latencies, share) * 1000,
            "ms",
        )
    results.add("5/caught up", what, "last edit to the true total", caught_up * 1000, "ms")
    shutil.copyfile(log, turns_file.with_suffix(".log"))
    held = [line for line in log.read_text(encoding="utf-8").splitlines() if "the loop was held" in line]
    results.add(
        "5/held",
        what,
        "turns the server itself logged as too long (50 ms)",
        len(held),
        "turns",
        None,
        "; ".join(held[-2:]),
    )


def _type(
    server: Server, uri: str, text: str, edits: int, seconds: float
) -> tuple[list[float], float, float]:
    """Send edits at their times. Seconds: of each cheap request, the most an edit was late, from the last edit to the total."""
    # A line that holds a reference is left alone: the typist's own text has to stay the server's.
    typist = Typist(text)
    keys = list(islice(typist.keys(), edits))
    sent: dict[int, float] = {}
    came: dict[int, float] = {}
    last = server.number() + 10 * edits

    def read() -> None:
        while last not in came:
            found = server.read()
            if "method" not in found and "id" in found:
                came[found["id"]] = time.perf_counter()
                if "error" in found:
                    raise GoneError(str(found["error"]))

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    late = 0.0
    begin = time.perf_counter()
    for place, key in enumerate(keys):
        due = begin + place * seconds / edits
        wait = due - time.perf_counter()
        if wait > 0:
            time.sleep(wait)
        late = max(late, time.perf_counter() - due)
        change = {"textDocument": {"uri": uri, "version": 2 + place}, "contentChanges": [key.change()]}
        data = message("textDocument/didChange", change)
        if place % _EDITS_A_REQUEST == 0:
            request = server.number()
            data += message("textDocument/inlayHint", _hints("file:///not-open.md"), request)
            sent[request] = time.perf_counter()
        server.send(data)
    end = time.perf_counter()
    time.sleep(_AFTER)
    caught = time.perf_counter()
    server.send(message("weighbridge/count", {"textDocument": {"uri": uri}}, last))
    reader.join(timeout=60)
    if last not in came:
        raise GoneError("the server never caught up")
    del end
    return [came[request] - when for request, when in sent.items()], late, came[last] - caught


def _hints(uri: str) -> dict[str, object]:
    place = {"line": 0, "character": 0}
    return {"textDocument": {"uri": uri}, "range": {"start": place, "end": {"line": 50, "character": 0}}}
