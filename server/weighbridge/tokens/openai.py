r"""OpenAI's encodings, counted by tiktoken, without its downloader and without its panics.

tiktoken's own constructors say each encoding's pattern and vocabulary; they are called with a loader that gives the
vocabulary from this package.

Two things are not left to tiktoken. Long texts are cut at safe borders, so that no other thread waits long for the
interpreter's lock and no list of millions of tokens is built. And its regular expression engine panics on a million blanks that
are followed by something else (a Rust panic: printed to stderr, raised as a BaseException), since it
keeps a way back for each character of `\s+(?!\S)`. So the match that alternative would make is cut out of the text and
counted by itself, with the same vocabulary: see `_blanks`.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import FunctionType
from typing import Any, Final

from tiktoken_ext import openai_public

from weighbridge.errors import UnknownEncodingError
from weighbridge.tokens.base import Borders, Exactness
from weighbridge.tokens.borders import ALL_RULES, BLANKS_AND_WORDS, PairBorders
from weighbridge.tokens.engine import EncodingDefinition, Engine

BLOCK: Final = 128 * 1024
"""Characters given to tiktoken at a time, where the text has borders."""

SHORT: Final = 24
"""Characters of a text whose count is remembered."""

_SHORT_KEPT: Final = 4_096

LONG_RUN: Final = 500_000
"""Characters of white space tiktoken can still be given; it panics at 999,999."""

# White space as the engine's `\s` has it, which is not Python's.
_WHITE_RUN: Final = re.compile(r"[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]++")


@dataclass(frozen=True, slots=True)
class SplittingRules:
    r"""What encodings with one way of splitting share.

    `after_newline`: white space is split after its last newline (`\s*[\r\n]+`).
    `at_end`: so it is at the end of the text (there is no `\s++$`).
    """

    borders: Borders
    after_newline: bool
    at_end: bool


_GPT3: Final = SplittingRules(BLANKS_AND_WORDS, after_newline=False, at_end=False)
_GPT4: Final = SplittingRules(ALL_RULES, after_newline=True, at_end=False)
_GPT4O: Final = SplittingRules(ALL_RULES, after_newline=True, at_end=True)

SPLITTING_RULES: Final = {
    "cl100k_base": _GPT4,
    "o200k_base": _GPT4O,
    "o200k_harmony": _GPT4O,
    "p50k_base": _GPT3,
    "r50k_base": _GPT3,
}


class OpenAITokenizer:
    """The tokenizer of one of OpenAI's encodings. Thread-safe; counting releases the interpreter's lock."""

    exactness: Final = Exactness.EXACT

    def __init__(self, name: str, definition: EncodingDefinition, engine: Engine) -> None:
        self._name = name
        self._rules = SPLITTING_RULES[name]
        self._engine = engine
        # Words at the ends of texts are the same few again and again.
        self._short = lru_cache(maxsize=_SHORT_KEPT)(engine.count)
        self._version = (
            f"{engine.version}-{definition.sha256[:12]}-{_digest_of_rules(definition, self._rules)}"
        )

    @property
    def name(self) -> str:
        return self._name

    @property
    def version(self) -> str:
        return self._version

    @property
    def borders(self) -> Borders:
        return self._rules.borders

    def count(self, text: str) -> int:
        """Tokens of `text`, as `len(encode_ordinary(text))` would say. Never raises."""
        if len(text) <= SHORT:
            return self._short(text)
        if len(text) <= BLOCK:
            return self._engine.count(text)
        return sum(map(self._count_block, self._blocks(text)))

    def count_many(self, texts: Sequence[str]) -> list[int]:
        """The count of each text, as `count` gives it."""
        batch = [text for text in texts if SHORT < len(text) <= BLOCK]
        counts = iter(self._engine.count_many(batch))
        return [next(counts) if SHORT < len(text) <= BLOCK else self.count(text) for text in texts]

    def _blocks(self, text: str) -> Iterator[str]:
        """The text, cut at borders into pieces of at most `BLOCK` characters, or longer where there is no border."""
        start = 0
        while len(text) - start > BLOCK:
            cut = self.borders.last(text, start, start + BLOCK)
            if cut < 0:
                cut = self.borders.first(text, start + BLOCK - 1)
            if cut < 0:
                break
            yield text[start:cut]
            start = cut
        yield text[start:]

    def _count_block(self, text: str) -> int:
        if len(text) <= LONG_RUN:
            return self._engine.count(text)
        tokens = start = 0
        for first, last in self._blanks(text):
            tokens += self._engine.count(text[start:first]) + self._engine.count_match(text[first:last])
            start = last
        return tokens + self._engine.count(text[start:])

    def _blanks(self, text: str) -> Iterator[tuple[int, int]]:
        r"""The long matches of `\s+(?!\S)`, as starts and ends.

        White space is split by what it is alone, whatever it follows: newlines may go with what is before them, the
        last newline ends a match (but in GPT-3's pattern), and of the blanks after it the last is left to the
        word or sign that follows. What remains is the match, and the text is the same to the pattern
        on both sides of it. At the text's end all the rest is one match, by `\s++$`, which never panics, or by this alternative.
        """
        for run in _WHITE_RUN.finditer(text):
            start, end = run.span()
            if end - start <= LONG_RUN:
                continue
            if self._rules.after_newline:
                start = max(start, text.rfind("\n", start, end) + 1, text.rfind("\r", start, end) + 1)
            if end < len(text):
                end -= 1
            elif not self._rules.at_end:
                continue
            if end - start > LONG_RUN:
                yield start, end


def _digest_of_rules(definition: EncodingDefinition, rules: SplittingRules) -> str:
    """A short hash of how texts are split, and of where counts are cut: a count made by other rules is not this one."""
    borders = rules.borders.ahead.pattern if isinstance(rules.borders, PairBorders) else ""
    text = repr((definition.pattern, borders, rules.after_newline, rules.at_end))
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def definition(name: str) -> EncodingDefinition:
    """What tiktoken says of the encoding; nothing is loaded."""
    hashes: list[str] = []

    def load(_address: str, expected_hash: str) -> dict[bytes, int]:
        hashes.append(expected_hash)
        return {}

    # tiktoken's functions, but in a module of our own where the loader is ours: nothing of tiktoken's is changed.
    module: dict[str, Any] = {**vars(openai_public), "load_tiktoken_bpe": load}
    for key, value in vars(openai_public).items():
        if isinstance(value, FunctionType) and value.__module__ == openai_public.__name__:
            module[key] = FunctionType(value.__code__, module, key)
    constructor = module.get(name)
    if name not in SPLITTING_RULES or constructor is None:
        raise UnknownEncodingError(
            f"unknown encoding {name!r}; there are {', '.join(sorted(SPLITTING_RULES))}"
        )
    return EncodingDefinition(constructor()["pat_str"], *hashes)
