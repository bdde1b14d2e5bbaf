"""Packs the table of models for the wheel: names, tokenizers, windows, prices.

    python scripts/pack_models.py LITELLM

`genai-prices` is imported (`pip install genai-prices`; 0.2.3 was looked at): names, context windows, prices with their
tiers. LITELLM is litellm's file `model_prices_and_context_window_backup.json` (`pip download --no-deps litellm`; 1.110.2
was looked at): the most tokens of input and output, under exact names only, since it invents some for names it does not know.
What is written here by hand comes before both, each with its reason.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from genai_prices import data
from genai_prices.types import (
    ClauseEquals,
    ClauseOr,
    ConditionalPrice,
    ModelInfo,
    StartDateConstraint,
    TieredPrices,
)
from tiktoken.model import MODEL_TO_ENCODING

TARGET = Path(__file__).resolve().parent.parent / "server/weighbridge/budget/models.json"

#: Whose prices are the model's own, by the ids of genai-prices; and what litellm writes before their names.
FIRST_PARTY = {
    "anthropic": ("",),
    "openai": ("",),
    "google": ("gemini/", ""),
    "deepseek": ("",),
    "moonshotai": ("moonshot/",),
    "mistral": ("mistral/", "codestral/"),
    "x-ai": ("xai/",),
    "meta": ("meta/",),
    "cohere": ("",),
    "minimax": ("minimax/",),
    "zai": ("zai/",),
}
#: Whose models are listed by openrouter, with their windows and under names that others use as well. Hosts of open weights have a
#: price each: none is taken. What is closed is sold at its maker's price, which openrouter passes on.
OPEN_ROUTER = {
    "qwen": "dashscope/",
    "meta-llama": "meta_llama/",
    "z-ai": "zai/",
    "google": "gemini/",
    "mistralai": "mistral/",
    "deepseek": "deepseek/",
    "moonshotai": "moonshot/",
    "minimax": "minimax/",
    "microsoft": "azure_ai/",
    "amazon": "amazon-nova/",
    "cohere": "",
}
CLOSED = re.compile(r"nova-|qwen[\d.]*-(?:max|plus|turbo|flash)|qwen3-coder-(?:plus|flash)")

#: Models for sound, pictures, search by meaning and moderation; and those whose tokenizer nobody has told or measured.
LEFT_OUT = re.compile(
    r"audio|realtime|image|tts|live|transcribe|whisper|sora|dall|voice|banana|embed|ocr|omni|lyria|robotics|voxtral|"
    r"moderation|guard|cyber|rosalind|vision-exp|computer-use|translate|rerank|multi-agent|decider|learnlm|codegemma|"
    r"customtools|gemini-gemma|claude-(?:2|v1|instant)|:|^command$|^grok-(?:beta|vision)"
)

#: Family, tokenizer and how sure that is, by the first pattern that a name matches. "estimate" with a tokenizer of its maker's
#: says: assumed, since nothing was published or compared; with `estimate`: o200k_base times the families' usual factor.
TOKENIZERS = (
    (r"gpt-6|gpt-chat", "openai", "o200k_base", "estimate"),  # a release note says so, nothing else
    # Measured against the provider's counting endpoint; later ones than Opus 5 are taken to go on with its.
    (
        r"claude-(?:3|(?:opus|sonnet|haiku)-4(?:-[0-6])?(?:-20\d{6})?$)",
        "claude",
        "claude-3",
        "reconstruction",
    ),
    (r"claude-opus-4-7", "claude", "claude-4.7", "reconstruction"),
    (r"claude-", "claude", "claude-4.8", "reconstruction"),
    # The provider's SDK counts with Gemma's vocabulary; Gemma 3 differs in HTML tags, six of 2,521 texts.
    (r"gemini-(?:2|3-|3\.[0-5])", "gemini", "gemma4", "reconstruction"),
    (r"gemini-(?:1|pro$|pro-1|flash-1)", "gemini", "estimate", "estimate"),
    (r"gemini-", "gemini", "gemma4", "estimate"),
    (r"gemma-4", "gemma", "gemma4", "exact"),
    # Another vocabulary, of 256,000 pieces.
    (r"gemma-[12]", "gemma", "gemma4", "estimate"),
    (r"gemma-", "gemma", "gemma4", "reconstruction"),
    (r"deepseek-r1-distill-llama", "llama", "llama3", "estimate"),
    (r"deepseek-r1-(?:distill|0528)-qwen", "qwen", "qwen3", "estimate"),
    (r"deepseek-(?:chat|reasoner|flash|r1|v3|v4-)", "deepseek", "deepseek_v3", "exact"),
    (r"deepseek-v4", "deepseek", "deepseek_v3", "estimate"),
    (r"deepseek-", "deepseek", "estimate", "estimate"),
    (r"llama-3", "llama", "llama3", "exact"),
    (r"llama-4", "llama", "llama4", "estimate"),
    (r"llama-", "llama", "estimate", "estimate"),
    (
        r"qwen3\.|qwen-",
        "qwen",
        "estimate",
        "estimate",
    ),  # Qwen 3.5 has another vocabulary; who knows which qwen-max is
    (r"qwen3-(?:max|coder-(?:plus|flash))", "qwen", "qwen3", "estimate"),  # closed
    (r"qwen[23]|qwq", "qwen", "qwen3", "exact"),
    (r"glm-4\.[56]", "glm", "glm4", "exact"),
    (r"glm-", "glm", "glm4", "estimate"),  # 192 of 2,521 texts differ from 4.7 on
    # Mistral's vocabularies: v1 (32,000), the same and 768 control tokens (v2, v3), Tekken.
    (r"mistral-7b-instruct-v0\.[12]|mistral-tiny|mixtral-8x7b", "mistral", "mistral_v1", "exact"),
    (r"(?:open-)?mixtral-8x22b|mistral-7b|mistral-large-24\d\d", "mistral", "mistral_v2", "exact"),
    (r"(?:open-)?mistral-nemo|pixtral-12b|ministral-[38]b(?:-2410)?$", "mistral", "mistral_v3", "exact"),
    (r"mistral|ministral|magistral|devstral|codestral|pixtral|mixtral", "mistral", "mistral_v3", "estimate"),
    (
        r"kimi-k2",
        "kimi",
        "kimi_k2",
        "reconstruction",
    ),  # its published vocabulary, not compared with its own engine
    (r"kimi-k3", "kimi", "kimi_k3", "reconstruction"),
    (r"grok-", "grok", "estimate", "estimate"),
    (r"nova-", "nova", "estimate", "estimate"),
    (r"command-|c4ai-|north-", "cohere", "estimate", "estimate"),
    (r"minimax-|m2-her", "minimax", "estimate", "estimate"),
    (r"muse-", "muse", "estimate", "estimate"),
    (r"phi-", "phi", "estimate", "estimate"),
    (r"moonshot-", "kimi", "estimate", "estimate"),
)

#: OpenAI's, compared with the data of genai-prices 0.2.3 in November 2026: name, encoding, window, input price, and the price
#: above 272,000 tokens. Windows are the whole context, answer included. They differ from the package's where OpenAI has
#: stated another: it rounds gpt-4.1's and gpt-4-32k's, files the chat variants of gpt-5 to gpt-5.2, gpt-3.5-turbo-instruct
#: and the first gpt-3.5-turbo under larger relatives, and has none for the oldest models. Prices are list prices.
#: Open weights (gpt-oss) have none: every host has its own. Fine-tuned models have their base's window and their own price.
OPENAI = """
gpt-5.6-sol o200k_base 1050000 4 8
gpt-5.6-terra o200k_base 1050000 2 4
gpt-5.6-luna o200k_base 1050000 0.2 0.4
gpt-5.5 o200k_base 1000000 5 10
gpt-5.5-codex o200k_base 1000000 5 10
gpt-5.5-pro o200k_base 1000000 30 60
gpt-5.4 o200k_base 1050000 2.5 5
gpt-5.4-mini o200k_base 400000 0.75
gpt-5.4-nano o200k_base 400000 0.2
gpt-5.4-pro o200k_base 1050000 30 60
gpt-5.3-chat o200k_base 128000 1.75
gpt-5.3-codex o200k_base 400000 1.75
gpt-5.2 o200k_base 400000 1.75
gpt-5.2-chat o200k_base 128000 1.75
gpt-5.2-codex o200k_base 400000 1.75
gpt-5.2-pro o200k_base 400000 21
gpt-5.1 o200k_base 400000 1.25
gpt-5.1-chat o200k_base 128000 1.25
gpt-5.1-codex o200k_base 400000 1.25
gpt-5.1-codex-max o200k_base 400000 1.25
gpt-5.1-codex-mini o200k_base 400000 0.25
gpt-5 o200k_base 400000 1.25
gpt-5-chat o200k_base 128000 1.25
gpt-5-codex o200k_base 400000 1.25
gpt-5-mini o200k_base 400000 0.25
gpt-5-nano o200k_base 400000 0.05
gpt-5-pro o200k_base 400000 15
gpt-4.5-preview o200k_base 128000 75
gpt-4.1 o200k_base 1047576 2
gpt-4.1-mini o200k_base 1047576 0.4
gpt-4.1-nano o200k_base 1047576 0.1
gpt-4o o200k_base 128000 2.5
gpt-4o-2024-05-13 o200k_base 128000 5
gpt-4o-mini o200k_base 128000 0.15
gpt-4o-search-preview o200k_base 128000 2.5
gpt-4o-mini-search-preview o200k_base 128000 0.15
chatgpt-4o-latest o200k_base 128000 5
codex-mini o200k_base 200000 1.5
o1 o200k_base 200000 15
o1-mini o200k_base 128000 1.1
o1-preview o200k_base 128000 15
o1-pro o200k_base 200000 150
o3 o200k_base 200000 2
o3-mini o200k_base 200000 1.1
o3-pro o200k_base 200000 20
o3-deep-research o200k_base 200000 10
o4-mini o200k_base 200000 1.1
o4-mini-deep-research o200k_base 200000 2
gpt-oss-120b o200k_harmony 131072 -
gpt-oss-20b o200k_harmony 131072 -
gpt-oss-safeguard-20b o200k_harmony 131072 -
gpt-4-turbo cl100k_base 128000 10
gpt-4 cl100k_base 8192 30
gpt-4-32k cl100k_base 32768 60
gpt-3.5-turbo cl100k_base 16385 0.5
gpt-3.5-turbo-1106 cl100k_base 16385 1
gpt-3.5-turbo-0613 cl100k_base 4096 1.5
gpt-3.5-turbo-0301 cl100k_base 4096 1.5
gpt-3.5-turbo-16k cl100k_base 16385 3
gpt-3.5-turbo-instruct cl100k_base 4096 1.5
ft:gpt-4o o200k_base 128000 3.75
ft:gpt-4o-mini o200k_base 128000 0.3
ft:gpt-3.5-turbo cl100k_base 16385 3
text-embedding-3-small cl100k_base 8192 0.02
text-embedding-3-large cl100k_base 8192 0.13
text-embedding-ada-002 cl100k_base 8192 0.1
davinci-002 cl100k_base 16384 2
babbage-002 cl100k_base 16384 0.4
text-davinci-003 p50k_base 4097 20
code-davinci-002 p50k_base 8001 -
davinci r50k_base 2049 20
gpt2 r50k_base 1024 -
"""
LONG_INPUT = 272_000

#: Other names of the same models; those without a date or a final word that finding takes away by itself.
ALIASES = {
    "gpt-5.6-sol": "gpt-5.6",
    "gpt-5.3-chat": "gpt-5.3",
    "gpt-5.1-codex-mini": "gpt-5.1-mini",
    # By their dates alone these would be gpt-4, with a sixteenth of the window.
    "gpt-4-turbo": "gpt-4-turbo-preview gpt-4-0125-preview gpt-4-1106-preview gpt-4-vision-preview gpt-4-1106-vision-preview",
    "gpt-3.5-turbo": "gpt-35-turbo",
    "gpt-3.5-turbo-16k": "gpt-35-turbo-16k",
    "o3-mini": "o3-mini-high",
    "o4-mini": "o4-mini-high",
    "gpt2": "gpt-2",
    # Bare names mean the newest of their kind, as in Claude Code.
    "claude-opus-5-5": "opus opusplan claude-opus",
    "claude-sonnet-5-5": "sonnet claude-sonnet",
    "claude-haiku-5-5": "haiku claude-haiku",
    "claude-fable-5-2": "fable",
    "claude-mythos-5-2": "mythos",
    "claude-opus-4-0": "claude-opus-4",
    "claude-sonnet-4-0": "claude-sonnet-4",
    "gemini-3.1-pro-preview": "gemini-pro-latest",
    "deepseek-chat-v3-0324": "deepseek-v3 deepseek-v3-0324",
    "deepseek-chat-v3.1": "deepseek-v3.1",
    # Ollama's tags of these sizes are distilled into others' models.
    "deepseek-r1-distill-qwen-1.5b": "deepseek-r1:1.5b deepseek-r1:7b",
    "deepseek-r1-distill-qwen-14b": "deepseek-r1:14b deepseek-r1:8b",
    "deepseek-r1-distill-qwen-32b": "deepseek-r1:32b",
    "deepseek-r1-distill-llama-70b": "deepseek-r1:70b",
    "llama-4-scout": "llama-4",
    "mixtral-8x7b": "open-mixtral-8x7b mixtral:8x7b mixtral",
    "mixtral-8x22b-instruct": "mixtral-8x22b mixtral:8x22b",
    "mistral-7b": "mistral mistral:7b",
    "mistral-large-2512": "mistral-large-3 mistral-large-3-675b-instruct",
    "mistral-small-3.2-24b-instruct": "mistral-small-3.2 mistral-small3.2",
    "mistral-small-3.1-24b-instruct": "mistral-small-3.1 mistral-small3.1",
    "kimi-k2-0905-preview": "kimi-k2-instruct-0905",
    "kimi-k2-0711-preview": "kimi-k2-instruct",
    "qwen3-235b-a22b-2507": "qwen3-235b-a22b-instruct-2507",
    "grok-4.20": "grok-4.20-reasoning grok-4.20-non-reasoning",
    "qwen3-coder": "qwen3-coder-480b-a35b-instruct qwen3-coder-480b-a35b",
}
#: Corrections of single figures.
CORRECTED: Mapping[str, Mapping[str, Any]] = {
    # genai-prices has the first V3's 64,000; both names have stood for later versions with twice that (litellm agrees).
    # And the first V3's price at night, where both are V3.2's at any hour.
    "deepseek-chat": {"window": 131_072, "usd": 0.28, "cached": 0.028},
    "deepseek-reasoner": {"window": 131_072, "usd": 0.28, "cached": 0.028},
    # A host's limits.
    "deepseek-r1": {"input": None, "output": None},
    # Those of its first version, with an eighth of the window.
    "qwen-plus": {"input": None, "output": None},
    # Its newest version's, as litellm has them; genai-prices has those of the first.
    "mistral-large": {"window": 262_144, "usd": 0.5, "cached": 0.05},
    # It has been the first Gemini's name, and others'.
    "gemini-pro": {"usd": None, "cached": None, "tiers": []},
}
#: What the makers' model cards say of open weights: openrouter has none, or that of a host which offers less.
WINDOWS = (
    (r"llama-3-", 8_192),
    (r"llama-3\.|deepseek-r1|deepseek-(?:chat-)?v3", 131_072),
    (r"llama-4-maverick", 1_048_576),
    (r"llama-4-scout", 10_485_760),
    (r"qwen3-coder(?!-plus|-flash)|qwen3-next", 262_144),
    (r"gemini-(?:2\.5-(?:flash|pro)-preview|3-pro)", 1_048_576),
    (r"gemma-3-", 131_072),
    (r"kimi-k2$", 131_072),
)
#: Prices that begin later are left out.
TODAY = date(2026, 11, 27)
#: Encodings that split and count ordinary text as another does: they differ in special tokens only.
SAME_COUNTS = {"gpt2": "r50k_base", "p50k_edit": "p50k_base"}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("litellm", type=Path)
    limits = json.loads(parser.parse_args().litellm.read_text("utf-8"))
    rows = {row["name"]: row for row in openai(limits)}
    for row in (*first_party(limits), *litellm_only(limits), *open_router(limits), *tiktokens()):
        rows.setdefault(row["name"], row)
    named = set(rows)
    for name, row in rows.items():
        row.update(CORRECTED.get(name, {}))
        others = {*row.pop("others", ()), *ALIASES.get(name, "").split()} - named
        # Dates are taken away when a name is looked for.
        others = {
            other for other in others if re.sub(r"-(?:\d{8}|\d{4}-\d\d-\d\d|\d\d-\d\d)$", "", other) != name
        }
        # People leave out what only tells that it is not final, or when it came.
        others |= {re.sub(r"-(?:preview|\d{8}|\d\d-\d\d)$", "", name)} - named
        if others:
            row["aliases"] = sorted(others)
            named |= others
    lines = ",\n".join(
        json.dumps(
            {key: value for key, value in row.items() if value not in (None, [], ())}, separators=(",", ":")
        )
        for row in rows.values()
    )
    TARGET.write_text(f"[\n{lines}\n]\n", "utf-8")
    sys.stdout.write(f"{len(rows)} models, {TARGET.stat().st_size:,} bytes\n")
    return 0


def openai(limits: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    known = {
        info.id: info for provider in data.providers if provider.id == "openai" for info in provider.models
    }
    for line in OPENAI.strip().splitlines():
        name, encoding, window, price, *long = line.split()
        info = known.get(name)
        cached, tiers = (None, []) if info is None or price == "-" else cached_of(info)
        listed = limits.get(name, {})
        if cached is None and price != "-" and listed.get("input_cost_per_token") == float(price) / 1e6:
            # Variants, which genai-prices has as other names of their base's.
            cached = per_million(listed.get("cache_read_input_token_cost"))
        # A price above so many tokens is stated by OpenAI; the package may have it for some.
        yield {
            "name": name,
            "family": "openai",
            "encoding": encoding,
            "exactness": "exact",
            "window": int(window),
            **most(limits, [name], int(window)),
            "usd": None if price == "-" else float(price),
            "tiers": [[LONG_INPUT, float(one), tiers[0] if tiers else None] for one in long],
            "cached": cached,
        }


def first_party(limits: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for provider in data.providers:
        for info in provider.models if provider.id in FIRST_PARTY else ():
            name = plain(info.id)
            if (provider.id == "google" and name.startswith("claude")) or LEFT_OUT.search(name):
                continue
            keys = [before + one for before in FIRST_PARTY[provider.id] for one in (info.id, name)]
            row = row_of(name, info, most(limits, keys, info.context_window))
            if row is not None:
                # A name that another tokenizer goes with is another model.
                apart = {one for one in row["others"] if tokenizer_of(one) != tokenizer_of(name)}
                row["others"] -= apart
                yield {**row, **prices(info)}
                for other in sorted(apart):
                    yield {
                        **(row_of(other, info, most(limits, [], None)) or row),
                        **prices(info),
                        "others": (),
                    }


def open_router(limits: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    (provider,) = (one for one in data.providers if one.id == "openrouter")
    for info in provider.models:
        maker, _, bare = info.id.partition("/")
        name = plain(bare)
        if maker in OPEN_ROUTER and bare and not re.search(rf"{LEFT_OUT.pattern}|^gemini-", name):
            row = row_of(name, info, most(limits, [OPEN_ROUTER[maker] + bare], info.context_window))
            if row is not None:
                yield {**row, **(prices(info) if CLOSED.match(name) else {})}


def litellm_only(limits: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Newer models of two makers, which genai-prices lacks."""
    for key, found in limits.items():
        name = plain(key)
        maker = found.get("litellm_provider")
        if maker not in {"anthropic", "gemini"} or found.get("mode") != "chat" or LEFT_OUT.search(name):
            continue
        row = row_of(re.sub(r"-\d{8}$", "", name), None, most(limits, [key], None))
        # What stands for the newest of a kind is another name (ALIASES), not a model.
        if row is not None and not key.endswith("-latest"):
            yield {
                **row,
                "usd": per_million(found.get("input_cost_per_token")),
                "cached": per_million(found.get("cache_read_input_token_cost")),
            }


