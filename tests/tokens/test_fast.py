"""splintr's counts are tiktoken's, for every character and for hostile texts; where that isn't known it isn't used."""

import sys
import threading
from collections.abc import Iterator

import pytest
import splintr
import tiktoken
from hypothesis import given
from hypothesis import strategies as st
from tests.patience import HANGS_AFTER
from tests.tokens.hostile import texts

from weighbridge.tokens import fast
from weighbridge.tokens.engine import EncodingDefinition, Engine, TiktokenEngine
from weighbridge.tokens.fast import SplintrEngine, greedy
from weighbridge.tokens.openai import SPLITTING_RULES, OpenAITokenizer, definition
from weighbridge.tokens.vocabulary import ranks, tiktoken_file

ENCODINGS = ("cl100k_base", "o200k_base")
#: What stands between characters: neighbors whose pieces begin or end elsewhere if one's kind is another.
CONTEXTS = ("'s", "", "a", " ", "\n1", "é’s", "'ll.")
AT_ONCE = 128

_engines: dict[str, tuple[Engine, Engine]] = {}


def engines(name: str) -> tuple[Engine, Engine]:
    """tiktoken's and splintr's, made once."""
    if name not in _engines:
        defined = definition(name)
        _engines[name] = TiktokenEngine(defined), SplintrEngine.of(defined) or splintr_anyhow(defined)
    return _engines[name]


def splintr_anyhow(defined: EncodingDefinition) -> Engine:
    """What would count if it were used for every encoding."""
    file = tiktoken_file(ranks(defined.sha256))
    return SplintrEngine("any", splintr.Tokenizer.from_bytes(file, greedy(defined.pattern)))


