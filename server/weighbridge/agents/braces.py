"""What the braces and parentheses of a glob stand for."""

import re
from collections.abc import Iterable, Iterator

_GROUP = re.compile(r"\{(?P<list>[^{}]*)\}|(?P<sign>[@?]?)\((?P<names>[^()]*)\)")
_RANGE = re.compile(r"(-?\d{1,9}|[A-Za-z])\.\.(-?\d{1,9}|[A-Za-z])(?:\.\.(-?\d{1,9}))?")


def alternatives(pattern: str, *, bare: bool = False) -> Iterator[str]:
    """A pattern's alternatives, one for each choice in `{a,b}`, `@(a|b)` and `?(a|b)`; braces without a choice stand for themselves.

    `bare`: whether `(a|b)` is one, too. Each pair doubles the alternatives: whoever asks takes as many as there may be.
    """
    for match in _GROUP.finditer(pattern):
        choices = _choices(match["list"]) if match["list"] is not None else None
        if match["names"] is not None and (match["sign"] or bare):
            choices = [*match["names"].split("|"), *([""] if match["sign"] == "?" else [])]
        if choices is not None:
            for choice in choices:
                yield from alternatives(pattern[: match.start()] + choice + pattern[match.end() :], bare=bare)
            return
    yield pattern


def _choices(inside: str) -> Iterable[str] | None:
    """The choices in braces, of a list or a range; None where there are none."""
    span = _RANGE.fullmatch(inside)
    if span is None:
        return inside.split(",") if "," in inside else None
    letters = span[1].isalpha()
    if letters != span[2].isalpha():
        return None
    start, end = (ord(edge) if letters else int(edge) for edge in span.group(1, 2))
    step = max(1, abs(int(span[3] or 1))) * (1 if start <= end else -1)
    numbers = range(start, end + (1 if step > 0 else -1), step)
    return (chr(number) if letters else str(number) for number in numbers)