def tiktokens() -> Iterator[dict[str, Any]]:
    """Models that tiktoken names and nobody else has figures of."""
    others = {other for names in ALIASES.values() for other in names.split()}
    for name, encoding in MODEL_TO_ENCODING.items():
        if name in others:
            continue
        counts = SAME_COUNTS.get(encoding, encoding)
        yield {"name": name, "family": "openai", "encoding": counts, "exactness": "exact"}


def tokenizer_of(name: str) -> list[str] | None:
    return next((found for pattern, *found in TOKENIZERS if re.match(pattern, name)), None)


def row_of(name: str, info: ModelInfo | None, limits: Mapping[str, int | None]) -> dict[str, Any] | None:
    found = tokenizer_of(name)
    if found is None:
        return None
    family, encoding, exactness = found
    window = next((window for pattern, window in WINDOWS if re.match(pattern, name)), None)
    if window is None:
        window = limits["input"] if info is None else info.context_window or limits["input"]
        # genai-prices rounds Gemini's.
        window = (
            1_048_576
            if family == "gemini" and window == 1_000_000 and not name.startswith("gemini-1")
            else window
        )
    return {
        "name": name,
        "family": family,
        "encoding": encoding,
        "exactness": exactness,
        "window": window,
        **limits,
        "others": {plain(one) for one in equals(info.match if info else None) if not LEFT_OUT.search(one)}
        - {name},
    }


