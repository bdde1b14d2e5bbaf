"""What it must reach, and whether it did in this run."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from bench.corpora import CORPORA
from bench.figures import Results


@dataclass(frozen=True, slots=True)
class Target:
    """`measured`: None where this run did not measure it. `met`: the same."""

    what: str
    wanted: str
    measured: str | None
    met: bool | None

    def as_json(self) -> dict[str, Any]:
        """For the results' file."""
        return asdict(self)


def judged(results: Results) -> list[Target]:
    """Hold the figures against the targets."""
    return [*_judged(results)]


def _judged(results: Results) -> Iterator[Target]:
    ratio, value = results.ratio, results.value
    yield _least("key to true total, stdio, 1 MB prose, against tiktoken", 100, ratio("1/stdio/prose/1 MB"))
    yield _least(
        "key to true total, stdio, 10 MB prose, against tiktoken", 1000, ratio("1/stdio/prose/10 MB")
    )
    yield _least("key to true total, core, 1 MB prose, against tiktoken", 2000, ratio("1/core/prose/1 MB"))
    small, large = value("1/stdio/prose/10 KB"), value("1/stdio/prose/10 MB")
    yield _most("the same at 10 MB against 10 KB", 1.5, _quotient(large, small), "{:.2f} times")
    for kind in CORPORA:
        processor = [
            found
            for size in ("10 KB", "1 MB", "10 MB")
            if (found := value(f"1/processor/{kind}/{size}")) is not None
        ]
        yield _most(
            f"server's processor time a key, {kind}, whatever the size",
            0.25,
            max(processor, default=None),
            "{:.3f} ms",
        )
    part = "all resolved, counted"
    for engine, name in (("tiktoken", "by tiktoken"), ("fast", "by the fast engine")):
        cold, warm = (value(f"2/{engine}/{state}/{part}") for state in ("cold", "warm"))
        yield _least(f"warm open of 1,000 references against cold, {name}", 20, _quotient(cold, warm))
    for engine, least, name in (("tiktoken", 1.4, "by tiktoken"), ("fast", 4, "by the fast engine")):
        yield _least(
            f"cold counting of many files {name}, all cores, against tiktoken on one",
            least,
            ratio(f"3/session/{engine}/all"),
        )
    yield _most("p99 loop turn in the typing storm", 20, value("5/turn p99"), "{:.1f} ms")
    turns = [figure.value for figure in results.figures.values() if figure.key.startswith("5/heavy turn")]
    yield _most(
        "the longest loop turn of the heaviest work, processor time",
        50,
        max(turns, default=None),
        "{:.0f} ms",
    )
    yield _most("memory, idle with one encoding loaded", 150, value("4/idle MB"), "{:.0f} MB")
    for kind, wanted in (("prose", 5), ("code", 2), ("CJK", 1)):
        yield _speed(f"Claude's tokenizer, {kind}", wanted, value(f"10/throughput/{kind}"))
    yield _most("spawn to the first count for Claude", 500, value("10/first"), "{:.0f} ms")
    yield _most("memory with one Claude family", 170, value("10/one"), "{:.0f} MB")
    yield _most("memory with three Claude families", 350, value("10/three"), "{:.0f} MB")
    key = _quotient(value("10/key/claude-4.8"), value("10/key/o200k_base"))
    yield _most("a key in 1 MB of prose, Claude's against o200k_base", 2, key, "{:.2f} times")
    for name, row, least in (("tiktoken", "cold", 1.4), ("the fast engine", "cold fast", 3)):
        yield _least(f"check of 20,000 files, cold, by {name}, against tiktoken", least, ratio(f"11/{row}"))
    yield _most("check --diff of 20,000 files, warm", 2, value("11/diff"), "{:.1f} s")
    answers = [figure.value for figure in results.figures.values() if figure.key.startswith("8/")]
    yield _most("each feature's answer when warm, p95", 10, max(answers, default=None), "{:.1f} ms")


def _speed(what: str, wanted: float, measured: float | None) -> Target:
    return _target(what, f"{wanted:g} MB/s at least", measured, "{:.1f} MB/s", lambda found: found >= wanted)


def _least(what: str, wanted: float, measured: float | None) -> Target:
    return _target(
        what, f"{wanted:g} times at least", measured, "{:,.1f} times", lambda found: found >= wanted
    )


def _most(what: str, wanted: float, measured: float | None, text: str) -> Target:
    return _target(what, f"{text.format(wanted)} at most", measured, text, lambda found: found <= wanted)


def _target(
    what: str, wanted: str, measured: float | None, text: str, met: Callable[[float], bool]
) -> Target:
    if measured is None:
        return Target(what, wanted, None, None)
    return Target(what, wanted, text.format(measured), met(measured))


def _quotient(one: float | None, other: float | None) -> float | None:
    return None if one is None or not other else one / other
