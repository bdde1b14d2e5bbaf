"""What is remembered of a text: plain values, made and looked up by the thousand."""

from typing import NamedTuple


class CountKey(NamedTuple):
    """Whose count it is: the text by its digest (32 bytes), the tokenizer by its name and version."""

    digest: bytes
    tokenizer: str
    version: str


class Counted(NamedTuple):
    """The count of a text, and enough to make its summary again from the text's two ends.

    `tokens`: of the whole text standing alone. `chars`: code points of it. `head_chars`, `tail_chars`: code points of
    the fragments before its first border and after its last, with their tokens. A text without an inner border is all
    head and has no tail.
    """

    tokens: int
    chars: int
    head_chars: int
    head_tokens: int
    tail_chars: int
    tail_tokens: int

    @property
    def sound(self) -> bool:
        """Whether the numbers can be those of a text. A database may hold anything."""
        if self.tail_chars == 0:
            return self.head_chars == self.chars >= 0 and self.head_tokens == self.tokens >= 0
        ends = self.head_chars + self.tail_chars
        return (
            0 < self.head_chars < ends <= self.chars
            and min(self.head_tokens, self.tail_tokens) >= 0
            and self.head_tokens + self.tail_tokens <= self.tokens
        )