def plain(name: str) -> str:
    """A name as it is looked up."""
    bare = name.lower().rpartition("/")[2].removesuffix("-latest").removesuffix("-v1")
    if bare.startswith("claude-"):
        bare = bare.replace(".", "-")
    return re.sub(r"^qwen-(?=\d)", "qwen", bare)


def equals(clause: Any) -> Iterator[str]:
    if isinstance(clause, ClauseEquals):
        yield clause.equals
    elif isinstance(clause, ClauseOr):
        for one in clause.or_:
            yield from equals(one)


def most(limits: Mapping[str, Any], names: list[str], window: int | None) -> dict[str, int | None]:
    """The most tokens of input and output. More input than the window holds is another model's."""
    found = next((limits[name] for name in names if name in limits), {})
    into, out = found.get("max_input_tokens"), found.get("max_output_tokens")
    return {
        "input": into if isinstance(into, int) and (window is None or into <= window) else None,
        "output": out if isinstance(out, int) and (window is None or out <= window) else None,
    }


def price_of(info: ModelInfo) -> Any:
    """The price of today, at the hours at which it is ordinary."""
    if not isinstance(info.prices, list):
        return info.prices
    found = None
    for one in info.prices:
        assert isinstance(one, ConditionalPrice)  # noqa: S101  the package's type
        if one.constraint is None or (
            isinstance(one.constraint, StartDateConstraint) and one.constraint.start_date <= TODAY
        ):
            found = one.prices
    return found


def split(price: Any) -> tuple[float | None, list[tuple[int, float]]]:
    if price is None:
        return None, []
    if isinstance(price, TieredPrices):
        return float(price.base), [(tier.start, float(tier.price)) for tier in price.tiers]
    return float(price), []


def per_million(price: float | None) -> float | None:
    """A price of a token as one of a million."""
    return round(price * 1e6, 6) if price else None


def cached_of(info: ModelInfo) -> tuple[float | None, list[float]]:
    cached, tiers = split(price_of(info).cache_read_mtok)
    return cached, [price for _, price in tiers]


def prices(info: ModelInfo) -> dict[str, Any]:
    """US dollars per million tokens of input, and from the cache; tiers: above so many tokens, these two."""
    price, tiers = split(price_of(info).input_mtok)
    cached, cached_tiers = cached_of(info)
    return {
        "usd": price,
        "tiers": [
            [above, one, cached_tiers[number] if number < len(cached_tiers) else cached]
            for number, (above, one) in enumerate(tiers)
        ],
        "cached": cached,
    }


if __name__ == "__main__":
    sys.exit(main())
