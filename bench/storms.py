"""5. What makes the server work long: the longest turn of its loop, and how long others wait for an answer meanwhile."""

import json
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.client import Server, message
from bench.corpora import MB, prose
from bench.figures import Results

_PROBE: Final = str(Path(__file__).with_name("probe.py"))
#: Seconds between two cheap requests for another document; and those in which displays catch up: their turns count too.
_BETWEEN, _AFTER = 0.02, 1.5

Change = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Storm:
    """A document and what is done to it. `messages`: of changes; without any, opening is what is measured."""

    key: str
    what: str
    text: Callable[[int], str]
    messages: Callable[[int], list[list[Change]]] = lambda part: []


def _put(line: int, column: int, text: str, end: int | None = None) -> Change:
    start = {"line": line, "character": column}
    return {"range": {"start": start, "end": {"line": line, "character": end or column}}, "text": text}


def _fence(_: int) -> list[list[Change]]:
    """A fence typed key by key at the top, and taken away again."""
    keys = [_put(0, 0, "\n"), *(_put(0, column, "`") for column in range(3))]
    back = [_put(0, column, "", column + 1) for column in (2, 1, 0)]
    return [[change] for change in [*keys, *back]]


def _toggles(part: int) -> list[list[Change]]:
    return [[_put(0, 0, "```\n") if turn % 2 else _put(0, 0, "x") for turn in range(1000 // part)]]


def _wholes(part: int) -> list[list[Change]]:
    return [[{"text": prose(MB // part, turn % 3)} for turn in range(200 // part)]]


STORMS: Final = (
    Storm(
        "fence prose",
        "a fence typed at the top of 10 MB of prose",
        lambda part: prose(10 * MB // part),
        _fence,
    ),
    Storm(
        "fence references",
        "a fence typed at the top of 1.1 MB of references",
        lambda part: "See @[file:parts/a.md] and {{name:value}} here.\n" * (23_000 // part),
        _fence,
    ),
    Storm(
        "fence headings",
        "a fence typed at the top of 1 MB of short headings",
        lambda part: "a\n=\n" * (MB // 4 // part),
        _fence,
    ),
    Storm("headings", "300,000 headings opened", lambda part: "# a\n" * (300_000 // part)),
    Storm(
        "toggles",
        "1,000 fences in one message, over 20,000 lines",
        lambda part: "some words\n" * (20_000 // part),
        _toggles,
    ),
    Storm("wholes", "200 whole texts of 1 MB in one message", lambda part: "x", _wholes),
    Storm(
        "references",
        "100,000 references to one file opened",
        lambda part: "@[file:parts/a.md]\n" * (100_000 // part),
    ),
    Storm(
        "fan",
        "a reference typed to a file with 9,000 references",
        lambda part: "some words\n" * 100,
        lambda part: [[_put(50, 0, "@[file:parts/fan.md] ")], [_put(70, 0, "@[file:parts/fan.md] ")]],
    ),
)


def run(results: Results, folder: Path) -> None:
    """Measure."""
    part = 10 if results.quick else 1
    for storm in STORMS:
        results.tell(storm.what)
        place = folder / f"storms {storm.key}"
        (place / "parts").mkdir(parents=True)
        (place / "parts" / "a.md").write_text("Included words.\n", encoding="utf-8")
        (place / "parts" / "fan.md").write_text("@[file:a.md]\n" * (9000 // part), encoding="utf-8")
        used, elapsed, waited, took = _measured(place, storm, part)
        note = f"{elapsed * 1000:,.0f} ms by the clock; true {took:.1f} s after the last of it"
        results.add(
            f"5/heavy turn {storm.key}",
            storm.what,
            "longest turn, processor time",
            used * 1000,
            "ms",
            None,
            note,
        )
        results.add(
            f"5/heavy other {storm.key}", storm.what, "longest wait of another document", waited * 1000, "ms"
        )


def _measured(place: Path, storm: Storm, part: int) -> tuple[float, float, float, float]:
    """Seconds: the longest turn's processor time and its length, a cheap request's longest wait, until the true total."""
    turns = place / "turns.json"
    log = place / "log"
    server = Server.spawn(place, place / "cache", command=(sys.executable, _PROBE, str(turns)), log=log)
    try:
        server.start(place)
        other, uri = ((place / name).as_uri() for name in ("other.prompt.md", "typed.prompt.md"))
        server.open(other, "A few words.\n")
        server.count(other)
        messages = storm.messages(part)
        if messages:
            server.open(uri, storm.text(part))
            server.count(uri)
            time.sleep(_AFTER)
        server.process.send_signal(signal.SIGUSR1)
        if not messages:
            server.open(uri, storm.text(part))
        for version, changes in enumerate(messages, 2):
            about = {"uri": uri, "version": version}
            server.send(message("textDocument/didChange", {"textDocument": about, "contentChanges": changes}))
        waited, took = _waits(server, uri, other)
        server.process.send_signal(signal.SIGUSR2)
        server.count(other)
        deadline = time.perf_counter() + 10
        while not turns.exists() and time.perf_counter() < deadline:
            time.sleep(0.05)
    finally:
        server.stop()
    found: dict[str, list[float]] = json.loads(turns.read_text(encoding="utf-8"))
    return max(found["used"]), max(found["elapsed"]), waited, took


def _waits(server: Server, uri: str, other: str) -> tuple[float, float]:
    """Ask for the true total, and meanwhile again and again for another document's: the longest wait of those, and the first's."""
    total = server.number()
    begin = time.perf_counter()
    server.send(message("weighbridge/count", {"textDocument": {"uri": uri}}, total))
    sent: dict[int, float] = {}
    waits: list[float] = []
    done: list[float] = []

    def read() -> None:
        while len(waits) < len(sent) or not done or time.perf_counter() < done[0] + _AFTER:
            found = server.read()
            if "method" in found:
                continue
            now = time.perf_counter()
            if found["id"] == total:
                done.append(now)
            elif found["id"] in sent:
                waits.append(now - sent[found["id"]])

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    while reader.is_alive():
        number = server.number()
        sent[number] = time.perf_counter()
        server.send(message("weighbridge/count", {"textDocument": {"uri": other}}, number))
        time.sleep(_BETWEEN)
    return max(waits), done[0] - begin
