"""OpenAI's models by name: encoding, context window, price.

Names, windows and prices were compared in November 2026 with the data of the PyPI package genai-prices 0.2.3. Windows
are the whole context, answer included. They differ from the package's where OpenAI has stated another: it rounds
gpt-4.1's and gpt-4-32k's, files the chat variants of gpt-5 to gpt-5.2, gpt-3.5-turbo-instruct and the first
gpt-3.5-turbo under larger relatives, and has none for the oldest models. Prices are list prices for ordinary input,
without caching or batch discounts.

Models whose tokenizer nobody has confirmed (gpt-6, gpt-6.1, gpt-chat-latest) are left out: a count that can't be exact
must not look it. So are models for sound and pictures, and those without a known window.
"""

import re
from dataclasses import dataclass, replace
from typing import Any

#: Tokens. An input longer than this has a higher price, from its first token on, where a model has one.
LONG_INPUT = 272_000


@dataclass(frozen=True, slots=True)
class Model:
    """`context_window`: tokens. `input_usd_per_million`: US dollars per million input tokens; None if unknown.

    `long_input_usd_per_million`: the same for inputs of more than `LONG_INPUT` tokens; None if there is no other price.
    """

    name: str
    encoding: str
    context_window: int
    input_usd_per_million: float | None
    long_input_usd_per_million: float | None = None


MODELS = (
    Model("gpt-5.6-sol", "o200k_base", 1_050_000, 4.0, 8.0),
    Model("gpt-5.6-terra", "o200k_base", 1_050_000, 2.0, 4.0),
    Model("gpt-5.6-luna", "o200k_base", 1_050_000, 0.2, 0.4),
    Model("gpt-5.5", "o200k_base", 1_000_000, 5.0, 10.0),
    Model("gpt-5.5-codex", "o200k_base", 1_000_000, 5.0, 10.0),
    Model("gpt-5.5-pro", "o200k_base", 1_000_000, 30.0, 60.0),
    Model("gpt-5.4", "o200k_base", 1_050_000, 2.5, 5.0),
    Model("gpt-5.4-mini", "o200k_base", 400_000, 0.75),
    Model("gpt-5.4-nano", "o200k_base", 400_000, 0.2),
    Model("gpt-5.4-pro", "o200k_base", 1_050_000, 30.0, 60.0),
    Model("gpt-5.3-chat", "o200k_base", 128_000, 1.75),
    Model("gpt-5.3-codex", "o200k_base", 400_000, 1.75),
    Model("gpt-5.2", "o200k_base", 400_000, 1.75),
    Model("gpt-5.2-chat", "o200k_base", 128_000, 1.75),
    Model("gpt-5.2-codex", "o200k_base", 400_000, 1.75),
    Model("gpt-5.2-pro", "o200k_base", 400_000, 21.0),
    Model("gpt-5.1", "o200k_base", 400_000, 1.25),
    Model("gpt-5.1-chat", "o200k_base", 128_000, 1.25),
    Model("gpt-5.1-codex", "o200k_base", 400_000, 1.25),
    Model("gpt-5.1-codex-max", "o200k_base", 400_000, 1.25),
    Model("gpt-5.1-codex-mini", "o200k_base", 400_000, 0.25),
    Model("gpt-5", "o200k_base", 400_000, 1.25),
    Model("gpt-5-chat", "o200k_base", 128_000, 1.25),
    Model("gpt-5-codex", "o200k_base", 400_000, 1.25),
    Model("gpt-5-mini", "o200k_base", 400_000, 0.25),
    Model("gpt-5-nano", "o200k_base", 400_000, 0.05),
    Model("gpt-5-pro", "o200k_base", 400_000, 15.0),
    Model("gpt-4.5-preview", "o200k_base", 128_000, 75.0),
    Model("gpt-4.1", "o200k_base", 1_047_576, 2.0),
    Model("gpt-4.1-mini", "o200k_base", 1_047_576, 0.4),
    Model("gpt-4.1-nano", "o200k_base", 1_047_576, 0.1),
    Model("gpt-4o", "o200k_base", 128_000, 2.5),
    Model("gpt-4o-2024-05-13", "o200k_base", 128_000, 5.0),
    Model("gpt-4o-mini", "o200k_base", 128_000, 0.15),
    Model("gpt-4o-search-preview", "o200k_base", 128_000, 2.5),
    Model("gpt-4o-mini-search-preview", "o200k_base", 128_000, 0.15),
    Model("chatgpt-4o-latest", "o200k_base", 128_000, 5.0),
    Model("codex-mini", "o200k_base", 200_000, 1.5),
    Model("o1", "o200k_base", 200_000, 15.0),
    Model("o1-mini", "o200k_base", 128_000, 1.1),
    Model("o1-preview", "o200k_base", 128_000, 15.0),
    Model("o1-pro", "o200k_base", 200_000, 150.0),
    Model("o3", "o200k_base", 200_000, 2.0),
    Model("o3-mini", "o200k_base", 200_000, 1.1),
    Model("o3-pro", "o200k_base", 200_000, 20.0),
    Model("o3-deep-research", "o200k_base", 200_000, 10.0),
    Model("o4-mini", "o200k_base", 200_000, 1.1),
    Model("o4-mini-deep-research", "o200k_base", 200_000, 2.0),
    # Open weights: every host has its own price.
    Model("gpt-oss-120b", "o200k_harmony", 131_072, None),
    Model("gpt-oss-20b", "o200k_harmony", 131_072, None),
    Model("gpt-oss-safeguard-20b", "o200k_harmony", 131_072, None),
    Model("gpt-4-turbo", "cl100k_base", 128_000, 10.0),
    Model("gpt-4", "cl100k_base", 8_192, 30.0),
    Model("gpt-4-32k", "cl100k_base", 32_768, 60.0),
    Model("gpt-3.5-turbo", "cl100k_base", 16_385, 0.5),
    Model("gpt-3.5-turbo-1106", "cl100k_base", 16_385, 1.0),
    Model("gpt-3.5-turbo-0613", "cl100k_base", 4_096, 1.5),
    Model("gpt-3.5-turbo-0301", "cl100k_base", 4_096, 1.5),
    Model("gpt-3.5-turbo-16k", "cl100k_base", 16_385, 3.0),
    Model("gpt-3.5-turbo-instruct", "cl100k_base", 4_096, 1.5),
    # Fine-tuned models have their base's window and a price of their own.
    Model("ft:gpt-4o", "o200k_base", 128_000, 3.75),
    Model("ft:gpt-4o-mini", "o200k_base", 128_000, 0.3),
    Model("ft:gpt-3.5-turbo", "cl100k_base", 16_385, 3.0),
    Model("text-embedding-3-small", "cl100k_base", 8_192, 0.02),
    Model("text-embedding-3-large", "cl100k_base", 8_192, 0.13),
    Model("text-embedding-ada-002", "cl100k_base", 8_192, 0.1),
    Model("davinci-002", "cl100k_base", 16_384, 2.0),
    Model("babbage-002", "cl100k_base", 16_384, 0.4),
    Model("text-davinci-003", "p50k_base", 4_097, 20.0),
    Model("code-davinci-002", "p50k_base", 8_001, None),
    Model("davinci", "r50k_base", 2_049, 20.0),
)

