"""Fuzzy matching: how well a name matches the letters typed of it, the same for files, headings and variables."""

import unicodedata
from collections.abc import Iterable, Iterator
from enum import IntEnum


class Match(IntEnum):
    """How closely a name matches what is typed: the closer, the smaller."""

    BEGINS = 0
    HOLDS = 1
    IN_ORDER = 2


def match_of(typed: str, name: str) -> Match | None:
    """How a name matches, whatever the case: it begins with what is typed, holds it, or holds its letters in order, the first one first.

    None if it doesn't. A name behind a dot is meant if a dot is typed. What matches more letters matches fewer of them too.
    """
    return match_of_folded(typed.casefold(), name.casefold())


def match_of_folded(wanted: str, text: str) -> Match | None:
    """The same of both in lower case (`casefold`)."""
    if text.startswith(wanted):
        return Match.BEGINS
    if wanted in text and wanted[0] != ".":
        return Match.HOLDS
    if wanted[0] != text[:1]:
        return None
    letters = iter(text)
    return Match.IN_ORDER if all(letter in letters for letter in wanted) else None


def looks_like(name: str, other: str) -> bool:
    """Whether two names look the same and are not: an accent is a character of its own in one (NFD), not in the other (NFC)."""
    return name != other and unicodedata.normalize("NFC", name) == unicodedata.normalize("NFC", other)


def form_of(name: str) -> str:
    """How a name's accents are written: `NFC` (as parts of letters) or `NFD` (as characters of their own)."""
    return "NFC" if unicodedata.is_normalized("NFC", name) else "NFD"


#: Characters of a name, without its ending, in which one may be wrong; and of the longest one that is looked at for that.
_SHORTEST, _LONGEST = 4, 40


class Slips:
    """Names, to find the one that was meant: it differs in case alone, or by one character that is wrong, missing, too many, or
    swapped with the next. Looking one up costs its length, not the number of names. Immutable; any thread may use it.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._names: dict[str, str] = {}
        self._shorter: dict[str, list[str]] = {}
        for name in sorted(names):
            folded_name = folded(name)
            self._names.setdefault(folded_name, name)
            for shorter in _shorter(folded_name):
                self._shorter.setdefault(shorter, []).append(folded_name)

    def meant(self, word: str) -> str | None:
        """The name that was meant by another word; None if there is none."""
        looked_for = folded(word)
        if looked_for in self._names:
            name = self._names[looked_for]
            return None if name == word else name
        near = {candidate for shorter in _shorter(looked_for) for candidate in self._shorter.get(shorter, ())}
        return min(
            (self._names[candidate] for candidate in near if _one_slip(looked_for, candidate)), default=None
        )


def folded(name: str) -> str:
    """A name as it looks, whatever its case."""
    return unicodedata.normalize("NFC", name).casefold()


def _shorter(name: str) -> Iterator[str]:
    """A name, and all that it is without one of its characters."""
    if len(name.rpartition(".")[0] or name) >= _SHORTEST and len(name) <= _LONGEST:
        yield name
        yield from {name[:at] + name[at + 1 :] for at in range(len(name))}


def _one_slip(word: str, near: str) -> bool:
    """Whether names that are the same without a character of each differ by one slip."""
    differ = [at for at, (a, b) in enumerate(zip(word, near, strict=False)) if a != b]
    if len(word) != len(near) or len(differ) <= 1:
        return True
    first, second = differ[0], differ[-1]
    return (
        len(differ) == 2
        and second == first + 1
        and word[first] == near[second]
        and word[second] == near[first]
    )
