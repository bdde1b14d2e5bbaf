"""Globs over paths relative to a folder: `*`, `**`, `?`, `[…]`, as in ignore files; a pattern with `!` takes away."""

from collections.abc import Sequence
from functools import lru_cache

from pathspec import GitIgnoreSpec


def matches(path: str, patterns: Sequence[str]) -> bool:
    """Whether a path (with `/`) matches: the last pattern that speaks of it decides."""
    return _spec(tuple(patterns)).match_file(path)


@lru_cache(maxsize=64)
def _spec(patterns: tuple[str, ...]) -> GitIgnoreSpec:
    return GitIgnoreSpec.from_lines(patterns)
