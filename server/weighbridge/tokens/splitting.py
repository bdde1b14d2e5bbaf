"""A text's tokens themselves, for people to look at: their numbers, their bytes, and the characters they are of."""

import threading
from dataclasses import dataclass
from typing import Final

from tiktoken._tiktoken import CoreBPE

from weighbridge.tokens import vocabulary
from weighbridge.tokens.base import Tokenizer
from weighbridge.tokens.engine import repaired
from weighbridge.tokens.openai import definition

#: Characters of a text that is split: people look at a screen's worth.
MOST_CHARACTERS: Final = 200_000


@dataclass(frozen=True, slots=True)
class Split:
    """Characters [start, end) of a text and the tokens they are: one, or several that share a character."""

    start: int
    end: int
    ids: tuple[int, ...]
    data: bytes


_cores: dict[str, CoreBPE] = {}
_loading = threading.Lock()


def split(text: str, tokenizer: Tokenizer) -> list[Split]:
    """Split a text of at most `MOST_CHARACTERS` as its tokenizer does. Slow at first: a worker's work.

    A text that holds halves of characters in pairs, which are one character to the tokenizer, is not split.
    """
    text = text[:MOST_CHARACTERS]
    whole = repaired(text)
    if len(whole) != len(text):
        return []
    core = _core(tokenizer.name)
    splits: list[Split] = []
    start = at = 0
    ids: list[int] = []
    data = b""
    for number in core.encode_ordinary(whole):
        ids.append(number)
        data += core.decode_single_token_bytes(number)
        try:
            characters = len(data.decode())
        except UnicodeDecodeError:
            # The token ends within a character: the next one has the rest of it.
            continue
        at = start + characters
        splits.append(Split(start, at, tuple(ids), data))
        start, ids, data = at, [], b""
    return splits


def split_between(before: str, text: str, after: str, tokenizer: Tokenizer) -> list[Split]:
    """Split a stretch of a longer text: as it is split there. Places are those in `text`.

    `before` and `after`: what stands around it, or the part next to it; tokens are sure from the first border in `before`
    up to the last in `after`. An empty stretch holds no token, in the middle of one neither.
    """
    if not text:
        return []
    whole = before + text + after
    borders = tokenizer.borders
    first = borders.first(whole, 0, len(before) + 1) if before else 0
    last = borders.last(whole, len(before) + len(text) - 1) if after else len(whole)
    start, end = max(first, 0), last if last > 0 else len(whole)
    shift = start - len(before)
    return [
        Split(piece.start + shift, piece.end + shift, piece.ids, piece.data)
        for piece in split(whole[start:end], tokenizer)
        if piece.end + shift > 0 and piece.start + shift < len(text)
    ]


def _core(name: str) -> CoreBPE:
    with _loading:
        if name not in _cores:
            defined = definition(name)
            _cores[name] = CoreBPE(vocabulary.ranks(defined.sha256), {}, defined.pattern)
        return _cores[name]
