"""Models by the names that people write: tokenizer, windows, prices.

The table is made at release time (`scripts/pack_models.py` says from what, and has the corrections with their reasons).
Prices are list prices of ordinary input in US dollars per million tokens, without batch discounts. What nobody states is None:
no figure is made up.
"""

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

from weighbridge.config.messages import plain
from weighbridge.config.settings import ModelEntry
from weighbridge.errors import UnknownModelError
from weighbridge.tokens.base import Exactness

#: Characters of a name that are compared with the known ones.
_LONGEST_NAME: Final = 120
_MOST_NEAR: Final = 3


@dataclass(frozen=True, slots=True)
class Tier:
    """The prices of an input of more than `above` tokens: of all of it, not only of what is beyond."""

    above: int
    input_usd_per_million: float
    cached_usd_per_million: float | None


@dataclass(frozen=True, slots=True)
class Model:
    """`exactness`: how sure it is that `encoding` is the model's own. `context_window`, `max_input`, `max_output`: tokens."""

    name: str
    family: str
    encoding: str
    exactness: Exactness
    context_window: int | None = None
    max_input: int | None = None
    max_output: int | None = None
    input_usd_per_million: float | None = None
    cached_usd_per_million: float | None = None
    tiers: tuple[Tier, ...] = ()
    aliases: tuple[str, ...] = ()


def _read() -> Iterator[Model]:
    for row in json.loads((files("weighbridge.budget") / "models.json").read_text("utf-8")):
        yield Model(
            row["name"],
            row["family"],
            row["encoding"],
            Exactness(row["exactness"]),
            row.get("window"),
            row.get("input"),
            row.get("output"),
            row.get("usd"),
            row.get("cached"),
            tuple(Tier(*tier) for tier in row.get("tiers", ())),
            tuple(row.get("aliases", ())),
        )


MODELS: Final = tuple(_read())

#: What stands behind the name of one and the same model: a date, a state, `@default`, `[1m]`, Bedrock's `-v1:0`.
_VERSION: Final = re.compile(
    r"(?:-v?\d:\d(?::\w+)?|:(?:free|batch|beta|extended|latest|thinking)|@[\w.-]*|\[1m\]|-\d{4}-\d{2}-\d{2}|-\d{8}|-\d{6}|"
    r"-\d{2}-\d{4}|-\d{2}-\d{2}|-\d{4}|-00\d|-(?:preview|latest|exp|experimental|beta|maas|thinking|v1|minimal|low|medium|high|xhigh))$"
)
#: What stands behind the name of a family: sizes, formats, tasks, hosts' own words, and Ollama's tag.
_VARIANT: Final = re.compile(
    r"(?::[\w.-]*|-(?:e?\d+(?:\.\d+)?[bmkt]|a\d+(?:\.\d+)?b|\d+x\d+b|\d+e|instruct|it|chat|base|hf|vision|text|"
    r"fp\d+|bf16|int[48]|awq|gptq|gguf|mlx|q\d\w*|\d+bit|cloud|versatile|instant|turbo|fast|tput|vl|v0\.\d))$"
)
_PROVIDER: Final = re.compile(
    r"^(?:openai|azure|azure-ai|anthropic|claude|google|google-gla|google-vertex|vertex|vertexai|gemini|bedrock|mistral|groq|"
    r"deepseek|openrouter|together|fireworks|cohere|xai|x-ai|ollama|moonshot|zai|github|models|litellm|huggingface|cerebras):"
)
#: Bedrock's: `us.anthropic.`, `global.anthropic.`, `meta.`.
_BEDROCK: Final = re.compile(
    r"(?:(?:us|us-gov|eu|apac|jp|au|ca|sa|global)\.)?(?:anthropic|amazon|meta|mistral|deepseek|qwen|openai|cohere|"
    r"moonshot|moonshotai|minimax|zai|google)\."
)
_KINDS: Final = "opus|sonnet|haiku|fable|mythos"


def find(name: str, added: Mapping[str, ModelEntry] | None = None) -> Model:
    """The model of a name as people write it: with a provider before it, a date, a size or a fine-tuning's names behind it.

    `added`: the setting `models`, which comes first. Where only the family is known, no figure is given but the tokenizer.

    Raises:
        UnknownModelError: nobody here knows it; the message names the nearest that are known.
    """
    for entry, key in ((one, key) for key, one in (added or {}).items() if _written(key) == _written(name)):
        return _with(entry, key)
    found = _find(name)
    if found is None:
        raise UnknownModelError(_unknown(name, added or {}))
    return found


@lru_cache(maxsize=256)
def _find(name: str) -> Model | None:
    written = _written(name)[:_LONGEST_NAME]
    if written.startswith("ft:"):
        base = _named(written.removeprefix("ft:").partition(":")[0])
        if base is None:
            return None
        own = _BY_NAME.get(f"ft:{base.name}")
        # The window is its base's, the price is not.
        without: dict[str, Any] = {
            "input_usd_per_million": None,
            "cached_usd_per_million": None,
            "tiers": (),
            "aliases": (),
        }
        return own or replace(base, name=f"ft:{base.name}", **without)
    return _named(written)


def _written(name: str) -> str:
    """A name without whom one asks for the model: `openrouter/openai/gpt-5`, `openai:gpt-5`, `us.anthropic.…`."""
    bare = re.sub(r"[\s_]+", "-", name.lower().rpartition("/")[2].strip())
    bare = _PROVIDER.sub("", bare)
    bedrock = _BEDROCK.match(bare)
    if bedrock is None:
        return bare
    rest = bare[bedrock.end() :]
    # `deepseek.r1-v1:0` leaves out what others write twice.
    return f"deepseek-{rest}" if bedrock[0].endswith("deepseek.") and rest[:1] in "rv" else rest


