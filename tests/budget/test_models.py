"""Models by name: figures that belong together, and all the ways their names are written."""

import re

import pytest

from weighbridge.budget.cost import input_cost
from weighbridge.budget.models import LONG_INPUT, MODELS, Model, find
from weighbridge.errors import UnknownEncodingError
from weighbridge.tokens.registry import encoding_for_model

#: Chat and completion models as genai-prices 0.2.3 spells them, GPT-6 and those without a confirmed tokenizer left out.
NAMES = """
    chatgpt-4o-latest codex-mini codex-mini-latest davinci-002 babbage-002
    gpt-3.5-turbo gpt-35-turbo gpt-3.5-turbo-0125 gpt-3.5-turbo-0613 gpt-3.5-turbo-1106 gpt-3.5-turbo-0301
    gpt-3.5-turbo-16k gpt-3.5-turbo-16k-0613 gpt-35-turbo-16k gpt-3.5-turbo-instruct gpt-3.5-turbo-instruct-0914
    gpt-4 gpt-4-0314 gpt-4-0613 gpt-4-32k gpt-4-32k-0314 gpt-4-32k-0613 gpt-4-turbo gpt-4-turbo-2024-04-09
    gpt-4-turbo-0125-preview gpt-4-0125-preview gpt-4-1106-preview gpt-4-turbo-preview gpt-4-vision-preview
    gpt-4-1106-vision-preview gpt-4.1 gpt-4.1-2025-04-14 gpt-4.1-mini gpt-4.1-mini-2025-04-14 gpt-4.1-nano
    gpt-4.1-nano-2025-04-14 gpt-4.5-preview gpt-4.5-preview-2025-02-27 gpt-4o gpt-4o-2024-08-06 gpt-4o-2024-11-20
    gpt-4o-2024-05-13 gpt-4o-mini gpt-4o-mini-2024-07-18 gpt-4o-mini-search-preview
    gpt-4o-mini-search-preview-2025-03-11 gpt-4o-search-preview gpt-4o-search-preview-2025-03-11
    gpt-5 gpt-5-2025-08-07 gpt-5-chat gpt-5-chat-latest gpt-5-codex gpt-5-mini gpt-5-mini-2025-08-07 gpt-5-nano
    gpt-5-nano-2025-08-07 gpt-5-pro gpt-5-pro-2025-10-06 gpt-5.1 gpt-5.1-2025-11-13 gpt-5.1-codex gpt-5.1-codex-max
    gpt-5.1-chat gpt-5.1-chat-latest gpt-5-1 gpt-5-1-2025-11-13 gpt-5-1-codex gpt-5-1-codex-max gpt-5-1-chat
    gpt-5-1-chat-latest gpt-5.1-codex-mini gpt-5.1-mini gpt-5-1-codex-mini gpt-5-1-mini gpt-5.2 gpt-5.2-2025-12-11
    gpt-5-2 gpt-5-2-2025-12-11 gpt-5.2-chat gpt-5.2-chat-latest gpt-5-2-chat gpt-5.2-codex gpt-5-2-codex gpt-5.2-pro
    gpt-5.2-pro-2025-12-11 gpt-5-2-pro-2025-12-11 gpt-5.3 gpt-5-3 gpt-5.3-chat gpt-5.3-chat-latest gpt-5-3-chat
    gpt-5.3-codex gpt-5-3-codex gpt-5.4 gpt-5.4-2026-03-05 gpt-5-4 gpt-5-4-2026-03-05 gpt-5.4-mini
    gpt-5.4-mini-2026-03-17 gpt-5-4-mini gpt-5-4-mini-2026-03-17 gpt-5.4-nano gpt-5-4-nano-2026-03-17 gpt-5.4-pro
    gpt-5-4-pro-2026-03-05 gpt-5.5 gpt-5.5-2026-04-23 gpt-5-5 gpt-5-5-2026-04-24 gpt-5.5-codex gpt-5-5-codex
    gpt-5.5-pro gpt-5-5-pro-2026-04-23 gpt-5.6 gpt-5-6 gpt-5.6-sol gpt-5.6-sol-2026-07-09 gpt-5-6-sol gpt-5.6-terra
    gpt-5-6-terra-2026-07-09 gpt-5.6-luna gpt-5-6-luna gpt-oss-120b gpt-oss-20b gpt-oss-safeguard-20b
    o1 o1-2024-12-17 o1-mini o1-mini-2024-09-12 o1-preview o1-preview-2024-09-12 o1-pro o1-pro-2025-03-19 o3
    o3-2025-04-16 o3-deep-research o3-deep-research-2025-06-26 o3-mini o3-mini-2025-01-31 o3-mini-high o3-pro
    o3-pro-2025-06-10 o4-mini o4-mini-2025-04-16 o4-mini-high o4-mini-deep-research o4-mini-deep-research-2025-06-26
"""
LISTED = NAMES.split()


def found(name: str) -> Model:
    model = find(name)
    assert model is not None, name
    return model


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_a_model_is_found_by_its_name_with_the_registrys_encoding(model: Model) -> None:
    assert find(model.name) is model or model.name.startswith("ft:")
    assert encoding_for_model(model.name) == model.encoding


