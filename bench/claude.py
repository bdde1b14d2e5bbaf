"""10. Claude's tokenizer: against the package that measured it, by the command, in memory, at the start and for a key."""

import importlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Final

from bench.baseline import quantile
from bench.client import Server
from bench.corpora import KB, MB, cjk, code, prose, write_files
from bench.figures import Results
from bench.keystroke import press
from bench.typist import KEYS_AT_A_PLACE, Typist
from weighbridge.tokens.registry import tokenizer

_PLACE: Final = Path(__file__).resolve().parent / ".env" / "ctok"
_KINDS: Final = {"prose": prose, "code": code, "CJK": cjk}
#: A model of each family; the first's is counted with elsewhere.
_MODELS: Final = ("claude-opus-4-8", "claude-opus-4-7", "claude-opus-4-5")
#: Tokens of a message besides its text, which ctok counts too.
_FRAME: Final = 6


def run(results: Results, folder: Path) -> None:
    """Measure."""
    place = folder / "claude"
    place.mkdir()
    _throughput(results)
    _command(results, place)
    _start_and_memory(results, place)
    _key(results, place)


def _throughput(results: Results) -> None:
    ours = tokenizer("claude-4.8").count
    theirs = _ctok()
    if theirs is None:
        results.leave_out("ctok", "PyPI has it not")
    for kind, text_of in _KINDS.items():
        results.tell(f"Claude: {kind}")
        ours(text_of(MB, 1))
        speeds, ratios, equal = [], [], True
        for seed in range(2, 2 + (1 if results.quick else 3)):
            text = text_of(MB, seed)
            seconds, found = _timed(ours, text)
            speeds.append(len(text.encode()) / MB / seconds)
            if theirs is not None:
                slower, other = _timed(theirs, text)
                ratios.append(slower / seconds)
                equal = equal and other - _FRAME == found
        note = (
            f"{median(ratios):.1f} times as fast as ctok, {'equal' if equal else 'NOT EQUAL'}"
            if ratios
            else ""
        )
        results.add(
            f"10/throughput/{kind}",
            f"{kind}, 1 MB after 1 MB of others",
            "Claude 4.8",
            median(speeds),
            "MB/s",
            None,
            note,
        )


def _timed(count: Callable[[str], int], text: str) -> tuple[float, int]:
    """Seconds of this thread's processor time, and the count."""
    start = time.thread_time()
    found = count(text)
    return time.thread_time() - start, found


def _ctok() -> Callable[[str], int] | None:
    """The count of a message by ctok; installed whatever Python it wants. None where it can't be had."""
    if not (_PLACE / "ctok").is_dir():
        how = ("--quiet", "--no-deps", "--ignore-requires-python", "--target", str(_PLACE), "ctok==1.3.0")
        command = [sys.executable, "-m", "pip", "install", *how]
        if subprocess.run(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
        ).returncode:
            return None
    sys.path.insert(0, str(_PLACE))
    ctok = importlib.import_module("ctok")
    return lambda text: int(ctok.token_count(text, "4.8"))


def _command(results: Results, place: Path) -> None:
    write_files(place / "prompts", 10, 2 * MB)
    (place / "weighbridge.toml").touch()
    command = [
        sys.executable,
        "-m",
        "weighbridge.cli",
        "count",
        "--model",
        _MODELS[0],
        str(place / "prompts"),
    ]
    for model, key in ((_MODELS[0], "claude"), ("gpt-5", "openai")):
        results.tell(f"Claude: 20 MB by the command, {model}")
        command[command.index("--model") + 1] = model
        start = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, env=_environment(place), check=True)
        seconds = time.perf_counter() - start
        shutil.rmtree(place / "cache", ignore_errors=True)
        who = f"weighbridge count --model {model}, start included"
        results.add(f"10/command/{key}", "20 MB of Markdown", who, seconds, "s")


def _environment(place: Path) -> dict[str, str]:
    return {**os.environ, "XDG_CACHE_HOME": str(place / "cache")}


def _start_and_memory(results: Results, place: Path) -> None:
    first, worked, one, three = [], [], [], []
    for number in range(1 if results.quick else 5):
        results.tell(f"Claude: start {number + 1}")
        server = Server.spawn(place, place / "cache")
        try:
            server.start(place, {"model": _MODELS[0]})
            for document, model in enumerate(_MODELS):
                uri = (place / f"{document}.prompt.md").as_uri()
                server.open(uri, f"<!-- weighbridge: model={model} -->\n{prose(20 * KB, document)}")
                server.count(uri)
                if not document:
                    first.append(time.perf_counter() - server.spawned)
                    worked.append(server.processor_seconds())
                    one.append(server.resident_mb())
            three.append(server.resident_mb())
        finally:
            server.stop()
            shutil.rmtree(place / "cache", ignore_errors=True)
    note = f"{median(worked) * 1000:.0f} ms of processor time"
    who = "spawn to the first count for Claude"
    results.add("10/first", "20 KB of prose", who, median(first) * 1000, "ms", None, note)
    results.add("10/one", "memory", "one Claude family, 20 KB counted", median(one), "MB")
    results.add("10/three", "memory", "three Claude families, 20 KB counted by each", median(three), "MB")


def _key(results: Results, place: Path) -> None:
    text = prose(MB)
    keys = 400 if results.quick else 2000
    for encoding in ("o200k_base", "claude-4.8"):
        results.tell(f"Claude: a key, {encoding}")
        server = Server.spawn(place, place / "cache")
        try:
            server.start(place, {"encoding": encoding})
            uri = (place / "typed.prompt.md").as_uri()
            server.open(uri, text)
            server.count(uri)
            typist = Typist(text, "prose", seed=1)
            pressed = typist.keys()
            press(server, uri, islice(pressed, 4 * KEYS_AT_A_PLACE), 2)
            before = server.processor_seconds()
            seconds, found = press(server, uri, islice(pressed, keys), 2 + 4 * KEYS_AT_A_PLACE)
            processor = (server.processor_seconds() - before) / keys
        finally:
            server.stop()
            shutil.rmtree(place / "cache", ignore_errors=True)
        expected = tokenizer(encoding).count(typist.text())
        if found != expected:
            raise AssertionError(f"the count is {found:,}, the tokenizer's {expected:,}: not worth measuring")
        note = (
            f"to the total {quantile(seconds, 0.5) * 1000:.3g} ms, p99 {quantile(seconds, 0.99) * 1000:.3g}"
        )
        results.add(
            f"10/key/{encoding}",
            "prose, 1 MB",
            f"server's processor time a key, {encoding}",
            processor * 1000,
            "ms",
            None,
            note,
        )
