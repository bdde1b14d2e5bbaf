"""References written anew: another target in the same form, everything else as it was typed."""

import re

from weighbridge.references.forms import reference_at
from weighbridge.references.model import Kind, Reference
from weighbridge.references.partial import escaped

_EXPLICIT = re.compile(r"@\[(?P<kind>file|api|var):(?P<inside>.*)\]", re.DOTALL)
_BRACES = re.compile(r"\{\{(?P<before>[ \t]*)(?P<name>[^\s:{}]+)(?P<after>.*)\}\}", re.DOTALL)


def names(literal: str, written: str) -> bool:
    """Whether a text is a reference and no more, to what a report calls so: a target, with its fragment."""
    reference = reference_at(literal, 0) if literal[:1] in {"@", "{"} else None
    if reference is None or reference.end != len(literal):
        return False
    return written == (
        reference.target if reference.fragment is None else f"{reference.target}#{reference.fragment}"
    )


def with_target(literal: str, target: str) -> str | None:
    """A reference as typed, with another path, API or variable name; None if that can't be written.

    A short path that can't be written short is written in brackets. Fragment and default stay as typed.
    """
    before = reference_at(literal, 0)
    if before is None or before.end != len(literal):
        return None
    return _first_that_names(before, target, before.fragment, _written(literal, before, target))


def with_fragment(literal: str, fragment: str) -> str | None:
    """A file reference as typed, with another fragment; None if that can't be written."""
    before = reference_at(literal, 0)
    if before is None or before.end != len(literal) or before.kind is not Kind.FILE:
        return None
    path = literal.partition("#")[0]
    written = [f"@[file:{escaped(before.target)}#{escaped(fragment)}]"]
    if before.explicit:
        written.insert(0, f"{path.rstrip(']')}#{escaped(fragment)}]")
    else:
        written.insert(0, f"{path}#{fragment}")
    return _first_that_names(before, before.target, fragment, written)


def _written(literal: str, before: Reference, target: str) -> list[str]:
    """The ways to write the reference, the best first."""
    if before.kind is Kind.VARIABLE and not before.explicit:
        braces = _BRACES.fullmatch(literal)
        return [] if braces is None else [f"{{{{{braces['before']}{target}{braces['after']}}}}}"]
    explicit = _EXPLICIT.fullmatch(literal)
    if explicit is not None:
        inside = explicit["inside"]
        separator = {Kind.FILE: "#", Kind.VARIABLE: ":"}.get(before.kind)
        _, mark, rest = inside.partition(separator) if separator else (inside, "", "")
        return [f"@[{explicit['kind']}:{escaped(target)}{mark}{rest}]"]
    fragment = "" if before.fragment is None else f"#{before.fragment}"
    return [
        f"@{target}{fragment}",
        f"@./{target}{fragment}",
        f"@[file:{escaped(target)}{'' if before.fragment is None else '#' + escaped(before.fragment)}]",
    ]


def _first_that_names(before: Reference, target: str, fragment: str | None, written: list[str]) -> str | None:
    for text in written:
        after = reference_at(text, 0)
        if (
            after is not None
            and after.end == len(text)
            and (after.kind, after.fragment, after.default) == (before.kind, fragment, before.default)
            and after.target in {target, f"./{target}"}
        ):
            return text
    return None
