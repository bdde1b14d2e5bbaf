"""Work that is done some at a time: a generator that stops after so many items, and returns what it made at its end."""

from collections.abc import Generator
from typing import Final, TypeVar

T = TypeVar("T")
Steps = Generator[None, None, T]

#: Items of a step: one to three milliseconds' worth. A turn of the loop may do some steps of several kinds.
ITEMS: Final = 256


def finish(steps: Steps[T]) -> T:
    """Do what is left of it at once."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]  # typed as anything
