"""How much of skills' descriptions Codex lists. The rule is its source's; what its own skills take was made from recordings."""

from collections.abc import Sequence
from typing import Final

#: The share of the model's window that the listing may use, and bytes that Codex takes for a token.
_SHARE: Final = 0.02
_BYTES_PER_TOKEN: Final = 4
#: Tokens of the table of roots; and Codex's own skills, which come first: bytes of a line, and of its description.
_TABLE: Final = 20
_OWN: Final = ((41, "x" * 656), (47, "x" * 447), (53, "x" * 397))


def listed_lengths(skills: Sequence[tuple[int, str]], window: int) -> list[int | None]:
    """Characters of each skill's description that are listed; None where the skill is left out.

    `skills`: bytes of a line without a description, and the description. `window`: the model's, in tokens. Where not all
    has room, every description gets a character in turn; where there is none for any, the last skills are left out.
    """
    lines = [*_OWN, *skills]
    room = int(window * _SHARE) - _TABLE
    least = [_tokens(size) for size, _ in lines]
    if sum(least) > room:
        lengths: list[int | None] = []
        for cost in least:
            lengths.append(0 if cost <= room else None)
            room -= cost if cost <= room else 0
        return lengths[len(_OWN) :]
    if sum(_tokens(size + 1 + len(text.encode())) for size, text in lines) <= room:
        return [len(text) for _, text in skills]
    shared: list[int | None] = [*_shared(lines, least, room - sum(least))]
    return shared[len(_OWN) :]


def _shared(lines: Sequence[tuple[int, str]], least: Sequence[int], room: int) -> list[int]:
    """The characters of each description, given out one at a time."""
    lengths = [0] * len(lines)
    sizes = [size + 1 for size, _ in lines]
    spent = [*least]
    growing = [*range(len(lines))]
    while growing:
        grown = []
        for at in growing:
            text = lines[at][1]
            if lengths[at] == len(text):
                continue
            size = sizes[at] + len(text[lengths[at]].encode())
            more = _tokens(size) - spent[at]
            # Who finds no room now finds none later.
            if more <= room:
                room -= more
                spent[at] += more
                sizes[at] = size
                lengths[at] += 1
                grown.append(at)
        growing = grown
    return lengths


def _tokens(size: int) -> int:
    return -(-size // _BYTES_PER_TOKEN)
