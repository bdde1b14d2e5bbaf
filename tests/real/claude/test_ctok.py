"""Claude's counts against the package that measured them, installed beside this project: `make claude`."""

import random
import sys
import unicodedata
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


def _random(count: int) -> list[str]:
    chance = random.Random(20261127)
    return ["".join(chance.choices(PIECES, k=chance.randint(1, 14))) for _ in range(count)]


def _characters() -> list[str]:
    # What Python's own tables know: the package goes by them, Weighbridge by newer ones.
    known = [chr(code) for code in range(0x20000) if unicodedata.category(chr(code)) not in ("Cn", "Cs")]
    return [f"{one}a{one}b 1{one}1 {one} b" for one in known]


def _documents() -> list[str]:
    paths = [path for suffix in ("md", "py", "toml", "ts") for path in sorted(ROOT.rglob(f"*.{suffix}"))]
    ours = [path for path in paths if not {".venv", ".peers", "node_modules", ".editors"} & set(path.parts)]
    return [path.read_text(encoding="utf-8")[:20_000] for path in ours][::8]


@pytest.mark.parametrize(
    "texts", [_random, _characters, _documents], ids=["random", "characters", "documents"]
)
@pytest.mark.parametrize("name", VERSIONS)
def test_counts_are_the_same(name: str, texts: object) -> None:
    made = _random(5_000) if texts is _random else texts()  # type: ignore[operator]
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
