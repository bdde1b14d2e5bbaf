"""Claude's vocabularies as files of this package, and the markers that they are written with.

The pieces and the facts about them were measured by Sander Land and published as the package `ctok` (MIT; its licence
lies beside the files). `scripts/pack_claude.py` packs them; each file's digest is checked when it is loaded.

A packed file is LZMA over JSON: `pieces` (each one token, sorted), `prefixes` (the first bytes of characters that are one
token, as hexadecimal digits).
"""

import hashlib
import json
import lzma
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from weighbridge.errors import UnknownEncodingError

#: A word's beginning and end; a capital at the beginning; capitals throughout. Private use is stripped from every text, so
#: no text holds these characters.
BEGIN, END, SHIFT, CAPS = "\ue000", "\ue001", "\ue002", "\ue003"
MARKERS: Final = BEGIN + END + SHIFT + CAPS


@dataclass(frozen=True, slots=True)
class ClaudeFamily:
    """A generation of Claude's tokenizer. `frame`: tokens that a message costs besides its text.

    `frame_begins_word`: whether the frame ends in a marker that stands for a space before the text. `folds_quotes`:
    whether curly quotes are straight ones. `caps_from`: letters from which a word in capitals has a marker for it.
    """

    name: str
    packed: str
    digest: str
    frame: int
    frame_begins_word: bool
    folds_quotes: bool
    caps_from: int | None


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What a family's tokens are: pieces of marked text, and beginnings of characters in UTF-8."""

    pieces: frozenset[str]
    prefixes: frozenset[bytes]


_DIGEST_3: Final = "be1d9b9ffd8fded49d1e770fb117f8c92c77321b8a774c35c15ee23f465b9ef1"
_DIGEST_4: Final = "f13a914ede686e68cf0dc29fa06a8e5db284f7008ddfa001edcd5c5e0361409e"

FAMILIES: Final = {
    family.name: family
    for family in (
        ClaudeFamily("claude-3", "claude-3", _DIGEST_3, 7, True, True, 4),
        ClaudeFamily("claude-4.7", "claude-4.7", _DIGEST_4, 11, True, False, None),
        ClaudeFamily("claude-4.8", "claude-4.7", _DIGEST_4, 6, False, False, None),
    )
}


def load(family: ClaudeFamily) -> Vocabulary:
    """A family's vocabulary.

    Raises:
        UnknownEncodingError: the file of this installation can't be read, or is not what was packed.
    """
    resource = files("weighbridge.tokens.claude").joinpath("vocabularies", f"{family.packed}.xz")
    try:
        content = lzma.decompress(resource.read_bytes())
    except (OSError, lzma.LZMAError) as error:
        raise UnknownEncodingError(
            f"{resource} can't be read ({error}); install Weighbridge again"
        ) from error
    if hashlib.sha256(content).hexdigest() != family.digest:
        raise UnknownEncodingError(f"{resource} is not the file that was packed; install Weighbridge again")
    values = json.loads(content)
    return Vocabulary(frozenset(values["pieces"]), frozenset(map(bytes.fromhex, values["prefixes"])))
