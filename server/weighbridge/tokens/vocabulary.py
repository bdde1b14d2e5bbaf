"""OpenAI's vocabularies, as files of this package: nothing is downloaded.

tiktoken fetches its ranks at first use. Here they come with the wheel, packed by `scripts/pack_vocabularies.py`, and
go by the SHA-256 that tiktoken itself states for the file it would fetch. The content is checked each time it is loaded; that it
is also what hashes to tiktoken's SHA-256 is checked when it is packed, and by the tests (it takes as long as loading).

A packed file is zlib over: the number of ranks (4 bytes, little-endian), each rank's token length (a byte each; 0: no
token has this rank), and all tokens in the order of their ranks.
"""

import base64
import hashlib
import zlib
from dataclasses import dataclass
from importlib.resources import files
from struct import Struct
from typing import Final

from weighbridge.errors import UnknownEncodingError

_COUNT_BYTES: Final = 4
_AT_ONCE: Final = 2048
_FORMATS: Final = tuple(f"{length}s" for length in range(256))


@dataclass(frozen=True, slots=True)
class PackedVocabulary:
    """`packed`: the file's name; `digest`: SHA-256 of its content, unpacked; `size`: ranks below it are this vocabulary's."""

    packed: str
    digest: str
    size: int


_P50K_DIGEST: Final = "736a78d56de7945c4e936b69fd3753945fc4cb9c1996c88d6b456009cb981e01"

VOCABULARIES: Final = {
    "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7": PackedVocabulary(
        "cl100k_base", "79045c4dbf49c4e3b90893afbcbfd80cf94cf2b99256bd84b19ffcace49d9bd2", 100256
    ),
    "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d": PackedVocabulary(
        "o200k_base", "ba55b38e477b631966c2496061ecd7d10108501c7c47358222d9dc27c22f9422", 199998
    ),
    "94b5ca7dff4d00767bc256fdd1b27e5b17361d7b8a5f968547f9f23eb70d2069": PackedVocabulary(
        "p50k_base", _P50K_DIGEST, 50281
    ),
    "306cd27f03c1a714eca7108e03d66b7dc042abe8c258b44c199a7ed9838dd930": PackedVocabulary(
        "p50k_base", _P50K_DIGEST, 50256
    ),
}
"""By the SHA-256 of the `.tiktoken` file. GPT-3's first vocabulary is the beginning of its second."""


def ranks(sha256: str) -> dict[bytes, int]:
    """Each token's rank, of the vocabulary whose `.tiktoken` file has this SHA-256.

    Raises UnknownEncodingError if it isn't one of ours, or if the file of this installation is not what was packed.
    """
    vocabulary = VOCABULARIES.get(sha256)
    if vocabulary is None:
        raise UnknownEncodingError(
            f"no vocabulary with SHA-256 {sha256} comes with Weighbridge; is tiktoken too new?"
        )
    resource = files("weighbridge.tokens").joinpath("vocabularies", f"{vocabulary.packed}.zlib")
    try:
        content = zlib.decompress(resource.read_bytes())
    except (OSError, zlib.error) as error:
        raise UnknownEncodingError(
            f"{resource} can't be read ({error}); install Weighbridge again"
        ) from error
    if hashlib.sha256(content).hexdigest() != vocabulary.digest:
        raise UnknownEncodingError(f"{resource} is not the file that was packed; install Weighbridge again")
    return unpack(content, vocabulary.size)


def pack(tiktoken_file: bytes) -> bytes:
    """A packed file's content, before zlib, from the bytes of a `.tiktoken` file, whose ranks must rise."""
    by_rank = {
        int(rank): base64.b64decode(token) for token, rank in map(bytes.split, tiktoken_file.splitlines())
    }
    tokens = [by_rank.get(rank, b"") for rank in range(max(by_rank) + 1)]
    return len(tokens).to_bytes(_COUNT_BYTES, "little") + bytes(map(len, tokens)) + b"".join(tokens)


def unpack(content: bytes, size: int | None = None) -> dict[bytes, int]:
    """Tokens and their ranks, in the ranks' order; those below `size`, or all.

    Many are unpacked by one call, which is four times as fast as one by one, but not so many that other threads would wait.
    """
    count = int.from_bytes(content[:_COUNT_BYTES], "little")
    lengths = content[_COUNT_BYTES : _COUNT_BYTES + count]
    total = count if size is None else min(size, count)
    ranks: dict[bytes, int] = {}
    offset = _COUNT_BYTES + count
    for start in range(0, total, _AT_ONCE):
        end = min(start + _AT_ONCE, total)
        tokens = Struct("".join(map(_FORMATS.__getitem__, lengths[start:end])))
        ranks.update(zip(tokens.unpack_from(content, offset), range(start, end), strict=True))
        offset += tokens.size
    # Ranks that no token has.
    ranks.pop(b"", None)
    return ranks


def tiktoken_file(mergeable_ranks: dict[bytes, int]) -> bytes:
    """The `.tiktoken` file that holds these ranks, in their order."""
    return b"".join(b"%s %d\n" % (base64.b64encode(token), rank) for token, rank in mergeable_ranks.items())
