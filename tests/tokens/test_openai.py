"""Counts are tiktoken's, for every text, whatever tiktoken does with it."""

import dataclasses
import re
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import tiktoken
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.tokens import hostile
from tests.tokens.reference import NAMES, arguments, encoding, tokens
from tiktoken import load
from tiktoken_ext import openai_public

from weighbridge.tokens import openai, registry
from weighbridge.tokens.borders import PairBorders
from weighbridge.tokens.engine import EncodingDefinition, TiktokenEngine
from weighbridge.tokens.openai import SPLITTING_RULES, OpenAITokenizer, definition

WHITE = (" ", "\t", "\n", "\r", "\r\n", "\v", "\f", "\x85", "\xa0", "\u2003", "\u2028", "\u3000", "\x1c")
AROUND = ("a", ".", "/", "'s", "1", "\u0301", ".\u0301", "\x1f", "😀")


@pytest.mark.parametrize("name", NAMES)
def test_the_definition_is_tiktokens(name: str) -> None:
    assert definition(name).pattern == arguments(name)["pat_str"]
    assert definition(name) == definition(name)


def test_asking_for_a_definition_changes_nothing_of_tiktokens() -> None:
    before = dict(vars(load)), dict(vars(openai_public))
    definition("o200k_harmony")
    assert (dict(vars(load)), dict(vars(openai_public))) == before


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("", (0, 0, 0, 0, 0)),
        ("hello world", (2, 2, 2, 2, 2)),
        ("<|endoftext|>", (7, 7, 7, 7, 7)),
        ("    indented = True\n\n\n", (6, 6, 6, 7, 9)),
        ("你好，世界", (6, 3, 3, 11, 11)),
        ("The weighbridge weighs 1234567 tokens, don't you think?", (15, 14, 14, 14, 14)),
        ("👍🏽 naïve café\r\n", (10, 7, 7, 9, 9)),
    ],
)
def test_golden_counts(text: str, counts: tuple[int, ...]) -> None:
    assert tuple(registry.tokenizer(name).count(text) for name in NAMES) == counts


@given(hostile.texts(30), st.integers(1, 9), st.integers(0, 6))
@settings(max_examples=250)
def test_a_count_is_tiktokens_however_the_text_is_cut(text: str, block: int, long_run: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(openai, "BLOCK", block)
        patch.setattr(openai, "LONG_RUN", long_run)
        counts = {name: registry.tokenizer(name).count(text) for name in NAMES}
    assert counts == {name: len(tokens(name, text)) for name in NAMES}


@given(
    st.lists(st.one_of(st.sampled_from(WHITE), st.sampled_from(WHITE), st.sampled_from(AROUND)), max_size=16)
)
@settings(max_examples=400)
def test_long_white_space_is_split_as_tiktoken_splits_it(pieces: list[str]) -> None:
    text = "".join(pieces)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(openai, "BLOCK", 1)
        patch.setattr(openai, "LONG_RUN", 1)
        counts = {name: registry.tokenizer(name).count(text) for name in NAMES}
    assert counts == {name: len(tokens(name, text)) for name in NAMES}


@pytest.mark.parametrize("name", ["cl100k_base", "o200k_base", "r50k_base"])
@pytest.mark.parametrize(
    "text", ["x" + "\v" * 1_000_100 + ".", "\n" + "\v" * 1_000_100], ids=["within", "at the end"]
)
def test_a_million_blanks_are_counted_and_no_panic_is_printed(
    name: str, text: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert registry.tokenizer(name).count(text) == len(encoding(name)._encode_only_native_bpe(text))
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("unit", ["7", "\n/", "'s", "\r\n", "ab1"])
def test_long_texts_of_one_kind(unit: str) -> None:
    text = unit * (520_000 // len(unit))
    for name in ("cl100k_base", "o200k_base", "r50k_base"):
        assert registry.tokenizer(name).count(text) == len(tokens(name, text))


def test_long_text_is_given_to_tiktoken_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    given_to_tiktoken: list[str] = []

    class Listening(TiktokenEngine):
        def count(self, text: str) -> int:
            given_to_tiktoken.append(text)
            return super().count(text)

    defined = definition("r50k_base")
    monkeypatch.setattr(openai, "BLOCK", 1000)
    text = "The quick brown fox jumps over the lazy dog.\n" * 500
    assert OpenAITokenizer("r50k_base", defined, Listening(defined)).count(text) == len(
        tokens("r50k_base", text)
    )
    assert "".join(given_to_tiktoken) == text
    assert max(map(len, given_to_tiktoken)) <= 1000


SURROGATES = ("\ud83d", "a\ud83db", "\ud83d\ude00", "a \ud801\udc00 b", "\ude00\ud83d", "\ufeff\ud800")


@pytest.mark.parametrize("text", SURROGATES)
def test_lone_surrogates_count_as_tiktoken_repairs_them(text: str) -> None:
    repaired = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    for name in NAMES:
        assert registry.tokenizer(name).count(text) == len(tokens(name, repaired)) == len(tokens(name, text))


def test_threads_count_alike() -> None:
    tokenizer = registry.tokenizer("o200k_base")
    texts = [f"line {number} of many, 中文 and more\n" * 200 for number in range(16)]
    expected = [len(tokens("o200k_base", text)) for text in texts]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(tokenizer.count, texts)) == expected


def test_nothing_is_fetched_and_no_file_of_tiktokens_is_touched(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(*_arguments: object, **_options: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    defined = definition("r50k_base")
    assert OpenAITokenizer("r50k_base", defined, TiktokenEngine(defined)).count("hello world") == 2
    assert list(tmp_path.iterdir()) == []


class Counting:
    """An engine that is another by its version only."""

    def __init__(self, version: str) -> None:
        self.version = version

    def count(self, text: str) -> int:
        return len(text)

    def count_many(self, texts: Sequence[str]) -> list[int]:
        return [len(text) for text in texts]

    count_match = count


def test_the_version_names_what_counts_the_vocabulary_and_the_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    defined = EncodingDefinition("p", "abcdef012345" + "6" * 52)

    def version(
        name: str = "cl100k_base", engine: str = "x-1", definition: EncodingDefinition = defined
    ) -> str:
        return OpenAITokenizer(name, definition, Counting(engine)).version

    before = version()
    assert re.fullmatch("x-1-abcdef012345-[0-9a-f]{8}", before)
    assert version() == before
    others = [
        version(engine="x-2"),
        version(definition=EncodingDefinition("q", defined.sha256)),
        version(definition=EncodingDefinition("p", "0" * 64)),
        version(name="r50k_base"),
        version(name="o200k_base"),
    ]
    other_borders = dataclasses.replace(SPLITTING_RULES["cl100k_base"], borders=PairBorders.of("ab"))
    monkeypatch.setitem(SPLITTING_RULES, "cl100k_base", other_borders)
    others.append(version())
    assert len({before, *others}) == 1 + len(others)


def test_tiktokens_version_is_in_it() -> None:
    assert TiktokenEngine.version == f"tiktoken-{tiktoken.__version__}"


def test_every_family_has_its_encodings() -> None:
    assert tuple(sorted(SPLITTING_RULES)) == NAMES
