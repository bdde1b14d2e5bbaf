"""A digest is SHA-256 of UTF-8, however the text arrives."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weighbridge.cache import Digester, digest
from weighbridge.cache.digest import SIZE

texts = st.text(st.characters(codec=None, exclude_categories=()), max_size=40)


@given(chunks=st.lists(texts, max_size=6))
@settings(max_examples=80)
def test_chunks_may_end_anywhere(chunks: list[str]) -> None:
    digester = Digester()
    for chunk in chunks:
        digester.update(chunk)
    expected = hashlib.sha256("".join(chunks).encode("utf-8", "surrogatepass")).digest()
    assert (digester.digest(), digest("".join(chunks)), len(expected)) == (expected, expected, SIZE)


@pytest.mark.parametrize("char", ["a", "é", "語", "\U0001f600", "\ud83d"])
def test_long_texts_are_digested_in_blocks(char: str) -> None:
    text = char * 700_001
    assert digest(text) == hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def test_lone_surrogates_tell_texts_apart() -> None:
    assert len({digest(text) for text in ("\ud83d", "\ude00", "\ufffd", "?", "")}) == 5


def test_a_digester_goes_on_after_a_digest() -> None:
    digester = Digester()
    digester.update("a")
    assert digester.digest() == digest("a")
    digester.update("b")
    assert digester.digest() == digest("ab")
