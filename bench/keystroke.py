"""1. From a key to the true total: in the core, and over the protocol; its cost to the server's processor."""

import gc
import shutil
import time
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from bench.baseline import ENCODING, Timing, quantile, timed, tokens
from bench.client import Server, message
from bench.corpora import CORPORA, KB, MB
from bench.figures import Results
from bench.typist import KEYS_AT_A_PLACE, Key, Typist
from weighbridge.references.index import ScanIndex
from weighbridge.text import LineBuffer, PositionEncoding
from weighbridge.tokens.counted import CountedBuffer
from weighbridge.tokens.registry import tokenizer

SIZES = {"10 KB": 10 * KB, "100 KB": 100 * KB, "1 MB": MB, "10 MB": 10 * MB}
#: Of the quick run.
_QUICK_SIZES = ("10 KB", "1 MB")
_QUICK_KINDS = ("prose", "minified JSON")
#: Keys whose time isn't taken: the first ones at a place make a coarse chunk fine.
_WARM_UP = 4 * KEYS_AT_A_PLACE


class Core:
    """What a document does for a key, without session and protocol, driven as `session.document.Document.apply` does."""

    def __init__(self, text: str) -> None:
        self._buffer = LineBuffer(text, PositionEncoding.UTF32)
        self._index = ScanIndex(self._buffer)
        self._tokenizer = tokenizer(ENCODING)
        cuts = [line for line, _ in self._index.headings()]
        self._counted = CountedBuffer(self._tokenizer, self._buffer, {}, cuts)
        self.total()

    def press(self, key: Key) -> int:
        """Apply a key; the true total."""
        edit = self._buffer.apply((key.line, key.column), (key.end_line, key.end_column), key.text)
        rescan = self._index.update(edit, self._buffer)
        start = min(edit.start, rescan.start)
        stop = max(edit.start + edit.new_lines, rescan.new_end)
        shift = edit.new_lines - edit.old_lines
        inline = edit.inline if stop - start == 1 else None
        self._counted.splice(start, stop - start - shift, stop - start, {}, inline)
        return self.total()

    def total(self) -> int:
        """The true total; what a worker would count is counted here."""
        while (known := self._counted.tokens) is None:
            for job in self._counted.pending():
                self._counted.answer(job, self._tokenizer.count(job.text))
        return known


def run(results: Results, folder: Path) -> None:
    """Measure."""
    kinds = _QUICK_KINDS if results.quick else tuple(CORPORA)
    sizes = _QUICK_SIZES if results.quick else tuple(SIZES)
    for kind in kinds:
        for size in sizes:
            text = CORPORA[kind](SIZES[size])
            results.tell(f"keystroke: {kind}, {size}")
            whole = timed(lambda text=text: tokens(text), 3 if len(text) > MB else 7)  # type: ignore[misc]
            results.add(
                f"1/tiktoken/{kind}/{size}",
                f"{kind}, {size}",
                "tiktoken, whole text",
                whole.median * 1000,
                "ms",
                1.0,
            )
            _core(results, kind, size, text, whole)
            _stdio(results, kind, size, text, whole, folder)
    _pauses(results, folder)


def _core(results: Results, kind: str, size: str, text: str, whole: Timing) -> None:
    typist = Typist(text, kind)
    core = Core(text)
    keys = typist.keys()
    for key in islice(keys, _WARM_UP):
        core.press(key)
    found = 0
    seconds = []
    measured = list(islice(keys, _keys(results)))
    gc.collect()
    for key in measured:
        start = time.perf_counter()
        found = core.press(key)
        seconds.append(time.perf_counter() - start)
    _check(found, typist)
    _add(results, f"1/core/{kind}/{size}", f"{kind}, {size}", "Weighbridge, core", seconds, whole)


def _stdio(results: Results, kind: str, size: str, text: str, whole: Timing, folder: Path) -> None:
    cache = folder / "keystroke-cache"
    server = Server.spawn(folder, cache)
    try:
        server.start(folder)
        uri = (folder / "typed.prompt.md").as_uri()
        server.open(uri, text)
        server.count(uri)
        typist = Typist(text, kind, seed=1)
        keys = typist.keys()
        press(server, uri, islice(keys, _WARM_UP), 2)
        measured = list(islice(keys, _keys(results)))
        before = server.processor_seconds()
        seconds, found = press(server, uri, measured, 2 + _WARM_UP)
        processor = (server.processor_seconds() - before) / len(measured)
        _check(found, typist)
    finally:
        server.stop()
        shutil.rmtree(cache, ignore_errors=True)
    _add(results, f"1/stdio/{kind}/{size}", f"{kind}, {size}", "Weighbridge, stdio", seconds, whole)
    results.add(
        f"1/processor/{kind}/{size}",
        f"{kind}, {size}",
        "Weighbridge, server's processor time a key",
        processor * 1000,
        "ms",
    )


