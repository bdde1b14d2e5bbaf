"""6. Edits until memory is flat: what a hundred thousand keys leave behind, and as many references put in and taken out."""

import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

from bench.baseline import tokens
from bench.client import Server, message
from bench.corpora import KB, prose, write_files
from bench.figures import Results
from bench.typist import Typist

#: Files that references come and go to; and references put in between two waits.
_PARTS: Final = 500
_TOGETHER: Final = 10
#: Edits between two waits for the count, and between two looks at memory.
_BATCH: Final = 100
_LOOK_EVERY: Final = 2000
#: Seconds of quiet after each look, for what is shown and let go when typing pauses.
_PAUSE: Final = 0.5
#: Memory is flat from where it stays within this share of the most there is.
_FLAT: Final = 0.01


def run(results: Results, folder: Path) -> None:
    """Measure."""
    edits = 10_000 if results.quick else 100_000
    _typing(results, folder / "memory", edits)
    _coming_and_going(results, folder / "coming and going", edits)


def _typing(results: Results, place: Path, edits: int) -> None:
    write_files(place / "parts", 10, 20 * KB)
    text = prose(200 * KB)
    text += "".join(f"\n@[file:parts/part-{number:05}.md]\n" for number in range(10))
    typist = Typist(text)
    keys = typist.steady_keys()
    looks: list[tuple[int, float]] = []
    server = Server.spawn(place, place / "cache")
    try:
        server.start(place)
        uri = (place / "typed.prompt.md").as_uri()
        server.open(uri, text)
        server.count(uri)
        looks.append((0, server.resident_mb()))
        before = server.processor_seconds()
        for done in range(0, edits, _BATCH):
            data = b""
            for offset, key in enumerate(islice(keys, _BATCH)):
                document = {"uri": uri, "version": 2 + done + offset}
                data += message(
                    "textDocument/didChange", {"textDocument": document, "contentChanges": [key.change()]}
                )
            server.send(data)
            server.count(uri)
            if (done + _BATCH) % _LOOK_EVERY == 0:
                results.tell(f"memory: {done + _BATCH:,} of {edits:,} edits")
                time.sleep(_PAUSE)
                looks.append((done + _BATCH, server.resident_mb()))
        processor = (server.processor_seconds() - before) / edits
        server.close(uri)
        server.open(uri, typist.text())
        again = server.count(uri)
    finally:
        server.stop()
    del again
    what = f"{edits:,} edits, 200 KB, 10 references"
    _tell(results, "6/", what, edits, looks)
    results.add(
        "6/processor", what, "server's processor time an edit, told in bursts", processor * 1000, "ms"
    )
    results.add("6/tokens", what, "tokens of the text as typed", tokens(typist.text()), "tokens")


def _coming_and_going(results: Results, place: Path, edits: int) -> None:
    """References put in and taken out: of files, of files that are not there, of variables, and of files written meanwhile.

    Files and variables are named anew each time: nothing may stay for each name that was ever looked for.
    """
    paths = write_files(place / "parts", _PARTS, KB)
    text = prose(20 * KB)
    looks: list[tuple[int, float]] = []
    server = Server.spawn(place, place / "cache")
    try:
        server.start(place)
        uri = (place / "typed.prompt.md").as_uri()
        server.open(uri, text)
        empty = server.count(uri)
        looks.append((0, server.resident_mb()))
        before = server.processor_seconds()
        version = 1
        for done in range(0, edits, _BATCH):
            for number in range(done, done + _BATCH, 2 * _TOGETHER):
                for change in _put_in_and_taken_out(paths, number):
                    version += 1
                    about = {"uri": uri, "version": version}
                    server.send(
                        message("textDocument/didChange", {"textDocument": about, "contentChanges": [change]})
                    )
                    if (version - 1) % _TOGETHER == 0:
                        server.count(uri)
            if (done + _BATCH) % _LOOK_EVERY == 0:
                results.tell(f"memory: {done + _BATCH:,} of {edits:,} references put in or taken out")
                time.sleep(_PAUSE)
                looks.append((done + _BATCH, server.resident_mb()))
        processor = (server.processor_seconds() - before) / edits
        if server.count(uri) != empty:
            raise AssertionError("the count is not what it was before: not worth measuring")
    finally:
        server.stop()
    what = f"{edits:,} edits that put in or take out a reference, each counted"
    _tell(results, "6/references ", what, edits, looks)
    results.add("6/references processor", what, "server's processor time an edit", processor * 1000, "ms")


def _put_in_and_taken_out(paths: list[Path], number: int) -> Iterator[dict[str, Any]]:
    """Edits that put `_TOGETHER` references in, one a line, and then take each out; every name but the files' is a new one."""
    for new in range(number, number + _TOGETHER):
        path = paths[new % _PARTS]
        if new % 20 == 0:
            path.write_text(f"Written {new}.\n", encoding="utf-8")
        forms = (
            f"@[file:parts/{path.name}]\n",
            f"@[file:parts/missing-{new}.md]\n",
            f"{{{{name{new}:value {new}}}}}\n",
            f"@[file:parts/{path.name}#L1-L{new + 1}]\n",
        )
        start = {"line": new % 20, "character": 0}
        yield {"range": {"start": start, "end": start}, "text": forms[new % len(forms)]}
    for new in reversed(range(number, number + _TOGETHER)):
        start, end = ({"line": new % 20 + more, "character": 0} for more in (0, 1))
        yield {"range": {"start": start, "end": end}, "text": ""}


def _tell(results: Results, key: str, what: str, edits: int, looks: list[tuple[int, float]]) -> None:
    most = max(size for _, size in looks)
    last = looks[-1][1]
    flat = next(
        at for at, _ in looks if all(abs(size - last) <= _FLAT * most for when, size in looks if when >= at)
    )
    half = looks[len(looks) // 2]
    slope = (last - half[1]) * 1e6 / (edits - half[0])
    results.add(f"{key}before", what, "memory before the first", looks[0][1], "MB")
    results.add(f"{key}after", what, "memory after the last", last, "MB", None, f"most {most:.1f} MB")
    results.add(f"{key}flat", what, f"edits until it stays within {_FLAT:.0%}", flat, "edits")
    results.add(f"{key}slope", what, "growth an edit in the second half", slope, "bytes")
