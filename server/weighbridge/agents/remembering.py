"""Answers about texts that are read again and again, kept by the texts' digests."""

import hashlib
import threading
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

#: Characters of all texts whose answers of one kind are kept; with more, all are forgotten.
_MOST: Final = 16_000_000


def remembered(function: Callable[[str], T]) -> Callable[[str], T]:
    """A function of a text alone whose answers are kept: the files of a chain are read for each document in it.

    By the text's digest, so that no text is kept. An answer is nobody's to change.
    """
    answers: dict[bytes, T] = {}
    lock = threading.Lock()
    characters = 0

    def answer(text: str) -> T:
        nonlocal characters
        key = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        with lock:
            if key in answers:
                return answers[key]
        result = function(text)
        with lock:
            characters += len(text) + 1
            if characters > _MOST:
                answers.clear()
                characters = len(text) + 1
            answers[key] = result
        return result

    return answer
