"""Tokenizers from a user's own Hugging Face `tokenizer.json`, counted by splintr (the `fast` extra). Nothing is fetched.

Such a file holds patterns of its own, which may take any time: none is taken from a repository's settings.
"""

import hashlib
import importlib
from pathlib import Path
from typing import Any, Final

from weighbridge import disk
from weighbridge.tokens.base import Borders, Exactness
from weighbridge.tokens.borders import NO_BORDERS
from weighbridge.tokens.engine import repaired

#: What the encoding of such a file begins with; its path follows.
LOCAL: Final = "tokenizer:"
#: Bytes of the largest file that is loaded: the largest known are half of it.
LARGEST: Final = 64 * 1024 * 1024


class LocalTokenizer:
    """A file's tokenizer. Without borders: nothing is proven for its pattern."""

    exactness: Final = Exactness.EXACT
    borders: Final[Borders] = NO_BORDERS

    def __init__(self, name: str, data: bytes) -> None:
        """Raises ValueError if it can't be understood."""
        splintr: Any = importlib.import_module("splintr")
        self.name: Final = name
        self.version: Final = f"splintr-{splintr.__version__}-{hashlib.sha256(data).hexdigest()}"
        self._encode = splintr.from_json_bytes(data).encode_ordinary
        #: Tokens that it puts around every text.
        self._around = len(self._encode(""))
        self.count("A text to try it with: it's 日本語.\n")

    def count(self, text: str) -> int:
        """Tokens of `text`: what spells a special token is text."""
        try:
            return max(0, len(self._encode(text)) - self._around)
        except UnicodeEncodeError:
            return max(0, len(self._encode(repaired(text))) - self._around)


def load(name: str) -> LocalTokenizer:
    """The tokenizer of an encoding that begins with `LOCAL`. Raises OSError, ValueError: it can't be used."""
    with disk.opened(disk.followed(Path(name.removeprefix(LOCAL)))) as (descriptor, found):
        if found.st_size > LARGEST:
            raise ValueError(f"larger than {LARGEST:,} bytes")
        with open(descriptor, "rb", closefd=False) as file:
            data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise ValueError(f"larger than {LARGEST:,} bytes")
    return LocalTokenizer(name, data)
