"""Tokenizers by name, loaded once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from weighbridge.errors import UnknownEncodingError
from weighbridge.tokens import registry
from weighbridge.tokens.base import Exactness, Tokenizer
from weighbridge.tokens.engine import EncodingDefinition, TiktokenEngine

NAMES = ("cl100k_base", "o200k_base", "o200k_harmony", "p50k_base", "r50k_base")
#: With Claude's, which `test_claude` looks at.


@pytest.fixture
def nothing_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_tokenizers", {})
    monkeypatch.setattr(registry, "_engines", {})


def test_encodings() -> None:
    assert set(NAMES) | {"claude-4.8", "gemma4", "estimate"} <= set(registry.encodings())
    assert list(registry.encodings()) == sorted(registry.encodings())


@pytest.mark.parametrize("name", NAMES)
def test_a_tokenizer_says_what_it_is(name: str) -> None:
    found = registry.tokenizer(name)
    assert (found.name, found.exactness) == (name, Exactness.EXACT)
    assert registry.tokenizer(name) is found
    assert name in registry._tokenizers


def test_nothing_is_loaded_before_it_is_asked_for(nothing_loaded: None) -> None:
    assert [name in registry._tokenizers for name in NAMES] == [False] * 5
    registry.tokenizer("p50k_base")
    assert [name for name in NAMES if name in registry._tokenizers] == ["p50k_base"]


def test_many_who_ask_at_once_get_one_tokenizer(
    nothing_loaded: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[EncodingDefinition] = []
    barrier = Barrier(4)

    def make(definition: EncodingDefinition) -> TiktokenEngine:
        made.append(definition)
        return TiktokenEngine(definition)

    def ask(_asker: int) -> Tokenizer:
        barrier.wait()
        return registry.tokenizer("r50k_base")

    monkeypatch.setattr(registry, "TiktokenEngine", make)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(ask, range(4)))
    assert (len(set(map(id, found))), len(made)) == (1, 1)


def test_encodings_with_one_pattern_and_vocabulary_share_an_engine(
    nothing_loaded: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[EncodingDefinition] = []

    class Nothing:
        version = "nothing"

        def __init__(self, definition: EncodingDefinition) -> None:
            made.append(definition)

        def count(self, text: str) -> int:
            return len(text)

    monkeypatch.setattr(registry, "TiktokenEngine", Nothing)
    for name in NAMES:
        registry.tokenizer(name)
    assert len(made) == 4


@pytest.mark.parametrize("name", ["", "gpt2", "o300k", "ENCODING_CONSTRUCTORS", "load_tiktoken_bpe"])
def test_an_unknown_encoding_is_refused_with_the_list(name: str) -> None:
    with pytest.raises(UnknownEncodingError) as caught:
        registry.tokenizer(name)
    assert str(caught.value) == f"unknown encoding {name!r}; there are {', '.join(registry.encodings())}"
