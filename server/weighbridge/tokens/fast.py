"""Counting by splintr (the `fast` extra): equal to tiktoken, several times as fast, loaded in a fraction of the time.

It is used where it is installed, in a version that was compared with tiktoken's, and for the encodings under which all texts
counted the same, every character of Unicode among others. What is known of that version and taken care of here:

- its bundled tokenizers take the text of a special token (all begin with `<|`) for the token, but in `encode_ordinary`;
- only `encode_batch_flat` lets other threads run. A short text is not worth giving the interpreter's lock away, since it
  may take a millisecond to get it back;
- what it remembers of words it has seen is bounded in words, not in bytes;
- its patterns know no possessive quantifiers. They may be greedy ones as well: in OpenAI's patterns nothing that follows one
  matches what it would give back, and where the end of the text follows, giving back leads nowhere.
"""

import importlib
import logging
import os
import re
import struct
import threading
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, Protocol, Self

import tiktoken

from weighbridge.tokens import vocabulary
from weighbridge.tokens.engine import EncodingDefinition, Engine, repaired

logger = logging.getLogger(__name__)

COMPARED: Final = {"splintr": ("0.22.",), "tiktoken": ("0.13.", "0.14.")}
"""Versions, each by its beginning, whose counts were found equal. Another's tables of Unicode may be another year's."""

SWITCH: Final = "WEIGHBRIDGE_FAST"
"""Environment variable: `0` for tiktoken though the fast engine is there, to measure or to compare."""

SHORT: Final = 2_000
"""Characters that are counted without letting other threads run: about 0.1 milliseconds at most."""

FORGET_AFTER: Final = 8_000_000
"""Characters counted until splintr forgets the words it has seen, which may take as many bytes several times over."""

#: Vocabularies, bundled with it, under whose patterns every character counts the same. Under those of GPT-3 and before,
#: characters that are letters to one's tables of Unicode and not to the other's change where `'s` begins.
_EQUAL: Final = ("cl100k_base", "o200k_base")
_SPECIAL: Final = "<|"
_TOKEN_BYTES: Final = 4
#: Letters, digits, signs and white space, of ASCII and of others.
_VARIOUS: Final = "It's 12 of 日本語 text é\r\n\n  foo\t() \u0663 \U0001f600\u00a0\u2028x  "


class Splintr(Protocol):
    """What is used of splintr's tokenizers."""

    def encode_ordinary(self, text: str) -> list[int]: ...
    def encode_flat(self, text: str) -> bytes: ...
    def encode_batch_flat(self, texts: list[str]) -> tuple[bytes, bytes]: ...
    def clear_cache(self) -> None: ...


class SplintrEngine:
    """One of splintr's tokenizers. Thread-safe; counting a long text releases the interpreter's lock."""

    def __init__(self, version: str, tokenizer: Splintr) -> None:
        self.version: Final = f"splintr-{version}"
        self._tokenizer = tokenizer
        self._since_forgetting = 0
        self._learning = threading.Lock()
        self._learns_aside = False
        self.learned = False

    @classmethod
    def of(cls, definition: EncodingDefinition) -> Self | None:
        """The engine for this definition; None where splintr isn't installed, or not as it was compared, or counts otherwise."""
        try:
            splintr = importlib.import_module("splintr")
        except ImportError:
            return None
        versions = {"splintr": str(splintr.__version__), "tiktoken": tiktoken.__version__}
        for package, version in versions.items():
            if not version.startswith(COMPARED[package]):
                logger.info(
                    "splintr is not used: it was not compared in this version of %s, %s", package, version
                )
                return None
        pattern = greedy(definition.pattern)
        for name in _EQUAL:
            equal = vocabulary.VOCABULARIES[definition.sha256].packed == name
            if equal and getattr(splintr, f"{name.upper()}_PATTERN") == pattern:
                return cls(versions["splintr"], splintr.Tokenizer.from_pretrained(name))
        return None

    def learn(self) -> None:
        """Have splintr make of the pattern what it makes when it first meets characters beyond ASCII: up to 140 milliseconds.

        Other threads run meanwhile, and so few texts start none.
        """
        with self._learning:
            if not self.learned:
                self._tokenizer.encode_batch_flat([_VARIOUS])
                self.learned = True

    def learn_aside(self) -> None:
        """Learn on a thread of its own, whoever asks how often. For one thread."""
        if not self.learned and not self._learns_aside:
            self._learns_aside = True
            threading.Thread(target=self.learn, name="weighbridge-learning", daemon=True).start()

    def count(self, text: str) -> int:
        """Tokens of a text. Lone surrogates count as U+FFFD."""
        try:
            return self._count(text)
        except UnicodeEncodeError:
            return self._count(repaired(text))

    def count_many(self, texts: Sequence[str]) -> list[int]:
        """The count of each text, as `count` gives it: on all cores, and other threads run meanwhile."""
        characters = sum(map(len, texts))
        if characters <= SHORT or any(map(_may_be_special, texts)):
            return [self.count(text) for text in texts]
        self._note(characters)
        try:
            _, ends = self._tokenizer.encode_batch_flat(list(texts))
        except UnicodeEncodeError:
            return [self.count(text) for text in texts]
        return [end - start for start, end in pairwise(struct.unpack(f"<{len(texts) + 1}Q", ends))]

    def count_match(self, text: str) -> int:
        """Tokens of a run of white space that the pattern matches as one."""
        return self.count(text)

    def _count(self, text: str) -> int:
        self._note(len(text))
        if not self.learned and not text.isascii():
            self.learn()
        if _may_be_special(text):
            return len(self._tokenizer.encode_ordinary(text))
        if len(text) <= SHORT:
            return len(self._tokenizer.encode_flat(text)) // _TOKEN_BYTES
        tokens, _ = self._tokenizer.encode_batch_flat([text])
        return len(tokens) // _TOKEN_BYTES

    def _note(self, characters: int) -> None:
        # Two threads may both add to the same number: it is reached a little later then.
        self._since_forgetting += characters
        if self._since_forgetting >= FORGET_AFTER:
            self._since_forgetting = 0
            self._tokenizer.clear_cache()


def engine(definition: EncodingDefinition) -> Engine | None:
    """The fast engine for this definition, if there is one here and `WEIGHBRIDGE_FAST=0` does not turn it off."""
    if os.environ.get(SWITCH) == "0":
        return None
    return SplintrEngine.of(definition)


def _may_be_special(text: str) -> bool:
    # A single character is looked for many times faster than two.
    return _SPECIAL[-1] in text and _SPECIAL in text


def greedy(pattern: str) -> str:
    """The pattern with greedy quantifiers in place of possessive ones."""
    return re.sub(r"([+*?]|\{[\d,]+\})\+", r"\1", pattern)