def _named(name: str) -> Model | None:
    known = _spelled(name)
    while known:
        found = _BY_NAME.get(known) or _BY_NAME.get(_spelled(known))
        if found is not None:
            return found
        shorter = _VERSION.sub("", known)
        if shorter == known:
            break
        known = shorter
    return _of_family(_spelled(name))


def _of_family(name: str) -> Model | None:
    while name:
        found = _families().get(name)
        shorter = _VERSION.sub("", _VARIANT.sub("", name))
        if found is not None or shorter == name:
            return found
        name = shorter
    return None


def _spelled(name: str) -> str:
    """A name as the table spells it: `gpt-5.4` for `gpt-5-4`, `claude-opus-4-5` for `claude-4.5-opus`, `llama-3.1` for `llama3.1`."""
    name = re.sub(r"^gpt-([56])-(\d)(?=-(?!\d)|-\d{4}-|$)", r"gpt-\1.\2", name)
    name = re.sub(rf"^(?=(?:{_KINDS})-\d)", "claude-", name)
    if name.startswith("claude"):
        name = re.sub(r"(?<=\d)\.(?=\d)", "-", name)
        name = re.sub(rf"^claude-([4-9])(?:-(\d))?-({_KINDS})\b", _reordered, name)
        name = re.sub(rf"^claude-({_KINDS})-3(-[57])?(?=$|-\d{{8}})", r"claude-3\2-\1", name)
    name = re.sub(r"^(?:meta-)?llama-?(\d)(?:[.-](\d)(?![\d.]*[bx]))?", _llama, name)
    name = re.sub(r"^qwen-(?=\d)", "qwen", name)
    name = re.sub(
        r"^(gemma|glm|kimi-k|phi)-?(?=\d)",
        lambda found: found[1] + ("" if found[1] == "kimi-k" else "-"),
        name,
    )
    name = re.sub(r"^gemini-(\d)-(\d)-", r"gemini-\1.\2-", name)
    return re.sub(r"^deepseek-(?:ai-)?(?=v\d|r\d)", "deepseek-", name)


def _reordered(found: re.Match[str]) -> str:
    return f"claude-{found[3]}-{found[1]}" + (f"-{found[2]}" if found[2] else "")


def _llama(found: re.Match[str]) -> str:
    return f"llama-{found[1]}" + (f".{found[2]}" if found[2] else "")


def _with(entry: ModelEntry, name: str) -> Model:
    """A model of the setting `models`: what it says of the one it is like, or of one that nothing else is known of."""
    like = _find(entry.like or name)
    if like is None:
        if entry.like is not None:
            raise UnknownModelError(f"weighbridge.models: {plain(name)}: {_unknown(entry.like, {})}")
        if entry.encoding is None:
            raise UnknownModelError(
                f"weighbridge.models: {plain(name)}: expected `encoding`, or `like` and a known model"
            )
        like = Model(name, "", entry.encoding, Exactness.EXACT)
    said = entry.model_dump(exclude={"like"}, exclude_none=True)
    if "encoding" in said and said["encoding"] != like.encoding:
        said["exactness"] = Exactness.EXACT
    if "input_usd_per_million" in said:
        said = {"cached_usd_per_million": None, "tiers": (), **said}
    return replace(like, aliases=(), **{"name": name, **said})


def _unknown(name: str, added: Mapping[str, ModelEntry]) -> str:
    near = nearest(name, added)
    meant = f"did you mean {' or '.join(near)}? If not, " if near else ""
    return (
        f"unknown model {plain(name)!r}; {meant}"
        "`weighbridge models` lists those known; set `encoding`, or describe it in the setting `models`"
    )


def nearest(name: str, added: Mapping[str, ModelEntry]) -> list[str]:
    """The known names that are nearest to one, best first; a few."""
    known = [*added, *_BY_NAME]
    return difflib.get_close_matches(_spelled(_written(name))[:_LONGEST_NAME], known, _MOST_NEAR, 0.6)


def matching(query: str) -> list[Model]:
    """The models whose name, other name or family holds the query; the one it is a name of first."""
    wanted = query.strip().lower()
    exact = _find(wanted) if wanted else None
    found = [
        model for model in MODELS if any(wanted in one for one in (model.name, model.family, *model.aliases))
    ]
    return found if exact is None else [exact, *(model for model in found if model.name != exact.name)]


def models_json(models: tuple[Model, ...] | list[Model] = MODELS) -> dict[str, Any]:
    """The models known by name."""
    return {"models": [asdict(model) for model in models]}


_BY_NAME: Final = {name: model for model in MODELS for name in (*model.aliases, model.name)}


@lru_cache(maxsize=1)
def _families() -> dict[str, Model]:
    """What is known of names without sizes: the tokenizer alone."""
    found: dict[str, Model] = {}
    shared: dict[str, set[tuple[str, Exactness]]] = {}
    for model in MODELS:
        name = model.name
        while name:
            shared.setdefault(name, set()).add((model.encoding, model.exactness))
            found.setdefault(name, Model(name, model.family, model.encoding, model.exactness))
            shorter = _VERSION.sub("", _VARIANT.sub("", name))
            if shorter == name:
                break
            name = shorter
    # Where those of one name differ, it tells nothing.
    return {name: model for name, model in found.items() if len(shared[name]) == 1}
