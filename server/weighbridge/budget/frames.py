"""The tokens that a message has besides its text: markers, its role, the answer's beginning. Never a part of a text's count."""

import re
from dataclasses import dataclass
from typing import Final

from weighbridge.budget.models import Model
from weighbridge.tokens.claude.vocabulary import FAMILIES

#: Those that OpenAI's cookbook ("How to count tokens with tiktoken") tells it of: three tokens a message, its role, three for the
#: answer. Of others nothing is published.
_COOKBOOK: Final = re.compile(r"(?:ft:)?gpt-(?:3\.5-turbo|4|4-32k|4-turbo|4o|4o-mini)(?:-\d[\d-]*)?")
_COOKBOOK_TOKENS: Final = 7


@dataclass(frozen=True, slots=True)
class Frame:
    """Tokens of a request of one user's message besides its text, and how that is known."""

    tokens: int
    source: str

    def __str__(self) -> str:
        return f"a message adds {self.tokens} tokens around its text ({self.source})"


def frame_of(encoding: str, model: Model | None) -> Frame | None:
    """What a message costs besides its text; None where it is neither documented nor measured."""
    if encoding in FAMILIES:
        return Frame(FAMILIES[encoding].frame, "measured")
    if model is not None and _COOKBOOK.fullmatch(model.name):
        return Frame(_COOKBOOK_TOKENS, "OpenAI's cookbook")
    return None
