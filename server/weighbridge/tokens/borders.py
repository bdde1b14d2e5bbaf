r"""Borders: places at which a text can be cut without changing its count, known from two characters and proven for each pattern.

Byte-pair tokenizers split text by a regular expression and merge within each match, never across. A position is
a border when, whatever surrounds it, some match ends there and what the pattern does on either side is the same with
the other side gone. OpenAI's patterns never look behind, and look ahead only from within white space, so it is enough
that no alternative runs across. Then these are borders:

1. before a space or tab that follows what is not white space: every alternative takes a blank only as its
   first character or after other white space;
2. after `\n`, before what is neither white space nor `/`: only `[\r\n/]*` goes on after a newline with anything but
   white space, and white space up to a newline is one match whether it ends there or not (not so in `r50k_base` and
   `p50k_base`, which give the last of several newlines a match of its own when a word follows);
3. where a word or number ends: between a letter and what is no letter, mark or `'` (`o200k_base` keeps marks and
   contractions with their word), and between a digit and what is no digit.

Unicode grows, and Python's tables and the engine's are seldom of one age. So rule 3 asks no table: it knows the
letters, digits and others listed here, all of them classed alike in every version for decades; what isn't listed gives
no border. Surrogates aren't listed either: two of them may be one letter once repaired.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from weighbridge.tokens.base import Borders

# Python's idea of white space, which holds the engine's and U+001C to U+001F besides.
WHITE: Final = r"\t-\r\x1c- \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"

# Latin, Greek, Cyrillic, Hebrew, Arabic, Thai, kana, Han, Hangul.
LETTER: Final = (
    r"A-Za-z\xc0-\xd6\xd8-\xf6\xf8-\u02af\u0388-\u038a\u038e-\u03a1\u03a3-\u03ce\u0400-\u0481\u048a-\u04ff"
    r"\u05d0-\u05ea\u0621-\u063a\u0641-\u064a\u0e01-\u0e30\u0e40-\u0e46\u1e00-\u1e9b\u1ea0-\u1ef9"
    r"\u3041-\u3094\u30a1-\u30fa\u30fc-\u30fe\u3400-\u4db5\u4e00-\u9fa5\uac00-\ud7a3"
)
DIGIT: Final = r"0-9"

# White space, punctuation, symbols: neither letter nor digit nor mark, nor the `'` of a contraction.
OTHER: Final = (
    r"\x00-&(-/:-@\[-`{-\xa9\xab-\xb1\xb4\xb6-\xb8\xbb\xbf\xd7\xf7\u2000-\u2064\u2066-\u206f\u2190-\u23ff"
    r"\u2500-\u2775\u3000-\u3003\u3008-\u3020\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65\ufffd"
    r"\U0001f300-\U0001f64f"
)

BLANK_RULE: Final = rf"[^{WHITE}][ \t]"
NEWLINE_RULE: Final = rf"\n[^{WHITE}/]"
WORD_RULE: Final = rf"[{LETTER}][{DIGIT}{OTHER}]|[{DIGIT}][{LETTER}{OTHER}']"


@dataclass(frozen=True)
class PairBorders:
    """Borders between pairs of characters that `pair` matches. Compiled when they are first asked for: few of them ever are."""

    pair: str

    @classmethod
    def of(cls, *rules: str) -> "PairBorders":
        return cls("|".join(rules))

    @cached_property
    def ahead(self) -> re.Pattern[str]:
        """What finds the first border."""
        return re.compile(f"(?s:{self.pair})")

    @cached_property
    def behind(self) -> re.Pattern[str]:
        """What finds the last: a greedy `.*` starts at the end and gives back one character at a time."""
        return re.compile(f"(?s:.*(?:{self.pair}))")

    def between(self, before: str, after: str) -> bool:
        return self.ahead.match(before + after) is not None

    def first(self, text: str, start: int = 0, end: int | None = None) -> int:
        match = self.ahead.search(text, start, len(text) if end is None else end)
        return -1 if match is None else match.start() + 1

    def last(self, text: str, start: int = 0, end: int | None = None) -> int:
        match = self.behind.match(text, start, len(text) if end is None else end)
        return -1 if match is None else match.end() - 1


@dataclass(frozen=True, slots=True)
class NoBorders:
    """For tokenizers nothing is proven for: a text is one piece."""

    def between(self, before: str, after: str) -> bool:  # noqa: ARG002 - the protocol's names
        return False

    def first(self, text: str, start: int = 0, end: int | None = None) -> int:  # noqa: ARG002
        return -1

    def last(self, text: str, start: int = 0, end: int | None = None) -> int:  # noqa: ARG002
        return -1


ALL_RULES: Final[Borders] = PairBorders.of(BLANK_RULE, WORD_RULE, NEWLINE_RULE)
"""For `cl100k_base`, `o200k_base`, `o200k_harmony`."""

BLANKS_AND_WORDS: Final[Borders] = PairBorders.of(BLANK_RULE, WORD_RULE)
"""For `r50k_base`, `p50k_base`."""

NO_BORDERS: Final[Borders] = NoBorders()
