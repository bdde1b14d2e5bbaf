"""6. Edits until memory is flat: what a hundred thousand keys leave behind."""

import time
from itertools import islice
from pathlib import Path
from typing import Final

from bench.baseline import tokens
from bench.client import Server, message
from bench.corpora import KB, prose, write_files
from bench.figures import Results
from bench.typist import Typist

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
    place = folder / "memory"
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
    most = max(size for _, size in looks)
    last = looks[-1][1]
    flat = next(
        at for at, _ in looks if all(abs(size - last) <= _FLAT * most for when, size in looks if when >= at)
    )
    half = looks[len(looks) // 2]
    slope = (last - half[1]) * 1e6 / (edits - half[0])
    what = f"{edits:,} edits, 200 KB, 10 references"
    results.add("6/before", what, "memory before the first", looks[0][1], "MB")
    results.add("6/after", what, "memory after the last", last, "MB", None, f"most {most:.1f} MB")
    results.add("6/flat", what, f"edits until it stays within {_FLAT:.0%}", flat, "edits")
    results.add("6/slope", what, "growth an edit in the second half", slope, "bytes")
    results.add(
        "6/processor", what, "server's processor time an edit, told in bursts", processor * 1000, "ms"
    )
    results.add("6/tokens", what, "tokens of the text as typed", tokens(typist.text()), "tokens")
