"""Claude's tokenizer: counts that were measured, joined at borders, remembered within bounds."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weighbridge.tokens.base import Exactness, Tokenizer
from weighbridge.tokens.claude.vocabulary import BEGIN, END, FAMILIES, load
from weighbridge.tokens.registry import encodings, tokenizer
from weighbridge.tokens.summary import join_all, summarize, total

COUNTS = json.loads((Path(__file__).parent / "claude_counts.json").read_text(encoding="ascii"))
NAMES = tuple(FAMILIES)

#: What the rules look at: words of all cases, signs, digits, marks, white space of all kinds, what vanishes.
PIECES = st.sampled_from(
    [
        *"abcXYZ  \n\n\t'.,!-()=0123é文字。？",
        *(
            "it's",
            "HELLO",
            "WiFi",
            " the",
            "3.5",
            "\r\n",
            "  ",
            "…",
            "—",
            "한글",
            "①",
            "½",
            "٣",
            "e\u0301",
            "\u0301",
        ),
        *(
            "\u200d",
            "🙂",
            "⚖\ufe0f",
            "\u00a0",
            "\u3000",
            "İ",
            "Σ",
            "กำ",
            "\u0e4d",
            "\u0e32",
            "\x01",
            "\r",
            "\ue000",
        ),
        *("'s", "'ll", "\u0730", "्", "क", "〇", "\ud800"),
    ]
)
TEXTS = st.lists(PIECES, max_size=24).map("".join)


@pytest.fixture(params=NAMES)
def claude(request: pytest.FixtureRequest) -> Tokenizer:
    return tokenizer(request.param)


def test_it_is_known_by_name(claude: Tokenizer) -> None:
    assert claude.name in encodings()
    assert claude.exactness is Exactness.RECONSTRUCTION


@pytest.mark.parametrize("name", NAMES)
def test_counts_are_those_that_were_measured(name: str) -> None:
    assert {row["text"]: tokenizer(name).count(row["text"]) for row in COUNTS} == {
        row["text"]: row[name] for row in COUNTS
    }


def test_the_empty_text_costs_nothing(claude: Tokenizer) -> None:
    assert claude.count("") == 0


@pytest.mark.parametrize("name", NAMES)
@given(text=TEXTS, data=st.data())
@settings(max_examples=300)
def test_counts_join_at_borders(name: str, text: str, data: st.DataObject) -> None:
    claude = tokenizer(name)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=6)))
    parts = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    joined = join_all([summarize(part, claude) for part in parts], claude)
    assert total(joined, claude) == claude.count(text)


@pytest.mark.parametrize("name", NAMES)
@given(text=TEXTS)
@settings(max_examples=300)
def test_every_border_is_one(name: str, text: str) -> None:
    claude = tokenizer(name)
    at = claude.borders.first(text)
    if at >= 0:
        assert claude.borders.between(text[at - 1], text[at])
        assert claude.count(text[:at]) + claude.count(text[at:]) == claude.count(text)


def test_most_lines_of_prose_begin_at_a_border(claude: Tokenizer) -> None:
    assert claude.borders.first("one line\nanother") == len("one line")


@pytest.mark.parametrize("name", NAMES)
def test_no_piece_goes_on_behind_a_word_or_mixes_white_space(name: str) -> None:
    for piece in load(FAMILIES[name]).pieces:
        assert END not in piece[:-1]
        assert piece.find(BEGIN) in (-1, 0, 1)
        assert not set(piece) & set(" \n\t") or len(set(piece)) == 1


def test_what_is_remembered_is_bounded(claude: Tokenizer) -> None:
    text = " ".join(f"word{number}" for number in range(60_000))
    counted = claude.count(text)
    assert counted == claude.count(text)
