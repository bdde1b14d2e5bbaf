"""Documents to count: lines in a list, and tokenizers that remember what they were given."""

import re
from dataclasses import dataclass, field

from weighbridge.rope import STANDARD, Line, Rope, RopeSizes
from weighbridge.tokens.base import Borders, Exactness, Tokenizer
from weighbridge.tokens.borders import ALL_RULES, NO_BORDERS
from weighbridge.tokens.counted import CountedBuffer
from weighbridge.tokens.registry import tokenizer

CL100K = "cl100k_base"
BORDERLESS = "borderless"
TOKENIZERS = (CL100K, "o200k_base", "r50k_base", BORDERLESS)


@dataclass
class Watched:
    """cl100k_base; remembers what it counted."""

    borders: Borders = ALL_RULES
    inner: Tokenizer = field(default_factory=lambda: tokenizer(CL100K))
    name: str = "watched"
    version: str = "1"
    exactness: Exactness = Exactness.EXACT
    counted: list[str] = field(default_factory=list)

    def count(self, text: str) -> int:
        self.counted.append(text)
        return self.inner.count(text)


def named(name: str) -> Tokenizer:
    return Watched(NO_BORDERS) if name == BORDERLESS else tokenizer(name)


@dataclass
class ListOfLines:
    """Lines; `sizes` says from which length on they are kept in pieces."""

    lines: list[str]
    sizes: RopeSizes = STANDARD

    def __len__(self) -> int:
        return len(self.lines)

    def line(self, index: int) -> str:
        return self.lines[index]

    def slice(self, start: int, stop: int) -> str:
        return "".join(self.lines[start:stop])

    def stored_line(self, index: int) -> Line:
        line = self.lines[index]
        return line if len(line) < self.sizes.long else Rope.of(line, None, self.sizes)


def split(text: str) -> list[str]:
    """Lines with their ends; the last has none."""
    lines = re.findall(r"[^\r\n]*(?:\r\n|\n|\r)", text)
    return [*lines, text[sum(map(len, lines)) :]]


def answer_all(buffer: CountedBuffer) -> list[str]:
    """Answer all pending jobs; returns their texts."""
    jobs = buffer.pending()
    for job in jobs:
        assert buffer.answer(job, tokenizer(CL100K).count(job.text))
    return [job.text for job in jobs]
