"""tiktoken as it is: its own constructors and encodings, but for the download."""

from functools import cache
from typing import Any

import pytest
import tiktoken
from tiktoken_ext import openai_public

from weighbridge.tokens import vocabulary

NAMES = ("cl100k_base", "o200k_base", "o200k_harmony", "p50k_base", "r50k_base")


def arguments(name: str) -> dict[str, Any]:
    """What tiktoken's constructor of this encoding returns."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            openai_public, "load_tiktoken_bpe", lambda _url, expected_hash: vocabulary.ranks(expected_hash)
        )
        return dict(openai_public.ENCODING_CONSTRUCTORS[name]())


@cache
def encoding(name: str) -> tiktoken.Encoding:
    return tiktoken.Encoding(**arguments(name))


def tokens(name: str, text: str) -> list[int]:
    return encoding(name).encode_ordinary(text)