_BY_NAME = {model.name: model for model in MODELS}
#: Other names of the same models; those without a date or a final word that `_DATED` knows.
_ALIASES = {
    "gpt-5.6": "gpt-5.6-sol",
    "gpt-5.3": "gpt-5.3-chat",
    "gpt-5.1-mini": "gpt-5.1-codex-mini",
    "gpt-4-turbo-preview": "gpt-4-turbo",
    "gpt-4-0125-preview": "gpt-4-turbo",
    "gpt-4-1106-preview": "gpt-4-turbo",
    "gpt-4-vision-preview": "gpt-4-turbo",
    "gpt-4-1106-vision-preview": "gpt-4-turbo",
    "gpt-35-turbo": "gpt-3.5-turbo",
    "gpt-35-turbo-16k": "gpt-3.5-turbo-16k",
    "o3-mini-high": "o3-mini",
    "o4-mini-high": "o4-mini",
}
_DATED = re.compile(r"-(?:\d{4}-\d{2}-\d{2}|\d{4}|preview|latest)$")
#: `gpt-5-4` for `gpt-5.4`, where a dot may not stand in a name.
_DOTLESS = re.compile(r"^gpt-5-(\d)(?=-(?!\d)|-\d{4}-|$)")


def find(name: str) -> Model | None:
    """The model of a name as people write it: with a provider before it, a date or a fine-tuning's names behind it.

    Whether a name is one of OpenAI's at all is not decided here: a name that has a tokenizer is.
    """
    plain = name.strip().lower().rpartition("/")[2]
    plain = plain.removeprefix("openai:").removeprefix("azure:")
    if not plain.startswith("ft:"):
        return _known(plain)
    base = plain.removeprefix("ft:").partition(":")[0]
    model = _known(base)
    if model is None:
        return None
    priced = _BY_NAME.get(f"ft:{model.name}")
    return priced or replace(
        model, name=f"ft:{model.name}", input_usd_per_million=None, long_input_usd_per_million=None
    )


def _known(name: str) -> Model | None:
    plain = _DOTLESS.sub(r"gpt-5.\1", name)
    while True:
        found = _BY_NAME.get(_ALIASES.get(plain, plain))
        shorter = _DATED.sub("", plain)
        if found is not None or shorter == plain:
            return found
        plain = shorter


def models_json() -> dict[str, Any]:
    """The models known by name."""
    return {
        "models": [
            {
                "name": model.name,
                "encoding": model.encoding,
                "context_window": model.context_window,
                "input_usd_per_million": model.input_usd_per_million,
            }
            for model in MODELS
        ]
    }
