"""Other families' vocabularies, counted by splintr (the `fast` extra), and estimates for what no vocabulary is here for.

Borders: patterns of this kind take a blank only as their first character or after white space, and nothing but white space and
`/` after a newline; and no piece of any of these vocabularies holds a blank behind what is not white space. Gemma's has no
pattern, but no piece at all that goes on behind a newline with another character; a blank is `▁` to it, and so is `▁`. So the rules of
`tokens/borders.py` hold, but the one for the ends of words. Mistral's first two put a blank before every text: nothing joins.
"""

import importlib
import threading
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from weighbridge import disk
from weighbridge.errors import WeighbridgeError
from weighbridge.tokens import local
from weighbridge.tokens.base import Borders, Exactness, Tokenizer
from weighbridge.tokens.borders import BLANK_RULE, NEWLINE_RULE, NO_BORDERS, WHITE, PairBorders
from weighbridge.tokens.claude import vocabulary as claude
from weighbridge.tokens.engine import repaired
from weighbridge.tokens.fast import FORGET_AFTER
from weighbridge.tokens.local import LocalTokenizer

#: Where counts of the families here may be cut.
_BORDERS: Final[Borders] = PairBorders.of(BLANK_RULE, NEWLINE_RULE)
_GEMMA: Final[Borders] = PairBorders.of(rf"[^{WHITE}▁][ \t]", NEWLINE_RULE)
#: What counts exactly where it is installed.
INSTALL: Final = "pip install 'weighbridge[fast]'"
#: The version whose vocabularies were compared, by its beginning.
_COMPARED: Final = "0.22."
#: Files of workspaces that are loaded: each has a process.
_MOST_OF_WORKSPACES: Final = 4
_loading_files: Final = threading.Lock()
_files: Final[dict[str, LocalTokenizer | str]] = {}


@dataclass(frozen=True, slots=True)
class Family:
    """`nfc`: whether its tokenizer composes characters first (NFC). `remembers`: whether splintr remembers what it counted."""

    borders: Borders = _BORDERS
    nfc: bool = False
    remembers: bool = True


#: By splintr's names.
VOCABULARIES: Final = {
    "deepseek_v3": Family(),
    "gemma4": Family(_GEMMA),
    "glm4": Family(),
    "kimi_k2": Family(),
    "kimi_k3": Family(),
    "llama3": Family(),
    "mistral_v1": Family(NO_BORDERS, remembers=False),
    "mistral_v2": Family(NO_BORDERS, remembers=False),
    "mistral_v3": Family(),
    "qwen3": Family(nfc=True),
}


@dataclass(frozen=True, slots=True)
class Estimate:
    """A factor on `o200k_base`, by how many percent a text's real count may differ, and where that is known from."""

    factor: float
    percent: int
    source: str

    def __str__(self) -> str:
        return f"o200k_base \N{MULTIPLICATION SIGN} {self.factor:g}, ±{self.percent} % ({self.source})"


_ANY: Final = Estimate(1.05, 15, "the spread of the families that are known")
#: Encodings that are nothing but estimates.
ESTIMATES: Final = {
    "estimate": _ANY,
    "llama4": Estimate(0.975, 6, "Llama 4's vocabulary on prose and code"),
}


_MEASURED: Final = "measured from outside, by the provider's own counts; its tokenizer is not published"
_UNCOMPARED: Final = "the vocabulary that was published, not compared with the provider's own counts"
_ASSUMED: Final = "the nearest vocabulary that is known; by how much the model's own differs is not"
#: What it means that a model's count by a vocabulary is a reconstruction or an estimate, besides.
_MEANINGS: Final = {
    (
        "gemma4",
        Exactness.RECONSTRUCTION,
    ): "Gemma 4's vocabulary; the provider's own programs count with Gemma 3's, "
    "by which 6 of 2,521 texts differed",
    ("kimi_k2", Exactness.RECONSTRUCTION): _UNCOMPARED,
    ("kimi_k3", Exactness.RECONSTRUCTION): _UNCOMPARED,
    ("glm4", Exactness.ESTIMATE): "GLM 4.5's vocabulary, by which 192 of 2,521 texts differed",
}


@cache
def _lacking() -> str | None:
    """Why the families' vocabularies can't be had, and what to do; None if they can. No vocabulary is loaded."""
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415  starting is what users feel

    try:
        release = version("splintr-rs")
    except PackageNotFoundError:
        return f"{INSTALL} counts exactly"
    if not release.startswith(_COMPARED):
        return f"splintr-rs {release} was not compared; {INSTALL} installs one that was, which counts exactly"
    try:
        importlib.import_module("splintr")
    except Exception as error:  # noqa: BLE001  whatever a broken package raises
        again = INSTALL.replace("install", "install --force-reinstall")
        return f"splintr-rs {release} can't be loaded ({type(error).__name__}); {again} mends it"
    return None


