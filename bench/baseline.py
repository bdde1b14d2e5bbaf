"""What everything is compared with: tiktoken on the whole text, with the vocabulary that comes with Weighbridge.

`python -m bench.baseline FOLDER` reads and encodes the Markdown files of a folder, one by one.
"""

import gc
import hashlib
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median
from typing import Final

import tiktoken

from weighbridge.tokens import fast, vocabulary
from weighbridge.tokens.openai import definition

ENCODING: Final = "cl100k_base"
#: Where tiktoken would fetch this vocabulary; its cache goes by this name.
ADDRESS: Final = "https://openaipublic.blob.core.windows.net/encodings/cl100k_base.tiktoken"


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds: the median of several runs, the best and the worst."""

    median: float
    best: float
    worst: float
    runs: int

    @classmethod
    def of(cls, seconds: list[float]) -> "Timing":
        return cls(median(seconds), min(seconds), max(seconds), len(seconds))


@cache
def encoding() -> tiktoken.Encoding:
    """Tiktoken's encoding, as tiktoken makes it."""
    defined = definition(ENCODING)
    ranks = vocabulary.ranks(defined.sha256)
    return tiktoken.Encoding(ENCODING, pat_str=defined.pattern, mergeable_ranks=ranks, special_tokens={})


def fast_engine() -> bool:
    """Whether the fast engine is there."""
    return fast.engine(definition(ENCODING)) is not None


def tokens(text: str) -> int:
    """Tiktoken's count of a whole text."""
    return len(encoding().encode_ordinary(text))


def tokens_of_files(paths: list[Path]) -> int:
    """The same for files, read and encoded one by one on one thread."""
    return sum(tokens(path.read_text(encoding="utf-8")) for path in paths)


def timed(work: Callable[[], object], runs: int, *, warm_up: bool = True) -> Timing:
    """Time some work. The collector runs before each run and not within: what it would take is nobody's own."""
    if warm_up:
        work()
    seconds = []
    for _ in range(runs):
        gc.collect()
        gc.disable()
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
        gc.enable()
    return Timing.of(seconds)


def write_offline_cache(folder: Path) -> dict[str, str]:
    """Write the vocabulary where tiktoken looks before it downloads; the environment that tells it so. For peers."""
    folder.mkdir(parents=True, exist_ok=True)
    content = vocabulary.tiktoken_file(vocabulary.ranks(definition(ENCODING).sha256))
    name = hashlib.sha1(ADDRESS.encode(), usedforsecurity=False).hexdigest()
    (folder / name).write_bytes(content)
    return {"TIKTOKEN_CACHE_DIR": str(folder)}


def quantile(values: list[float], share: float) -> float:
    """The value that this share of all is below or at; `values` needn't be sorted, and isn't empty."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


if __name__ == "__main__":
    tokens_of_files([*Path(sys.argv[1]).rglob("*.md")])
