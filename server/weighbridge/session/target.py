"""The targets that a document's references name, and the parts that are counted in the references' places."""

from collections.abc import Mapping
from typing import NamedTuple

from weighbridge.analysis.expand import Expansion
from weighbridge.references.model import Kind, Reference
from weighbridge.tokens.counted import TextPart


class Target(NamedTuple):
    """What a reference names, wherever it stands: equal targets in one document stand for the same content.

    A tuple, since each is looked up a dozen times before it is shown.
    """

    kind: Kind
    target: str
    fragment: str | None
    default: str | None

    @classmethod
    def of(cls, reference: Reference) -> "Target":
        return cls(reference.kind, reference.target, reference.fragment, reference.default)


def resolved_parts(
    text: str, references: tuple[Reference, ...], expansions: Mapping[Target, Expansion], start: int = 0
) -> tuple[TextPart, ...]:
    """Cut a text at its references: literal stretches, and a summary for each reference that stands for content.

    `start`: the column of the line that `text` begins with; references outside the text are left alone.
    """
    parts: list[TextPart] = []
    literal_from = 0
    for reference in references:
        begin, end = reference.start - start, reference.end - start
        if begin < literal_from or end > len(text):
            continue
        expansion = expansions.get(Target.of(reference))
        if expansion is None or expansion.summary is None:
            continue
        if begin > literal_from:
            parts.append(text[literal_from:begin])
        parts.append(expansion.summary)
        literal_from = end
    if literal_from < len(text):
        parts.append(text[literal_from:])
    return tuple(parts)


def parts_of(
    text: str, references: tuple[Reference, ...], expansions: Mapping[Target, Expansion]
) -> tuple[TextPart, ...] | None:
    """The parts of a whole line; None while it is all literal: such lines are counted with those around them."""
    parts = resolved_parts(text, references, expansions)
    return None if all(isinstance(part, str) for part in parts) else parts
