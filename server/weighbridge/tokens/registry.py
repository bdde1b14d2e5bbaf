"""Tokenizers by name, each loaded once, when it is first asked for.

Loading takes 0.1 to 0.3 seconds and most of it holds the interpreter's lock: ask from a worker, not from the event
loop, unless `is_loaded`.
"""

import threading
from typing import Final

from tiktoken.model import MODEL_PREFIX_TO_ENCODING, MODEL_TO_ENCODING

from weighbridge.errors import UnknownEncodingError
from weighbridge.tokens import fast
from weighbridge.tokens.base import Tokenizer
from weighbridge.tokens.claude import vocabulary as claude
from weighbridge.tokens.claude.tokenizer import ClaudeTokenizer
from weighbridge.tokens.engine import Definition, Engine, TiktokenEngine
from weighbridge.tokens.openai import FAMILIES, OpenAITokenizer, definition

# Models that tiktoken's tables lack or know under a longer name only.
_MORE_PREFIXES: Final = {
    "gpt-oss": "o200k_harmony",
    "gpt-4.1": "o200k_base",
    "gpt-4.5": "o200k_base",
    "chatgpt-4o": "o200k_base",
    "codex-mini": "o200k_base",
    "o4": "o200k_base",
}

# Encodings that split and count ordinary text as another does: they differ in special tokens only.
_SAME_COUNTS: Final = {"gpt2": "r50k_base", "p50k_edit": "p50k_base"}

# Who serves OpenAI's models under OpenAI's names: `openai/gpt-4o`, `openrouter/openai/gpt-4o`, `azure:gpt-4o`.
_PROVIDERS: Final = frozenset({"openai", "azure", "azure_ai", "github", "github_copilot", "models"})

_loading: Final = threading.Lock()
_engines: Final[dict[Definition, Engine]] = {}
_tokenizers: Final[dict[str, Tokenizer]] = {}


def encodings() -> tuple[str, ...]:
    """The names `tokenizer` takes, sorted."""
    return tuple(sorted((*FAMILIES, *claude.FAMILIES)))


def is_loaded(name: str) -> bool:
    """Whether `tokenizer(name)` returns at once."""
    return name in _tokenizers


def count_on_all_cores() -> bool:
    """Whether what is loaded counts many texts on all cores by itself, when one thread asks."""
    return any(isinstance(engine, fast.SplintrEngine) for engine in list(_engines.values()))


def count_on_one_core() -> None:
    """Leave the other cores to others: for a process that is one of several, before it counts anything long."""
    fast.use_threads(1)


def tokenizer(name: str) -> Tokenizer:
    """The tokenizer of this encoding: one for all callers. Raises UnknownEncodingError. Thread-safe."""
    found = _tokenizers.get(name)
    if found is not None:
        return found
    family = claude.FAMILIES.get(name)
    if family is not None:
        with _loading:
            if name not in _tokenizers:
                _tokenizers[name] = ClaudeTokenizer(family)
            return _tokenizers[name]
    if name not in FAMILIES:
        raise UnknownEncodingError(f"unknown encoding {name!r}; there are {', '.join(encodings())}")
    defined = definition(name)
    with _loading:
        if name not in _tokenizers:
            # o200k_harmony splits and merges as o200k_base does, and so shares its engine.
            engine = _engines.get(defined) or fast.engine(defined) or TiktokenEngine(defined)
            _engines[defined] = engine
            _tokenizers[name] = OpenAITokenizer(name, defined, engine)
        return _tokenizers[name]


def encoding_for_model(model: str) -> str:
    """The encoding of one of OpenAI's models, by any of its names. Raises UnknownEncodingError for other models."""
    name = model.strip().lower()
    provider, slash, rest = name.rpartition("/")
    if slash and provider.rpartition("/")[2] in _PROVIDERS:
        name = rest
    provider, colon, rest = name.partition(":")
    if colon and provider in _PROVIDERS:
        name = rest
    found = MODEL_TO_ENCODING.get(name)
    if found is None:
        prefixes = {**MODEL_PREFIX_TO_ENCODING, **_MORE_PREFIXES}
        known = max((prefix for prefix in prefixes if _begins(name, prefix)), key=len, default=None)
        if known is None:
            raise UnknownEncodingError(
                f"no encoding is known for the model {model!r}; set `encoding` to one of {', '.join(encodings())}"
            )
        found = prefixes[known]
    return _SAME_COUNTS.get(found, found)


def _begins(name: str, prefix: str) -> bool:
    """Whether `prefix` begins `name` and ends where a part of it does: `gpt-5` begins `gpt-5.1-mini`, not `gpt-55`."""
    return name.startswith(prefix) and not (prefix[-1:].isalnum() and name[len(prefix) :][:1].isalnum())