def test_no_name_twice() -> None:
    assert len({model.name for model in MODELS}) == len(MODELS)


@pytest.mark.parametrize("name", LISTED)
def test_every_listed_chat_model_is_known_here_and_to_the_tokenizers(name: str) -> None:
    assert encoding_for_model(name) == found(name).encoding


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("gpt-5", "gpt-5"),
        (" GPT-5 ", "gpt-5"),
        ("openai/gpt-5", "gpt-5"),
        ("openrouter/openai/gpt-5-mini", "gpt-5-mini"),
        ("openai:gpt-4o", "gpt-4o"),
        ("azure:gpt-35-turbo", "gpt-3.5-turbo"),
        ("azure/gpt-4-32k-0314", "gpt-4-32k"),
        ("gpt-4-0613", "gpt-4"),
        # By their dates alone these would be gpt-4, with a sixteenth of the window.
        ("gpt-4-1106-preview", "gpt-4-turbo"),
        ("gpt-4-0125-preview", "gpt-4-turbo"),
        ("gpt-4-turbo-2024-04-09", "gpt-4-turbo"),
        # A dated version with a price of its own.
        ("gpt-4o-2024-05-13", "gpt-4o-2024-05-13"),
        ("gpt-4o-2024-08-06", "gpt-4o"),
        ("gpt-3.5-turbo-0613", "gpt-3.5-turbo-0613"),
        ("gpt-3.5-turbo-0125", "gpt-3.5-turbo"),
        ("gpt-5-chat-latest", "gpt-5-chat"),
        ("gpt-5.6", "gpt-5.6-sol"),
        ("gpt-5-6", "gpt-5.6-sol"),
        ("gpt-5-4-mini-2026-03-17", "gpt-5.4-mini"),
        # A date, and no version behind a dash.
        ("gpt-5-2025-08-07", "gpt-5"),
        ("o3-2025-04-16", "o3"),
    ],
)
def test_names_as_people_write_them(name: str, expected: str) -> None:
    assert found(name).name == expected


@pytest.mark.parametrize(
    "name",
    ["", "-", "claude-opus-5", "gpt-6-sol", "gpt-6.1-terra", "gpt-chat-latest", "gpt-55", "gpt-5-99", "o12", "ft:", "ft:x:y",
     "-2024-01-01", "openai/"],
)  # fmt: skip
def test_other_names_are_unknown(name: str) -> None:
    assert find(name) is None


@pytest.mark.parametrize("name", ["gpt-6-sol", "gpt-6.1-terra", "gpt-chat-latest", "claude-opus-5"])
def test_models_without_a_confirmed_tokenizer_are_not_counted_as_if_they_had_one(name: str) -> None:
    with pytest.raises(UnknownEncodingError):
        encoding_for_model(name)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ft:gpt-4o-mini-2024-07-18:acme::abc", Model("ft:gpt-4o-mini", "o200k_base", 128_000, 0.3)),
        ("ft:gpt-4o-2024-08-06:acme::abc", Model("ft:gpt-4o", "o200k_base", 128_000, 3.75)),
        ("openai/ft:gpt-3.5-turbo-0125:acme::abc", Model("ft:gpt-3.5-turbo", "cl100k_base", 16_385, 3.0)),
        # No price is known: not its base's.
        ("ft:gpt-4.1-2025-04-14:acme::abc", Model("ft:gpt-4.1", "o200k_base", 1_047_576, None)),
        ("ft:gpt-4-0613:acme::abc", Model("ft:gpt-4", "cl100k_base", 8_192, None)),
        ("ft:gpt-5.4:acme::abc", Model("ft:gpt-5.4", "o200k_base", 1_050_000, None)),
    ],
)
def test_fine_tuned_models(name: str, expected: Model) -> None:
    assert found(name) == expected


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_figures_are_plausible(model: Model) -> None:
    assert re.fullmatch(r"(ft:)?[a-z0-9.-]+", model.name)
    assert 2_000 < model.context_window < 2_000_000
    price, long_price = model.input_usd_per_million, model.long_input_usd_per_million
    assert price is None or 0 < price <= 150
    # Where there is a price for long inputs, it is twice the other, and the window has room for them.
    assert long_price is None or (price is not None and long_price == 2 * price)
    assert long_price is None or model.context_window > LONG_INPUT


@pytest.mark.parametrize(
    ("tokens", "name", "expected"),
    [
        (0, "gpt-5", 0.0),
        (1_000_000, "gpt-4.1", 2.0),
        (1_000, "gpt-4o", 0.0025),
        (1_000, "gpt-oss-20b", None),
        (272_000, "gpt-5.4", 0.68),
        # All of it has the higher price, not only what is beyond.
        (272_001, "gpt-5.4", 1.360005),
        (500_000, "gpt-4.1", 1.0),
    ],
)
def test_cost(tokens: int, name: str, expected: float | None) -> None:
    cost = input_cost(tokens, found(name))
    assert cost == (None if expected is None else pytest.approx(expected, rel=1e-12))
