"""Characters as Claude's tokenizer sorts them: measured classes, by the newest Unicode tables at hand.

Categories and the Alphabetic property come from the package `regex`, which is younger than Python's own tables, so that a
count does not depend on the Python that runs.
"""

import re
import unicodedata
from enum import IntEnum
from functools import cache
from typing import Final

import regex


class CharacterKind(IntEnum):
    """What a character is to the tokenizer.

    WORD: a letter or mark of a word. STRAY: a mark that is part of a word behind a letter, and a word's beginning
    elsewhere. DIGIT: ASCII's and Arabic's. PUNCTUATION: of the runs that share pieces. SPACE. The others stand alone:
    SIGN takes markers beside a space as punctuation does, NUMBER as digits do, IDEOGRAPH none; SELECTOR goes with the
    character before it.
    """

    WORD = 0
    STRAY = 1
    DIGIT = 2
    PUNCTUATION = 3
    SPACE = 4
    SIGN = 5
    NUMBER = 6
    IDEOGRAPH = 7
    SELECTOR = 8


#: Signs beyond ASCII that share pieces with punctuation: no category tells them.
_PUNCTUATION: Final = frozenset(
    "\u2014\xbb\xab\u2022\xb0\u201e\u2013\u2212\xa3\xa7\u20ac\u2026\u221a\u2192\uff08\u2116\u2020\u2514\u2502\u0f0d\xb7\u2500"
    "\u2550\u2588"
)
_IDEOGRAPHIC_SIGNS: Final = frozenset("\u3004\u3012\u3013\u3020\u3036\u3037\u303e\u303f")
#: Runic golden numbers, Roman numerals, circled letters, Bamum numbers: words like Latin letters.
_WORD_SIGNS: Final = ((0x16EE, 0x16F0), (0x2160, 0x2188), (0x24B6, 0x24E9), (0xA6E6, 0xA6EF))
_IDEOGRAPHS: Final = ((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0xF900, 0xFAFF), (0xAC00, 0xD7A3))
_ITERATION_MARKS: Final = frozenset("\u3005\u3006\u3031\u3032\u3033\u3034\u3035\u303b\u303c")
_SELECTORS: Final = (0xFE00, 0xFE0F)
#: Pairs of a capital and its small letter that Python's tables may lack.
NEW_CASES: Final = {"\u1c89": "\u1c8a", "\ua7cb": "\u0264"}
_NEW_CASED: Final = frozenset(NEW_CASES) | frozenset(NEW_CASES.values())
#: Capitals by Unicode that are none to the tokenizer.
_UNCASED: Final = frozenset("\u03f4")

_MARK: Final = regex.compile(r"\p{M}")
_ALPHABETIC: Final = regex.compile(r"\p{Alphabetic}")
_SEPARATOR_CATEGORY: Final = regex.compile(r"\p{Z}")
_DECIMAL: Final = regex.compile(r"\p{Nd}")
_OTHER_NUMBER: Final = regex.compile(r"\p{No}")
_LETTER: Final = regex.compile(r"\p{L}")
_PUNCTUATION_OR_SYMBOL: Final = regex.compile(r"[\p{P}\p{S}]")
_PUNCTUATION_CATEGORY: Final = regex.compile(r"\p{P}")
_FORMAT_OR_UNASSIGNED: Final = regex.compile(r"[\p{Cf}\p{Cn}]")


@cache
def kind(character: str) -> CharacterKind:
    """The kind of one character of a normalized text."""
    code = ord(character)
    if character in "\t\n\r\f\v" or _SEPARATOR_CATEGORY.match(character):
        character_kind = CharacterKind.SPACE
    elif character in _NEW_CASED or _lies_in(code, _WORD_SIGNS):
        character_kind = CharacterKind.WORD
    elif _is_digit(code, character):
        character_kind = CharacterKind.DIGIT
    elif (code < 0x80 and _PUNCTUATION_OR_SYMBOL.match(character)) or character in _PUNCTUATION:
        character_kind = CharacterKind.PUNCTUATION
    elif _SELECTORS[0] <= code <= _SELECTORS[1]:
        character_kind = CharacterKind.SELECTOR
    elif _MARK.match(character):
        character_kind = _mark_kind(character)
    elif _LETTER.match(character) and not _is_ideograph(code, character):
        character_kind = CharacterKind.WORD
    else:
        character_kind = _lone_kind(character)
    return character_kind


