"""How well a name fits what is typed of it: the same for files, headings and variables."""

from enum import IntEnum


class Fit(IntEnum):
    """The closer, the smaller."""

    BEGINS = 0
    HOLDS = 1
    IN_ORDER = 2


def fit_of(typed: str, name: str) -> Fit | None:
    """How a name fits, whatever the case: it begins with what is typed, holds it, or holds its letters in order, the first one first.

    None if it doesn't. A name behind a dot is meant if a dot is typed. What fits more letters fits fewer of them too.
    """
    return fit_of_folded(typed.casefold(), name.casefold())


def fit_of_folded(wanted: str, text: str) -> Fit | None:
    """The same of both in lower case (`casefold`)."""
    if text.startswith(wanted):
        return Fit.BEGINS
    if wanted in text and wanted[0] != ".":
        return Fit.HOLDS
    if wanted[0] != text[:1]:
        return None
    letters = iter(text)
    return Fit.IN_ORDER if all(letter in letters for letter in wanted) else None
