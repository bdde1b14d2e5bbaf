"""Borders never change a count: held for every pair of a compact alphabet, and for hostile text."""

import re
import sys
from itertools import pairwise, product

import pytest
import tiktoken
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.tokens import hostile
from tests.tokens.reference import NAMES, tokens

from weighbridge.tokens.base import Borders
from weighbridge.tokens.borders import (
    ALL_RULES,
    BLANKS_AND_WORDS,
    DIGIT,
    LETTER,
    NO_BORDERS,
    OTHER,
    WHITE,
)

BORDERS = {
    "cl100k_base": ALL_RULES,
    "o200k_base": ALL_RULES,
    "o200k_harmony": ALL_RULES,
    "p50k_base": BLANKS_AND_WORDS,
    "r50k_base": BLANKS_AND_WORDS,
}


@pytest.mark.parametrize(
    ("before", "after", "all_rules", "blanks_and_words"),
    [
        ("a", " ", True, True),
        (".", "\t", True, True),
        ("\u200b", " ", True, True),
        (" ", " ", False, False),
        ("\xa0", " ", False, False),
        ("\x1f", " ", False, False),
        ("\n", " ", False, False),
        (".", "\xa0", False, False),
        ("\n", "a", True, False),
        ("\n", "\u0301", True, False),
        ("\n", "/", False, False),
        ("\n", "\n", False, False),
        ("\n", "\x1f", False, False),
        ("\r", "a", False, False),
        ("a", "\n", True, True),
        ("a", "\u3000", True, True),
        ("a", ".", True, True),
        ("a", "1", True, True),
        ("1", "a", True, True),
        ("1", "'", True, True),
        ("a", "'", False, False),
        ("a", "b", False, False),
        ("a", "\u0301", False, False),
        ("1", "2", False, False),
        ("1", "²", False, False),
        ("中", "。", True, True),
        ("中", "\ud801", False, False),
        ("a", "\u0378", False, False),
        ("\u1c89", ".", False, False),
        (".", "a", False, False),
        (".", "\n", False, False),
        ("\ud83d", "\ude00", False, False),
    ],
)
def test_what_is_a_border(before: str, after: str, all_rules: bool, blanks_and_words: bool) -> None:
    assert (ALL_RULES.between(before, after), BLANKS_AND_WORDS.between(before, after)) == (
        all_rules,
        blanks_and_words,
    )
    assert NO_BORDERS.between(before, after) is False


def positions(text: str, borders: Borders) -> list[int]:
    return [i for i in range(1, len(text)) if borders.between(text[i - 1], text[i])]


def pieces(text: str, borders: Borders) -> list[str]:
    cuts = [0, *positions(text, borders), len(text)]
    return [text[start:end] for start, end in pairwise(cuts)]


@given(hostile.texts(), st.sampled_from([ALL_RULES, BLANKS_AND_WORDS, NO_BORDERS]), st.data())
@settings(max_examples=300)
def test_first_and_last_find_what_between_says(text: str, borders: Borders, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    inner = [i for i in positions(text, borders) if start < i < end]
    assert borders.first(text, start, end) == (inner[0] if inner else -1)
    assert borders.last(text, start, end) == (inner[-1] if inner else -1)
    everywhere = positions(text, borders)
    assert borders.first(text) == (everywhere[0] if everywhere else -1)
    assert borders.last(text) == (everywhere[-1] if everywhere else -1)


@pytest.mark.parametrize("unit", ["a", "中", "7", "=", " ", "\n", "😀", "\u0301", "/\n"])
def test_a_megabyte_without_a_border_is_searched_through(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    assert (ALL_RULES.first(text), ALL_RULES.last(text)) == (-1, -1)
    assert (ALL_RULES.first(text + "a b"), ALL_RULES.last("a b" + text)) == (
        positions(text[-2:] + "a b", ALL_RULES)[0] + len(text) - len(text[-2:]),
        positions("a b" + text[:2], ALL_RULES)[-1],
    )


@given(hostile.texts())
@settings(max_examples=700)
def test_a_text_cut_at_every_border_keeps_its_tokens(text: str) -> None:
    for name in NAMES:
        cut = pieces(text, BORDERS[name])
        assert sum(len(tokens(name, piece)) for piece in cut) == len(tokens(name, text))
        if text.isprintable():  # no surrogates, so that tokens tell more than their number
            assert [token for piece in cut for token in tokens(name, piece)] == tokens(name, text)


COMPACT = (
    *(
        "a",
        "S",
        "é",
        "ǅ",
        "ʰ",
        "ª",
        "中",
        "ก",
        "ſ",
        "𐐀",
        "7",
        "٣",
        "²",
        "'",
        "/",
        ".",
        "，",
        "=",
        "😀",
        "\u200b",
    ),
    *(
        "\u0301",
        "\u093f",
        " ",
        "\t",
        "\n",
        "\r",
        "\xa0",
        "\x85",
        "\u2028",
        "\x1f",
        "\u0378",
        "\ud801",
        "\udc00",
    ),
)
BEFORE = (
    "",
    "a",
    "'",
    "x'",
    "x'l",
    " ",
    "\n",
    "\n\n",
    ".",
    ".\n",
    ".\r",
    "/",
    "1",
    "12",
    "\u0301",
    ".\u0301",
    "\ud801",
)
AFTER = ("", "a", "s", "l", "'s", " ", "  x", "\n", " \n", "/", ".", "1", "23", "\u0301", "\udc00")


@pytest.mark.parametrize("name", ["cl100k_base", "o200k_base", "r50k_base"])
def test_every_pair_in_every_context(name: str) -> None:
    borders = BORDERS[name]
    size: dict[str, int] = {}

    def count(text: str) -> int:
        if text not in size:
            size[text] = len(tokens(name, text))
        return size[text]

    wrong = [
        (left + first, second + right)
        for first, second in product(COMPACT, COMPACT)
        if borders.between(first, second)
        for left, right in product(BEFORE, AFTER)
        if count(left + first) + count(second + right) != len(tokens(name, left + first + second + right))
    ]
    assert wrong == []


def matched(pattern: str, text: str) -> int:
    """How many bytes of the text tiktoken's own engine matches."""
    one_byte = {bytes([byte]): byte for byte in range(256)}
    engine = tiktoken.Encoding("bytes", pat_str=pattern, mergeable_ranks=one_byte, special_tokens={})
    return len(engine.encode_ordinary(text))


def members(characters: str) -> str:
    surrogates = range(0xD800, 0xE000)
    every = "".join(chr(code) for code in range(sys.maxunicode + 1) if code not in surrogates)
    return "".join(re.findall(f"[{characters}]", every))


@pytest.mark.parametrize(
    ("characters", "pattern"),
    [(LETTER, r"\p{L}+"), (DIGIT, r"\p{N}+"), (OTHER, r"[^\p{L}\p{N}\p{M}']+"), (f"^{WHITE}", r"\S+")],
)
def test_the_engine_classes_each_character_as_the_rules_do(characters: str, pattern: str) -> None:
    text = members(characters)
    assert matched(pattern, text) == len(text.encode())
