"""What the scanner's rules are known by: made from the code itself, so that no change of it is forgotten.

What was found by other rules is to be found anew.
"""

import hashlib
import re
from collections.abc import Iterator
from functools import cache
from inspect import isfunction
from types import CodeType, ModuleType
from typing import Any

from weighbridge.references import (
    blocks,
    brackets,
    closers,
    cursor,
    forms,
    index,
    inlines,
    inside,
    leaves,
    links,
    literal,
    model,
    stretch_scanner,
    stretches,
    tags,
)

_MODULES = (
    blocks,
    brackets,
    closers,
    cursor,
    forms,
    index,
    inlines,
    inside,
    leaves,
    links,
    literal,
    model,
    stretch_scanner,
    stretches,
    tags,
)
_CONSTANTS = (str, bytes, int, tuple, frozenset, re.Pattern)


@cache
def scanner_rules() -> str:
    """The rules' name: equal in every process that runs the same code."""
    hashed = hashlib.sha256()
    for module in _MODULES:
        for line in _described(module):
            hashed.update(f"{line}\n".encode("utf-8", "backslashreplace"))
    return hashed.hexdigest()[:32]


def _described(module: ModuleType) -> Iterator[str]:
    """All that decides what a module does: its functions' code, its constants."""
    for name, value in sorted(vars(module).items()):
        if isinstance(value, _CONSTANTS) and not name.startswith("__"):
            yield f"{name} = {_written(value)}"
        elif getattr(value, "__module__", None) == module.__name__:
            yield from _code(name, value)


def _code(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, type):
        for inner, member in sorted(vars(value).items()):
            for one in (member, getattr(member, "fget", None), getattr(member, "__func__", None)):
                if isfunction(one):
                    yield f"{name}.{inner}: {_written(one.__code__)} {_written(one.__defaults__)}"
    elif isfunction(value):
        yield f"{name}: {_written(value.__code__)} {_written(value.__defaults__)}"


def _written(value: Any) -> str:
    """A value's text, the same in every process: a set's order is not."""
    if isinstance(value, CodeType):
        return f"{value.co_code.hex()} {value.co_names} {_written(value.co_consts)}"
    if isinstance(value, re.Pattern):
        return f"{value.pattern!r}/{value.flags}"
    if isinstance(value, frozenset):
        return f"{{{', '.join(sorted(map(_written, value)))}}}"
    if isinstance(value, tuple):
        return f"({', '.join(map(_written, value))})"
    return repr(value) if isinstance(value, str | bytes | int | None) else type(value).__name__
