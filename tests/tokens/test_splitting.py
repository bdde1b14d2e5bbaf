"""A text split into its tokens: as tiktoken does, whatever stretch of a text it is."""

import pytest
from hypothesis import given
from tests.tokens.hostile import texts
from tests.tokens.reference import encoding

from weighbridge.tokens.registry import tokenizer
from weighbridge.tokens.splitting import split, split_between


@pytest.mark.parametrize("name", ["cl100k_base", "o200k_base", "p50k_base", "r50k_base"])
@given(text=texts())
def test_the_tokens_are_tiktokens_and_cover_the_text(name: str, text: str) -> None:
    text = text.encode("utf-8", "replace").decode()
    found = split(text, tokenizer(name))
    assert [number for piece in found for number in piece.ids] == encoding(name).encode_ordinary(text)
    assert [text[piece.start : piece.end] for piece in found] == [piece.data.decode() for piece in found]
    assert "".join(text[piece.start : piece.end] for piece in found) == text


@given(before=texts(), text=texts(), after=texts())
def test_a_stretch_is_split_as_it_is_in_the_whole(before: str, text: str, after: str) -> None:
    before, text, after = (part.encode("utf-8", "replace").decode() for part in (before, text, after))
    whole = split(before + text + after, tokenizer("cl100k_base"))
    shift = len(before)
    assert split_between(before, text, after, tokenizer("cl100k_base")) == [
        type(piece)(piece.start - shift, piece.end - shift, piece.ids, piece.data)
        for piece in whole
        if text and piece.end > shift and piece.start < shift + len(text)
    ]


def test_characters_of_several_tokens_are_one_piece() -> None:
    text = "ab 𐐀𐐀 🫩 words"
    found = split(text, tokenizer("cl100k_base"))
    assert max(len(piece.ids) for piece in found) > 1
    assert all(piece.end > piece.start for piece in found)


def test_halves_of_characters() -> None:
    assert [piece.data for piece in split("a\ud800", tokenizer("cl100k_base"))] == [b"a", "\ufffd".encode()]
    assert split("\ud83d\ude00", tokenizer("cl100k_base")) == []