def press(server: Server, uri: str, keys: Iterable[Key], version: int) -> tuple[list[float], int]:
    """Type over the protocol: each key is a `didChange` and a `weighbridge/count`, in one write. Seconds, and the last total."""
    seconds = []
    found = 0
    for key in keys:
        document = {"uri": uri, "version": version}
        change = {"textDocument": document, "contentChanges": [key.change()]}
        request = server.number()
        data = message("textDocument/didChange", change)
        data += message("weighbridge/count", {"textDocument": {"uri": uri}}, request)
        start = time.perf_counter()
        server.send(data)
        found = server.answer(request)["tokens"]
        seconds.append(time.perf_counter() - start)
        version += 1
    return seconds, found


def _keys(results: Results) -> int:
    return 400 if results.quick else 2000


def _check(found: int, typist: Typist) -> None:
    expected = tokens(typist.text())
    if found != expected:
        raise AssertionError(f"the count is {found:,}, tiktoken's {expected:,}: not worth measuring")


def _add(results: Results, key: str, what: str, who: str, seconds: list[float], whole: Timing) -> None:
    middle = quantile(seconds, 0.5)
    note = f"p99 {quantile(seconds, 0.99) * 1000:.3g} ms, most {max(seconds) * 1000:.3g}"
    results.add(key, what, who, middle * 1000, "ms", whole.median / middle, note)


def _pauses(results: Results, folder: Path) -> None:
    """What a key costs at 100 a second with a pause after each hundred: in context files, for which it is found out what arrives."""
    text = CORPORA["prose"](MB)
    for what, make in (
        ("a prompt", _prompt),
        ("AGENTS.md below 50 others", _chain),
        ("CLAUDE.md with 50 imports", _imports),
    ):
        place = folder / "pauses"
        shutil.rmtree(place, ignore_errors=True)
        (place / ".git").mkdir(parents=True)
        path, written = make(place, text)
        path.write_text(written, encoding="utf-8")
        server = Server.spawn(place, folder / "pauses-cache")
        try:
            server.start(place)
            uri, line = path.as_uri(), written.count("\n") // 2
            server.open(uri, written)
            server.count(uri)
            results.tell(f"keystroke: 1 MB, {what}, with pauses")
            costs, waits = [], []
            for hundred in range(3 if results.quick else 10):
                before = server.processor_seconds()
                for number in range(100):
                    _type(server, uri, 2 + 100 * hundred + number, line)
                    time.sleep(0.01)
                asked = time.perf_counter()
                server.count(uri)
                waits.append(time.perf_counter() - asked)
                costs.append((server.processor_seconds() - before) / 100)
        finally:
            server.stop()
        key, note = quantile(costs, 0.5) * 1000, f"the true total after {quantile(waits, 0.5) * 1000:.3g} ms"
        results.add(
            f"1/pauses/{what}",
            f"prose, 1 MB, {what}",
            "Weighbridge, processor time a key",
            key,
            "ms",
            None,
            note,
        )


def _type(server: Server, uri: str, version: int, line: int) -> None:
    place = {"line": line, "character": 0}
    change = {"range": {"start": place, "end": place}, "text": "x"}
    document = {"uri": uri, "version": version}
    server.send(message("textDocument/didChange", {"textDocument": document, "contentChanges": [change]}))


def _prompt(place: Path, text: str) -> tuple[Path, str]:
    return place / "a.prompt.md", text


def _chain(place: Path, text: str) -> tuple[Path, str]:
    for number in range(50):
        (place / "AGENTS.md").write_text(f"Rules of folder {number}.\n", encoding="utf-8")
        place /= f"d{number}"
        place.mkdir()
    return place / "AGENTS.md", text


def _imports(place: Path, text: str) -> tuple[Path, str]:
    for number in range(50):
        (place / f"r{number}.md").write_text(f"Rules {number}.\n", encoding="utf-8")
    return place / "CLAUDE.md", "".join(f"@r{number}.md\n" for number in range(50)) + text
