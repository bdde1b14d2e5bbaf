"""Other families' vocabularies: counts that join where borders are, text that is text, and estimates that say so."""

import unicodedata
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError

import pytest
import splintr
from hypothesis import given
from hypothesis import strategies as st

from weighbridge.tokens import families, registry
from weighbridge.tokens.base import Exactness, Tokenizer
from weighbridge.tokens.borders import NO_BORDERS

#: Gemma's takes two seconds to load: it is once.
JOINING = tuple(name for name, family in families.VOCABULARIES.items() if family.borders is not NO_BORDERS)

_PARTS = st.sampled_from(
    ["hello", " the", "\n\n", "\n", "  ", "\r\n", "\t", "'s", "'LL", "</div>", "<|im_start|>", "<s>", "▁", "▁▁", "123", "日本",
     "def f(x):", "<start_of_turn>", "//", "/*", " /", "é", "e\u0301", "\u00a0", "\u3000", "\x1c", "\x85", "\ud800", "😀"]
)  # fmt: skip
TEXTS = st.lists(_PARTS | st.text(max_size=4), max_size=12).map("".join)


@pytest.fixture(scope="module", params=JOINING)
def found(request: pytest.FixtureRequest) -> Tokenizer:
    return registry.tokenizer(request.param)


@given(text=TEXTS)
def test_parts_cut_at_borders_add_up_to_the_whole(found: Tokenizer, text: str) -> None:
    parts, start = [], 0
    while (cut := found.borders.first(text, start)) >= 0:
        parts.append(text[start:cut])
        start = cut
    assert sum(map(found.count, [*parts, text[start:]])) == found.count(text)


@pytest.mark.parametrize("name", families.VOCABULARIES)
def test_a_vocabulary_counts_as_its_own_engine_does(name: str) -> None:
    found = registry.tokenizer(name)
    text = "It's <|im_start|> <s>[INST] text, not a token: 日本語 😀\r\n\n  x = f(1234)"
    assert found.count(text) == len(splintr.Tokenizer.from_pretrained(name).encode_ordinary(text))
    assert (found.name, found.exactness, found.count("")) == (name, Exactness.EXACT, 0)


@pytest.mark.parametrize("name", families.VOCABULARIES)
def test_a_vocabulary_forgets_and_counts_on(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = registry.tokenizer(name)
    expected = found.count("some words")
    monkeypatch.setattr(families, "FORGET_AFTER", 1)
    assert found.count("some words") == expected


def test_qwen_composes_characters_first() -> None:
    count = registry.tokenizer("qwen3").count
    text = unicodedata.normalize("NFD", "Élève à l'été, señor")
    assert count(text) == count(unicodedata.normalize("NFC", text))


@pytest.mark.parametrize(("name", "factor"), [("estimate", 1.05), ("llama4", 0.975)])
def test_an_estimate_says_what_it_is(name: str, factor: float) -> None:
    found, text = registry.tokenizer(name), "Some text to be counted, of about this length. " * 20
    assert found.count(text) == round(registry.tokenizer("o200k_base").count(text) * factor)
    assert (found.exactness, found.borders) == (Exactness.ESTIMATE, NO_BORDERS)
    assert f"o200k_base \N{MULTIPLICATION SIGN} {factor}, ±" in (families.note(name) or "")


def missing(_: str) -> str:
    raise PackageNotFoundError


def broken(_: str) -> str:
    raise OSError("invalid ELF header")


@pytest.fixture
def another_extra(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What is found out about the extra is found out anew."""
    monkeypatch.setattr(registry, "_tokenizers", {})
    families._lacking.cache_clear()
    yield
    families._lacking.cache_clear()


@pytest.mark.parametrize(
    ("replaced", "by", "said"),
    [
        ("importlib.metadata.version", missing, "; pip install 'weighbridge[fast]' counts exactly"),
        (
            "importlib.metadata.version",
            lambda name: "0.30.1",
            "; splintr-rs 0.30.1 was not compared; pip install 'weighbridge[fast]' installs",
        ),
        (
            "importlib.import_module",
            broken,
            "can't be loaded (OSError); pip install --force-reinstall 'weighbridge[fast]' mends it",
        ),
    ],
)
@pytest.mark.usefixtures("another_extra")
def test_without_the_extra_a_family_is_estimated_and_the_command_is_named(
    monkeypatch: pytest.MonkeyPatch, replaced: str, by: Callable[[str], str], said: str
) -> None:
    assert families.note("gemma4") is None
    families._lacking.cache_clear()
    monkeypatch.setattr(replaced, by)
    assert registry.tokenizer("gemma4").exactness is Exactness.ESTIMATE
    assert said in (families.note("gemma4") or "")
    # Claude's and OpenAI's need no extra.
    assert registry.tokenizer("o200k_base").exactness is Exactness.EXACT
    assert families.note("claude-4.8") is None