def texts_of_all_characters() -> Iterator[str]:
    for first in range(0, sys.maxunicode + 1, AT_ONCE):
        characters = [chr(code) for code in range(first, first + AT_ONCE)]
        yield CONTEXTS[0].join(characters)
        yield CONTEXTS[first // AT_ONCE % len(CONTEXTS)].join(characters)
        # Surrogates and what is not assigned fill most of Unicode: other contexts are for what people write.
        if first < 0x30000:
            yield from (context.join(characters) for context in CONTEXTS)


@pytest.mark.parametrize("name", {definition(name): name for name in sorted(SPLITTING_RULES)}.values())
def test_it_counts_where_every_character_counts_the_same(name: str) -> None:
    ours, theirs = engines(name)
    same = all(ours.count(text) == theirs.count(text) for text in texts_of_all_characters())
    assert (SplintrEngine.of(definition(name)) is not None) == same
    assert same == (name not in {"p50k_base", "r50k_base"})


@pytest.mark.parametrize("name", ENCODINGS)
@given(text=texts())
def test_texts_count_the_same(name: str, text: str) -> None:
    ours, theirs = (OpenAITokenizer(name, definition(name), engine) for engine in engines(name))
    assert theirs.count(text) == ours.count(text)


@pytest.mark.parametrize("fast", [False, True], ids=["tiktoken", "splintr"])
@given(some=st.lists(st.tuples(texts() | st.just("<|endoftext|>"), st.sampled_from((1, 1, 300))), max_size=5))
def test_many_count_as_each_by_itself(fast: bool, some: list[tuple[str, int]]) -> None:
    tokenizer = OpenAITokenizer("cl100k_base", definition("cl100k_base"), engines("cl100k_base")[fast])
    many = [text * times for text, times in some]
    assert tokenizer.count_many(many) == [tokenizer.count(text) for text in many]


@pytest.mark.parametrize("name", ENCODINGS)
@given(
    text=st.text(st.sampled_from("aB1 \n\r\t'sS.é日😀\u0301\u200d<|>_-/"), max_size=60),
    times=st.integers(1, 200),
)
def test_long_texts_of_few_characters_count_the_same(name: str, text: str, times: int) -> None:
    ours, theirs = engines(name)
    assert theirs.count(text * times) == ours.count(text * times)


@pytest.mark.parametrize("name", ENCODINGS)
@pytest.mark.parametrize(
    "text",
    [
        "<|endoftext|>",
        "a<|fim_prefix|>b" * 300,
        "<|never|>",
        "\ud83d\ude00 \ud800",
        "\udc00" * 3000,
        "x" * 20_000,
        "QUJD" * 20_000,
        "的" * 5_000,
        "don't'LL'Re" * 900,
        "\u088f's \ua7ce'll \U00010940've " * 100,
    ],
)
def test_known_traps(name: str, text: str) -> None:
    ours, theirs = engines(name)
    assert theirs.count(text) == ours.count(text)


@pytest.mark.parametrize("text", [" " * 1_000_000, "\n" * 300_000 + "a", " \t" * 200_000 + "x"])
def test_long_runs_of_white_space(text: str) -> None:
    ours, theirs = (
        OpenAITokenizer("cl100k_base", definition("cl100k_base"), engine) for engine in engines("cl100k_base")
    )
    assert theirs.count(text) == ours.count(text)


class Remembering:
    """A tokenizer that remembers what it is asked, and takes each character for a token."""

    def __init__(self) -> None:
        self.forgotten = 0
        self.batches: list[list[str]] = []

    def encode_ordinary(self, text: str) -> list[int]:
        return [0] * len(text)

    def encode_flat(self, text: str) -> bytes:
        return bytes(4 * len(text))

    def encode_batch_flat(self, texts: list[str]) -> tuple[bytes, bytes]:
        self.batches.append(texts)
        return bytes(4 * sum(map(len, texts))), b""

    def clear_cache(self) -> None:
        self.forgotten += 1


def test_what_it_remembers_is_forgotten_from_time_to_time() -> None:
    tokenizer = Remembering()
    engine = SplintrEngine("1", tokenizer)
    text = "a" * (fast.FORGET_AFTER // 4)
    assert [engine.count(text) for _ in range(9)] == [len(text)] * 9
    assert tokenizer.forgotten == 2


def test_it_learns_characters_beyond_ascii_before_the_first_short_text_that_has_any() -> None:
    tokenizer = Remembering()
    engine = SplintrEngine("1", tokenizer)
    assert engine.count("words") == 5
    assert not engine.learned
    assert tokenizer.batches == []
    assert engine.count("été") == 3
    assert engine.learned
    assert len(tokenizer.batches) == 1
    assert engine.count_many(["été", "hôtel"])
    assert len(tokenizer.batches) == 1


def test_however_many_ask_one_thread_learns(monkeypatch: pytest.MonkeyPatch) -> None:
    goes_on, learning = threading.Event(), threading.Semaphore(0)
    learn = SplintrEngine.learn

    def learn_later(engine: SplintrEngine) -> None:
        assert goes_on.wait(HANGS_AFTER)
        learn(engine)
        learning.release()

    monkeypatch.setattr(SplintrEngine, "learn", learn_later)
    tokenizer = Remembering()
    engine = SplintrEngine("1", tokenizer)
    for _ in range(100):
        engine.learn_aside()
    names = [thread.name for thread in threading.enumerate()]
    goes_on.set()
    assert learning.acquire(timeout=HANGS_AFTER)
    assert (names.count("weighbridge-learning"), engine.learned) == (1, True)


def test_it_is_used_where_it_is_installed_as_it_was_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    defined = definition("cl100k_base")
    found = SplintrEngine.of(defined)
    assert found is not None
    assert found.version == f"splintr-{splintr.__version__}"
    monkeypatch.setattr(splintr, "__version__", "9.0.0")
    assert SplintrEngine.of(defined) is None
    monkeypatch.undo()
    monkeypatch.setattr(tiktoken, "__version__", "9.0.0")
    assert SplintrEngine.of(defined) is None
    monkeypatch.undo()
    monkeypatch.setitem(sys.modules, "splintr", None)
    assert SplintrEngine.of(defined) is None


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"a++b", r"a+b"),
        (r"a*+", r"a*"),
        (r"a?+", r"a?"),
        (r"\p{N}{1,3}+x", r"\p{N}{1,3}x"),
        (r"a+b", r"a+b"),
    ],
)
def test_greedy(pattern: str, expected: str) -> None:
    assert greedy(pattern) == expected
