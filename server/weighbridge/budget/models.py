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
from typing import Any, Final, overload

from weighbridge.budget.model_names import VARIANT, VERSION, spelled, split_name
from weighbridge.config.messages import plain
from weighbridge.config.settings import ModelEntry
from weighbridge.errors import UnknownModelError
from weighbridge.tokens.base import Exactness
from weighbridge.tokens.local import LOCAL

#: Characters of a name that are compared with the known ones.
_LONGEST_NAME: Final = 120
_MOST_NEAR: Final = 3
#: Characters of a known name that says something where it stands in another.
_SHORTEST_INSIDE: Final = 5


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

#: Families whose weights are open, which every host sells at a price of its own; and their makers, by all their names.
_OPEN: Final = ("deepseek", "gemma", "glm", "kimi", "llama", "minimax", "mistral", "qwen")
_MAKER: Final = re.compile(
    r"dashscope|deepseek(?:-ai)?|gemini|google|minimax(?:ai)?|mistral(?:ai)?|models|moonshot(?:ai)?|qwen|z-?ai(?:-org)?"
)
#: Bedrock's regions where Claude costs a tenth more from 4.5 on, and as much as anywhere before.
_PREMIUM: Final = frozenset(("us", "eu", "apac", "jp", "au"))
_REGIONS: Final = _PREMIUM | {"us-gov", "ca", "sa", "in"}
_BEFORE_PREMIUM: Final = re.compile(r"claude-(?:3|(?:opus|sonnet)-4-[01]$)")


#: What says nothing of a model but that it is shown.
_SHOWN: Final = ModelEntry(shown=True)


def find(name: str, added: Mapping[str, ModelEntry] | None = None) -> Model:
    """The model of a name as people write it: with a provider before it, a date, a size or a fine-tuning's names behind it.

    `added`: the setting `models`, which comes first. Where only the family is known, no figure is given but the tokenizer.

    Raises:
        UnknownModelError: nobody here knows it; the message names the nearest that are known.
    """
    for key, entry in (added or {}).items():
        if _written(key) == _written(name) and entry != _SHOWN:
            return _with(entry, key)
    model = _find(name)
    if model is None:
        raise UnknownModelError(_unknown(name, added or {}))
    return model


@lru_cache(maxsize=256)
def _find(name: str) -> Model | None:
    whom, written = split_name(name)
    written = written[:_LONGEST_NAME]
    if written.startswith("ft:"):
        base = _named(written.removeprefix("ft:").partition(":")[0])
        if base is None:
            return None
        # The window is its base's, the price is not.
        return _BY_NAME.get(f"ft:{base.name}") or _unpriced(replace(base, name=f"ft:{base.name}", aliases=()))
    model = _named(written)
    if model is None:
        return None
    if "[1m]" in written and model.family == "claude":
        model = replace(model, context_window=1_000_000, max_input=None)
    return _priced(model, whom, written)


def _priced(model: Model, whom: tuple[str, ...], written: str) -> Model:
    """A model at the price of whom one asks for it, as far as that is known."""
    # Ollama's names have a tag.
    hosted = model.family in _OPEN and (":" in written or not all(map(_MAKER.fullmatch, whom)))
    if hosted or written.endswith((":free", ":batch", ":flex")):
        return _unpriced(model)
    region = whom[-1] if whom and whom[-1] in _REGIONS else None
    if region is None or (_BEFORE_PREMIUM.match(model.name) and region in _PREMIUM):
        return model
    if model.family != "claude" or region not in _PREMIUM or model.input_usd_per_million is None:
        return _unpriced(model)
    return replace(
        model,
        input_usd_per_million=_with_premium(model.input_usd_per_million),
        cached_usd_per_million=_with_premium(model.cached_usd_per_million),
        tiers=tuple(
            Tier(
                tier.above,
                _with_premium(tier.input_usd_per_million),
                _with_premium(tier.cached_usd_per_million),
            )
            for tier in model.tiers
        ),
    )


@overload
def _with_premium(price: float) -> float: ...
@overload
def _with_premium(price: None) -> None: ...
def _with_premium(price: float | None) -> float | None:
    return None if price is None else round(price * 1.1, 6)


def _unpriced(model: Model) -> Model:
    return replace(model, input_usd_per_million=None, cached_usd_per_million=None, tiers=())


def _written(name: str) -> str:
    return split_name(name)[1]


def _named(name: str) -> Model | None:
    spelling = spelled(name)
    releases = False
    while spelling:
        model = _listed(spelling) or _listed(spelled(spelling))
        if model is not None:
            # Of these another month is another model: the tokenizer is all that they may have in common.
            another_release = releases and model.family in _OPEN
            return (
                Model(model.name, model.family, model.encoding, model.exactness) if another_release else model
            )
        shorter = VERSION.sub("", spelling)
        if shorter == spelling:
            break
        releases = releases or re.fullmatch(r"-\d{4}", spelling[len(shorter) :]) is not None
        spelling = shorter
    name = spelled(name)
    return (
        _of_size(name)
        or _of_family(name)
        or _of_family(name.replace(":", "-"))
        or (_listed(name.partition(":")[0]) if ":" in name else None)
    )


