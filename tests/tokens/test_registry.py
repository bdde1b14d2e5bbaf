"""Tokenizers by name, loaded once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from tiktoken.model import MODEL_TO_ENCODING

from weighbridge.errors import UnknownEncodingError
from weighbridge.tokens import registry
from weighbridge.tokens.base import Exactness, Tokenizer
from weighbridge.tokens.engine import Definition, TiktokenEngine

NAMES = ("cl100k_base", "o200k_base", "o200k_harmony", "p50k_base", "r50k_base")
#: With Claude's, which `test_claude` looks at.
ENCODINGS = tuple(sorted((*NAMES, "claude-3", "claude-4.7", "claude-4.8")))


@pytest.fixture
def nothing_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_tokenizers", {})
    monkeypatch.setattr(registry, "_engines", {})


def test_encodings() -> None:
    assert registry.encodings() == ENCODINGS


@pytest.mark.parametrize("name", NAMES)
def test_a_tokenizer_says_what_it_is(name: str) -> None:
    found = registry.tokenizer(name)
    assert (found.name, found.exactness) == (name, Exactness.EXACT)
    assert registry.tokenizer(name) is found
    assert registry.is_loaded(name)


def test_nothing_is_loaded_before_it_is_asked_for(nothing_loaded: None) -> None:
    assert [registry.is_loaded(name) for name in NAMES] == [False] * 5
    registry.tokenizer("p50k_base")
    assert [name for name in NAMES if registry.is_loaded(name)] == ["p50k_base"]


def test_many_who_ask_at_once_get_one_tokenizer(
    nothing_loaded: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Definition] = []
    barrier = Barrier(4)

    def make(definition: Definition) -> TiktokenEngine:
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
    made: list[Definition] = []

    class Nothing:
        version = "nothing"

        def __init__(self, definition: Definition) -> None:
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
    assert str(caught.value) == f"unknown encoding {name!r}; there are {', '.join(ENCODINGS)}"


@pytest.mark.parametrize(
    ("model", "encoding"),
    [
        ("gpt-4o", "o200k_base"),
        ("GPT-4o-mini", "o200k_base"),
        ("gpt-4o-2024-05-13", "o200k_base"),
        ("chatgpt-4o-latest", "o200k_base"),
        ("gpt-4.1", "o200k_base"),
        ("gpt-4.1-mini", "o200k_base"),
        ("gpt-4.5-preview", "o200k_base"),
        ("gpt-5", "o200k_base"),
        ("gpt-5.1-codex", "o200k_base"),
        ("gpt-5-nano", "o200k_base"),
        ("o1", "o200k_base"),
        ("o1-pro", "o200k_base"),
        ("o3-mini", "o200k_base"),
        ("o4-mini-2025-04-16", "o200k_base"),
        ("gpt-oss", "o200k_harmony"),
        ("gpt-oss-120b", "o200k_harmony"),
        ("gpt-4", "cl100k_base"),
        ("gpt-4-turbo", "cl100k_base"),
        ("gpt-4-32k-0314", "cl100k_base"),
        ("gpt-3.5-turbo", "cl100k_base"),
        ("gpt-35-turbo-16k", "cl100k_base"),
        ("text-embedding-3-large", "cl100k_base"),
        ("text-embedding-ada-002", "cl100k_base"),
        ("text-davinci-003", "p50k_base"),
        ("code-davinci-edit-001", "p50k_base"),
        ("davinci", "r50k_base"),
        ("gpt2", "r50k_base"),
        ("ft:gpt-4o-mini-2024-07-18:org::id", "o200k_base"),
        ("ft:gpt-4-0613:org::id", "cl100k_base"),
        ("openai/gpt-4o", "o200k_base"),
        ("openrouter/openai/gpt-oss-20b", "o200k_harmony"),
        ("azure:gpt-35-turbo", "cl100k_base"),
        (" gpt-4 ", "cl100k_base"),
    ],
)
def test_the_encoding_of_a_model(model: str, encoding: str) -> None:
    assert registry.encoding_for_model(model) == encoding


def test_every_model_tiktoken_names_has_an_encoding_that_can_be_had() -> None:
    assert {registry.encoding_for_model(model) for model in MODEL_TO_ENCODING} <= set(NAMES)


@pytest.mark.parametrize(
    "model", ["", "claude-opus-4", "o", "o12", "gpt-40", "gpt-55", "somebody/o1", "openai/", "gemini:o1"]
)
def test_other_models_are_refused(model: str) -> None:
    with pytest.raises(UnknownEncodingError) as caught:
        registry.encoding_for_model(model)
    assert str(caught.value) == (
        f"no encoding is known for the model {model!r}; set `encoding` to one of {', '.join(ENCODINGS)}"
    )
