"""Tokenizers by name, each loaded once, when it is first asked for.

Loading takes 0.1 to 0.3 seconds and most of it holds the interpreter's lock: ask from a worker, not from the event
loop.
"""

import os
import threading
from typing import Final

from weighbridge.errors import UnknownEncodingError
from weighbridge.tokens import families, fast
from weighbridge.tokens.base import Tokenizer
from weighbridge.tokens.claude import vocabulary as claude
from weighbridge.tokens.engine import EncodingDefinition, Engine, TiktokenEngine
from weighbridge.tokens.local import LOCAL, LocalTokenizer
from weighbridge.tokens.openai import SPLITTING_RULES, OpenAITokenizer, definition

_loading: Final = threading.Lock()
_engines: Final[dict[EncodingDefinition, Engine]] = {}
_tokenizers: Final[dict[str, Tokenizer]] = {}


def encodings() -> tuple[str, ...]:
    """The names `tokenizer` takes, sorted."""
    return tuple(sorted((*SPLITTING_RULES, *claude.FAMILIES, *families.VOCABULARIES, *families.ESTIMATES)))


def count_on_all_cores() -> bool:
    """Whether what is loaded counts many texts on all cores by itself, when one thread asks."""
    return any(isinstance(engine, fast.SplintrEngine) for engine in list(_engines.values()))


def learn_aside() -> None:
    """Have what is loaded learn what it would make a key wait for later. For the loop's thread."""
    for engine in list(_engines.values()):
        if isinstance(engine, fast.SplintrEngine):
            engine.learn_aside()


def count_on_one_core() -> None:
    """Leave the other cores to others: for a process that is one of several, before it counts anything long."""
    # splintr sets up its threads when it counts the first long text; later this does nothing.
    os.environ["RAYON_NUM_THREADS"] = "1"


def tokenizer(name: str) -> Tokenizer:
    """The tokenizer of this encoding: one for all callers. Raises UnknownEncodingError. Thread-safe."""
    cached = _tokenizers.get(name)
    if cached is not None and not (isinstance(cached, LocalTokenizer) and cached.broken):
        return cached
    if name not in encodings() and not name.startswith(LOCAL):
        raise UnknownEncodingError(f"unknown encoding {name!r}; there are {', '.join(encodings())}")
    if name not in SPLITTING_RULES:
        base = tokenizer("o200k_base") if name in families.ESTIMATES or families.is_missing(name) else None
        with _loading:
            if _tokenizers.get(name) is cached:
                family = claude.FAMILIES.get(name)
                _tokenizers[name] = families.load(name, base) if family is None else _claude(family)
            return _tokenizers[name]
    defined = definition(name)
    with _loading:
        if name not in _tokenizers:
            # o200k_harmony splits and merges as o200k_base does, and so shares its engine.
            engine = _engines.get(defined) or fast.engine(defined) or TiktokenEngine(defined)
            _engines[defined] = engine
            _tokenizers[name] = OpenAITokenizer(name, defined, engine)
        return _tokenizers[name]


def _claude(family: claude.ClaudeFamily) -> Tokenizer:
    # Its tables of characters take as long to load as its vocabulary: only who counts by it waits for them.
    from weighbridge.tokens.claude.tokenizer import ClaudeTokenizer  # noqa: PLC0415

    return ClaudeTokenizer(family)
