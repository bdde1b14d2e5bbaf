"""What an installation is and whether it works: `weighbridge doctor`. Nothing private: names of settings, never values.

A finding is a line: `ok`, `note` or `FAULT`, what was looked at, what was seen, and for a fault what to do.
"""

import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from weighbridge import __version__
from weighbridge.agents.model import Agent
from weighbridge.agents.registry import AGENTS
from weighbridge.analysis import contexts
from weighbridge.cache import CountStore
from weighbridge.cache.place import place_of
from weighbridge.cache.store import CACHE_URL, url_of_the_environment
from weighbridge.config import Layer, read_folder_layer, resolve
from weighbridge.tokens.families import INSTALL
from weighbridge.tokens.registry import encodings, tokenizer

#: Seconds that the cache gets to open and to write.
_SECONDS = 60.0
_PACKAGES = ("pygls", "lsprotocol", "tiktoken", "SQLAlchemy")
_FAST = "splintr-rs"
#: Has what tokenizers disagree about; and its tokens under those that every installation has.
_SAMPLE = (
    "Grüße, 世界! It's 12,345.67 — déjà vu\t<|endoftext|>\r\n\n    def f(x):\n        return x  # 😀👩‍💻\n"
)
_KNOWN = {"cl100k_base": 48, "o200k_base": 42, "claude-4.8": 55}


@dataclass(frozen=True, slots=True)
class Sign:
    """Something that was looked at. `fault`: what to do, where something is wrong."""

    subject: str
    seen: str
    fault: str = ""

    def __str__(self) -> str:
        return f"{'FAULT' if self.fault else 'ok':<6}{self.subject}: {self.seen}{self.fault and f': {self.fault}'}"


def signs(folder: Path) -> Iterator[Sign]:
    """Everything that is looked at, in order. `folder`: whose settings and agents are looked at."""
    yield Sign("weighbridge", f"{__version__}, in {Path(__file__).parent}")
    yield Sign("Python", f"{platform.python_version()}, {sys.executable}, on {platform.platform(terse=True)}")
    yield from _packages()
    yield from _settings(folder)
    yield _cache()
    yield from _tokenizers()
    yield from _agents(folder)


def _packages() -> Iterator[Sign]:
    yield Sign("packages", ", ".join(f"{name} {version(name)}" for name in _PACKAGES))
    try:
        yield Sign("extra fast", f"{_FAST} {version(_FAST)}")
    except PackageNotFoundError:
        yield Sign("extra fast", f"not installed; Gemini, Llama, Qwen and others are estimates ({INSTALL})")


def _settings(folder: Path) -> Iterator[Sign]:
    layers: list[Layer] = []
    for place in (folder, *folder.parents):
        layer, warnings = read_folder_layer(place)
        file = place / layer.name
        if warnings or layer.values:
            names = ", ".join(sorted(map(str, layer.values))) or "nothing"
            yield Sign("settings", f"{file} sets {names}", "; ".join(warnings))
            layers = [layer]
            break
        if (place / ".git").exists():
            break
    if not layers:
        yield Sign("settings", f"no file in {folder} or above; defaults, and what your editor says")
    for warning in resolve(layers).warnings:
        yield Sign("settings", warning, "correct it there")


def _cache() -> Sign:
    warnings: list[str] = []
    store = CountStore(None, on_warning=warnings.append, on_over=warnings.remove)
    try:
        store.flush(_SECONDS)
    finally:
        store.close()
    if url_of_the_environment() is not None:
        # What is wrong with it names it; nothing else of it is anybody's business.
        return Sign("cache", f"the database that {CACHE_URL} names", "; ".join(warnings))
    place = place_of(None)
    size = place.path.stat().st_size if place.path is not None and place.path.exists() else 0
    return Sign("cache", f"{place.label}, {size:,} bytes", "; ".join(warnings))


def _tokenizers() -> Iterator[Sign]:
    """Each loads and counts; those whose count of the sample is known count that."""
    good = []
    for name in encodings():
        try:
            tokens = tokenizer(name).count(_SAMPLE)
        except Exception as error:  # noqa: BLE001  whatever it is, it is what one wants to know
            yield Sign(
                f"tokenizer {name}", f"can't be loaded ({type(error).__name__})", "install Weighbridge anew"
            )
            continue
        wanted = _KNOWN.get(name, tokens)
        if tokens != wanted:
            yield Sign(f"tokenizer {name}", f"counts {tokens} instead of {wanted}", "please report it")
        else:
            good.append(name)
    yield Sign("tokenizers", f"{len(good)} count as they should: {', '.join(good)}")


def _agents(folder: Path) -> Iterator[Sign]:
    home = Path.home()
    for loaded in contexts.load(AGENTS.values(), folder, home):
        entries = len(loaded.context.entries)
        if entries or _is_installed(loaded.agent, home):
            files = f"{entries} file{'' if entries == 1 else 's'}"
            yield Sign(loaded.agent.title, f"loads {files} in {folder} (as of {loaded.agent.as_of})")


def _is_installed(agent: Agent, home: Path) -> bool:
    return any((home / name).is_dir() for name in agent.home_folders)
