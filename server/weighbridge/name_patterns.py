"""Patterns of one name: `*`, `?`, `[…]`. Matching never goes back over what it has passed, so it takes no more time than they are long."""

import re
from functools import lru_cache


def fits(name: str, pattern: str) -> bool:
    """Whether a name fits a pattern in which `*` stands for anything, slashes too: a URL, say. Never raises."""
    part = _pattern(pattern)
    return part == name if isinstance(part, str) else part.fullmatch(name) is not None


@lru_cache(maxsize=256)
def _pattern(pattern: str) -> str | re.Pattern[str]:
    return part_pattern(pattern)


def part_pattern(glob: str) -> str | re.Pattern[str]:
    """One part between slashes. Text between stars is looked for at its first place only, which is as good as any."""
    if not set("*?[") & set(glob):
        return glob
    chunks = [""]
    at = 0
    while at < len(glob):
        character = glob[at]
        at += 1
        if character == "*":
            chunks.append("")
        elif character == "?":
            chunks[-1] += "."
        elif character == "[" and (end := class_end(glob, at)) is not None:
            chunks[-1] += _class(glob[at:end])
            at = end + 1
        else:
            chunks[-1] += re.escape(character)
    first, *rest = chunks
    if not rest:
        return re.compile(first, re.DOTALL)
    *middle, last = rest
    between = "".join(f"(?>.*?{chunk})" for chunk in middle if chunk)
    return re.compile(f"{first}{between}.*{last}", re.DOTALL)


def class_end(glob: str, at: int) -> int | None:
    """Where a class that begins at `at` ends; None if it doesn't."""
    first = at + (glob[at : at + 1] in {"!", "^"})
    end = glob.find("]", first + 1)
    return None if end < 0 else end


def _class(inside: str) -> str:
    """A class of characters: `abc`, `a-z`, `!a-z`; a range that runs backwards holds nothing."""
    negative = inside[0] in "!^"
    characters = inside[negative:]
    pattern = ""
    at = 0
    while at < len(characters):
        low, high = characters[at], characters[at]
        if characters[at + 1 : at + 2] == "-" and at + 2 < len(characters):
            high = characters[at + 2]
            at += 2
        at += 1
        if low <= high:
            pattern += f"{re.escape(low)}-{re.escape(high)}"
    if not pattern:
        return "." if negative else "(?!)"
    return f"[{'^' if negative else ''}{pattern}]"