def _of_size(name: str) -> Model | None:
    """The model of a name with a tag, of which its size may stand in the table: `deepseek-r1:8b` is not of DeepSeek's making."""
    while ":" in name:
        if (model := _listed(name)) is not None:
            return model
        name = name.rpartition("-")[0] if "-" in name.partition(":")[2] else ""
    return None


def _listed(name: str) -> Model | None:
    """The model of a name; with `-` for any `.`, as some hosts write it."""
    return _BY_NAME.get(name) or _BY_DASHES.get(name.replace(".", "-"))


def _of_family(name: str) -> Model | None:
    while name:
        family = _families().get(name.replace(".", "-"))
        shorter = VERSION.sub("", VARIANT.sub("", name))
        if family is not None or shorter == name:
            return family
        name = shorter
    return None


def _with(entry: ModelEntry, name: str) -> Model:
    """A model of the setting `models`: what it says of the one it is like, or of one that nothing else is known of."""
    like = _find(entry.like or name)
    if like is None:
        if entry.like is not None:
            raise UnknownModelError(f"weighbridge.models: {plain(name)}: {_unknown(entry.like, {})}")
        if entry.encoding is None and entry.tokenizer is None:
            raise UnknownModelError(
                f"weighbridge.models: {plain(name)}: expected `encoding`, or `like` and a known model"
            )
        like = Model(name, "", entry.encoding or "", Exactness.EXACT)
    fields = entry.model_dump(exclude={"like", "shown", "tokenizer"}, exclude_none=True)
    if entry.tokenizer is not None:
        fields["encoding"] = LOCAL + entry.tokenizer
    elif fields.get("encoding", "").startswith(LOCAL):
        raise UnknownModelError(f"weighbridge.models: {plain(name)}: expected the file as `tokenizer`")
    if "encoding" in fields and fields["encoding"] != like.encoding:
        fields["exactness"] = Exactness.EXACT
    if "input_usd_per_million" in fields:
        fields = {"cached_usd_per_million": None, "tiers": (), **fields}
    return replace(like, aliases=(), **{"name": name, **fields})


def _unknown(name: str, added: Mapping[str, ModelEntry]) -> str:
    near = nearest(name, added)
    hint = f"did you mean {' or '.join(near)}? If not, " if near else ""
    return (
        f"unknown model {plain(name)!r}; {hint}"
        "`weighbridge models` lists those known; set `encoding`, or describe it in the setting `models`"
    )


def nearest(name: str, added: Mapping[str, ModelEntry]) -> list[str]:
    """The known names that are nearest to one, best first; a few. Those that are in it come first, as in a deployment's name."""
    described = (key for key, entry in added.items() if entry != _SHOWN)
    known_names, written = [*described, *_BY_NAME], spelled(_written(name))[:_LONGEST_NAME]
    inside = [
        candidate
        for candidate in known_names
        if len(candidate) >= _SHORTEST_INSIDE and re.search(rf"\b{re.escape(candidate)}\b", written)
    ]
    close = difflib.get_close_matches(written, known_names, _MOST_NEAR, 0.6)
    return [*dict.fromkeys((*sorted(inside, key=len, reverse=True), *close))][:_MOST_NEAR]


def matching(query: str) -> list[Model]:
    """The models whose name, other name or family holds the query; the one it is a name of first."""
    needle = query.strip().lower()
    exact = _find(needle) if needle else None
    models = [
        model
        for model in MODELS
        if any(needle in name for name in (model.name, model.family, *model.aliases))
    ]
    return models if exact is None else [exact, *(model for model in models if model.name != exact.name)]


def models_json(models: tuple[Model, ...] | list[Model] = MODELS) -> dict[str, Any]:
    """The models known by name."""
    return {"models": [asdict(model) for model in models]}


_BY_NAME: Final = {name: model for model in MODELS for name in (*model.aliases, model.name)}
_BY_DASHES: Final = {name.replace(".", "-"): model for name, model in _BY_NAME.items()}


@lru_cache(maxsize=1)
def _families() -> dict[str, Model]:
    """Each beginning of models' names, and what the models under it have in common: the tokenizer, and at times the window."""
    shared: dict[str, list[Model]] = {}
    for model in MODELS:
        name = model.name
        while name:
            shared.setdefault(name, []).append(model)
            shorter = VERSION.sub("", VARIANT.sub("", name))
            if shorter == name:
                break
            name = shorter
    families: dict[str, Model] = {}
    for name, models in shared.items():
        windows = {model.context_window for model in models}
        first = models[0]
        # Where their tokenizers differ, the name tells nothing.
        if len({(model.encoding, model.exactness) for model in models}) == 1:
            # Mistral's releases share a name and little else.
            window = first.context_window if len(windows) == 1 and first.family != "mistral" else None
            families[name.replace(".", "-")] = Model(
                name, first.family, first.encoding, first.exactness, window
            )
    return families
