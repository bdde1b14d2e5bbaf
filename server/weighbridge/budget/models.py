"""OpenAI's models by name: encoding, context window, price.

Windows are the whole context, answer included, as OpenAI states them; prices are the list prices of November 2026 for
ordinary input. Names with a date are found under the name without it.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Model:
    """`context_window`: tokens. `input_usd_per_million`: US dollars per million input tokens; None if unknown."""

    name: str
    encoding: str
    context_window: int
    input_usd_per_million: float | None


MODELS = (
    Model("gpt-5.1", "o200k_base", 400_000, 1.25),
    Model("gpt-5", "o200k_base", 400_000, 1.25),
    Model("gpt-5-chat", "o200k_base", 128_000, 1.25),
    Model("gpt-5-codex", "o200k_base", 400_000, 1.25),
    Model("gpt-5-mini", "o200k_base", 400_000, 0.25),
    Model("gpt-5-nano", "o200k_base", 400_000, 0.05),
    Model("gpt-5-pro", "o200k_base", 400_000, 15.0),
    Model("gpt-4.1", "o200k_base", 1_047_576, 2.0),
    Model("gpt-4.1-mini", "o200k_base", 1_047_576, 0.4),
    Model("gpt-4.1-nano", "o200k_base", 1_047_576, 0.1),
    Model("gpt-4o", "o200k_base", 128_000, 2.5),
    Model("gpt-4o-mini", "o200k_base", 128_000, 0.15),
    Model("chatgpt-4o-latest", "o200k_base", 128_000, 5.0),
    Model("o1", "o200k_base", 200_000, 15.0),
    Model("o1-mini", "o200k_base", 128_000, 1.1),
    Model("o1-pro", "o200k_base", 200_000, 150.0),
    Model("o3", "o200k_base", 200_000, 2.0),
    Model("o3-mini", "o200k_base", 200_000, 1.1),
    Model("o3-pro", "o200k_base", 200_000, 20.0),
    Model("o4-mini", "o200k_base", 200_000, 1.1),
    Model("gpt-oss-120b", "o200k_harmony", 131_072, None),
    Model("gpt-oss-20b", "o200k_harmony", 131_072, None),
    Model("gpt-4-turbo", "cl100k_base", 128_000, 10.0),
    Model("gpt-4", "cl100k_base", 8_192, 30.0),
    Model("gpt-4-32k", "cl100k_base", 32_768, 60.0),
    Model("gpt-3.5-turbo", "cl100k_base", 16_385, 0.5),
    Model("gpt-3.5-turbo-instruct", "cl100k_base", 4_096, 1.5),
    Model("text-embedding-3-small", "cl100k_base", 8_191, 0.02),
    Model("text-embedding-3-large", "cl100k_base", 8_191, 0.13),
    Model("text-embedding-ada-002", "cl100k_base", 8_191, 0.1),
    Model("davinci-002", "cl100k_base", 16_384, 2.0),
    Model("babbage-002", "cl100k_base", 16_384, 0.4),
    Model("text-davinci-003", "p50k_base", 4_097, None),
    Model("code-davinci-002", "p50k_base", 8_001, None),
    Model("davinci", "r50k_base", 2_049, None),
)

_BY_NAME = {model.name: model for model in MODELS}
_DATED = re.compile(r"-(?:\d{4}-\d{2}-\d{2}|\d{4}|preview|latest)$")


def find(name: str) -> Model | None:
    """The model of a name as people write it: with a provider before it, or a date behind it."""
    plain = name.strip().lower().rpartition("/")[2]
    plain = plain.removeprefix("openai:").removeprefix("azure:")
    while plain not in _BY_NAME:
        shorter = _DATED.sub("", plain)
        if shorter == plain:
            return None
        plain = shorter
    return _BY_NAME[plain]