def _local(name: str) -> LocalTokenizer | str:
    """The tokenizer of a file, or why there is none."""
    entry = _files.get(name)
    if entry is None:
        with _loading_files:
            entry = _files[name] = _files.get(name) or _load_file(name)
    broken = entry if isinstance(entry, str) else entry.broken
    return entry if broken is None else broken


def _load_file(name: str) -> LocalTokenizer | str:
    if (lacking := _lacking()) is not None:
        return lacking
    loaded = sum(
        disk.WITHIN in file_name and not isinstance(entry, str) for file_name, entry in _files.items()
    )
    if disk.WITHIN in name and loaded >= _MOST_OF_WORKSPACES:
        return f"workspaces may bring {_MOST_OF_WORKSPACES} such files"
    try:
        return local.load(name)
    except (OSError, ValueError, WeighbridgeError) as error:
        return f"it can't be used: {getattr(error, 'strerror', None) or error}"


def load(name: str, base: Tokenizer | None) -> Tokenizer:
    """The tokenizer of a family, or of a file. `base`: `o200k_base`, for what is estimated."""
    if base is not None:
        return EstimateTokenizer(name, ESTIMATES.get(name, _ANY), base)
    if isinstance(tokenizer := _files.get(name), LocalTokenizer):
        return tokenizer
    return VocabularyTokenizer(name, importlib.import_module("splintr"))


def note(name: str) -> str | None:
    """What there is to say of a count by this encoding; None where nothing is."""
    if name in ESTIMATES:
        return str(ESTIMATES[name])
    why = _local(name) if name.startswith(local.LOCAL) else _lacking()
    return f"{_ANY}; {why}" if is_missing(name) else None


def exactness_note(name: str, exactness: Exactness) -> str | None:
    """The meaning of a count by this encoding that is not exact, for people; None where there is nothing to say."""
    if (text := note(name)) is not None:
        return text
    if name in claude.FAMILIES:
        return _MEASURED
    return _MEANINGS.get((name, exactness), _ASSUMED if exactness is Exactness.ESTIMATE else None)


def is_missing(name: str) -> bool:
    """Whether this encoding is estimated only because its vocabulary isn't here. Loads a file's: a worker's work, once."""
    if name.startswith(local.LOCAL):
        return isinstance(_local(name), str)
    return name in VOCABULARIES and _lacking() is not None


class VocabularyTokenizer:
    """A family's published vocabulary, counted by splintr. Thread-safe."""

    exactness: Final = Exactness.EXACT

    def __init__(self, name: str, splintr: Any) -> None:
        self.name: Final = name
        self.version: Final = f"splintr-{splintr.__version__}-{name}"
        self._family = VOCABULARIES[name]
        self._tokenizer = splintr.Tokenizer.from_pretrained(name)
        self._since_forgetting = 0

    @property
    def borders(self) -> Borders:
        return self._family.borders

    def count(self, text: str) -> int:
        """Tokens of `text`: what spells a special token is text."""
        self._since_forgetting += len(text)
        if self._family.remembers and self._since_forgetting >= FORGET_AFTER:
            self._since_forgetting = 0
            self._tokenizer.clear_cache()
        if self._family.nfc and not text.isascii():
            text = unicodedata.normalize("NFC", repaired(text))
        try:
            return len(self._tokenizer.encode_ordinary(text))
        except UnicodeEncodeError:
            return len(self._tokenizer.encode_ordinary(repaired(text)))


class EstimateTokenizer:
    """Another encoding's count times a factor. Without borders: rounded parts would not add up to the rounded whole."""

    exactness: Final = Exactness.ESTIMATE
    borders: Final[Borders] = NO_BORDERS

    def __init__(self, name: str, estimate: Estimate, base: Tokenizer) -> None:
        self.name: Final = name
        self.version: Final = f"{base.version}-x{estimate.factor}"
        self.base: Final = base
        self._factor = estimate.factor

    def count(self, text: str) -> int:
        """About how many tokens `text` has."""
        return self.scaled(self.base.count(text))

    def scaled(self, tokens: int) -> int:
        """About how many tokens a text has that has so many of the other encoding's."""
        return round(tokens * self._factor)