def _is_digit(code: int, character: str) -> bool:
    arabic = 0x0660 <= code <= 0x0669 or 0x06F0 <= code <= 0x06F9
    return (code < 0x80 or arabic) and _DECIMAL.match(character) is not None


def _mark_kind(character: str) -> CharacterKind:
    code = ord(character)
    if code >= 0x10000 or not _ALPHABETIC.match(character):
        return _lone_kind(character)
    syriac = code == 0x0711 or 0x0730 <= code <= 0x073F
    return CharacterKind.STRAY if not syriac and unicodedata.combining(character) else CharacterKind.WORD


def _lone_kind(character: str) -> CharacterKind:
    """The kind of a character that shares no run with letters: by how it takes markers."""
    code = ord(character)
    if code < 0x10000:
        if _is_separating_mark(character):
            return CharacterKind.SIGN
        ideographic = 0x3001 <= code <= 0x303F and (
            _PUNCTUATION_CATEGORY.match(character) is not None or character in _IDEOGRAPHIC_SIGNS
        )
        signed = _PUNCTUATION_OR_SYMBOL.match(character) or _FORMAT_OR_UNASSIGNED.match(character)
        if signed and not ideographic:
            return CharacterKind.SIGN
        if _OTHER_NUMBER.match(character) or (code >= 0x80 and _DECIMAL.match(character)):
            return CharacterKind.NUMBER
    return CharacterKind.IDEOGRAPH


def _is_separating_mark(character: str) -> bool:
    """Whether a mark ends a word: Unicode's Alphabetic property decides."""
    return _MARK.match(character) is not None and not _ALPHABETIC.match(character)


def _is_ideograph(code: int, character: str) -> bool:
    return code >= 0x10000 or _lies_in(code, _IDEOGRAPHS) or character in _ITERATION_MARKS


def _lies_in(code: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= code <= last for first, last in ranges)


@cache
def number_category(character: str) -> str:
    """`Nd` or `No` of a number, empty for anything else."""
    return "Nd" if _DECIMAL.match(character) else "No" if _OTHER_NUMBER.match(character) else ""


@cache
def borders_as_number(character: str) -> bool:
    """Whether a digit at a run's end takes a marker beside a space: all but ASCII's and those beyond the BMP."""
    category = number_category(character)
    return ord(character) < 0x10000 and (category == "No" or (category == "Nd" and not character.isascii()))


@cache
def lowered(character: str) -> str:
    """The small letter of a capital; the character itself where it has none, or is none to the tokenizer."""
    if character in _UNCASED:
        return character
    return NEW_CASES.get(character, character.lower())


@cache
def is_capital(character: str) -> bool:
    """Whether a character is a capital: it has a small letter that is another one."""
    if character in _UNCASED:
        return False
    return character in NEW_CASES or (character.isupper() and lowered(character) != character)


@cache
def is_small(character: str) -> bool:
    """Whether a character is a small letter."""
    return character in NEW_CASES.values() or character.islower()


@cache
def is_letter_or_mark(character: str) -> bool:
    return character in _NEW_CASED or bool(_LETTER.match(character) or _MARK.match(character))


_CONTROLS: Final = re.compile("[\x01-\x08\x0b-\x1f\x7f\x80-\x9f]")
_PRIVATE: Final = re.compile("[\ue000-\uf8ff]")
_SURROGATES: Final = re.compile("[\ud800-\udfff]")
_SPACES: Final = re.compile("[\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f]")
_QUOTES: Final = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"'})


def normalized(text: str, *, folds_quotes: bool) -> str:
    """A text as the tokenizer reads it: composed, without controls and private use, spaces of all kinds as one.

    Lone surrogates are U+FFFD. Line feeds, tabs and ideographic spaces stay.
    """
    if text.isascii():
        return _CONTROLS.sub("", text).replace("\0", " ")
    text = _SURROGATES.sub("\ufffd", text)
    if not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFC", text)
    text = _CONTROLS.sub("", text).replace("\0", " ").replace("\u0e4d\u0e32", "\u0e33")
    text = _PRIVATE.sub("", text)
    if folds_quotes:
        text = text.translate(_QUOTES)
    return _SPACES.sub(" ", text)
