"""Texts that include each other, as the analysis sees them: readings without a disk, and what they come to, written out."""

import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from weighbridge.analysis.expand import Expander, Expansion, Nested, Reading, State
from weighbridge.config import Settings
from weighbridge.content.base import ContentRequest, Scope
from weighbridge.errors import Code, Problem
from weighbridge.references.model import Kind, Reference
from weighbridge.steps import finish
from weighbridge.tokens.registry import tokenizer
from weighbridge.tokens.summary import Summary, summarize

LINK = re.compile(r"<([a-z]+)>")
TOKENIZER = tokenizer("cl100k_base")


def reference_to(name: str) -> Reference:
    return Reference(Kind.FILE, name, 0, len(name) + 2)


def reading_of(name: str, text: str) -> Reading:
    """A text with `<name>` for a reference to another, read."""
    segments: list[Summary | Nested] = []
    end = 0
    for match in LINK.finditer(text):
        if match.start() > end:
            segments.append(summarize(text[end : match.start()], TOKENIZER))
        segments.append(Nested(match.start(), 0, reference_to(match[1]), match[0]))
        end = match.end()
    if end < len(text):
        segments.append(summarize(text[end:], TOKENIZER))
    return Reading(State.RESOLVED, name, name, tuple(segments), text.encode(), Path("/") / name)


def expanded(expander: Expander, name: str) -> Expansion:
    """What a reference of the document's own to `name` is expanded to."""
    return finish(expander.expanding(reference_to(name), None))


def missing(name: str) -> Reading:
    return Reading(State.FAILED, "", "", problem=Problem(Code.NOT_FOUND, f"{name}: not found"))


@dataclass
class Files:
    """Named texts, read; those in `unread` are pending."""

    texts: dict[str, str]
    unread: set[str] = field(default_factory=set)

    def lookup(self, key: Hashable) -> Reading | None:
        name = str(key)
        if name in self.unread:
            return None
        return reading_of(name, self.texts[name]) if name in self.texts else missing(name)

    def expander(self, most_depth: int, document: str | None = None) -> Expander:
        def key_of(request: ContentRequest) -> Hashable:
            return request.target

        return Expander(
            TOKENIZER,
            Scope(None, (), Settings()),
            most_depth,
            key_of,
            self.lookup,
            document,
        )


Written = tuple[str, tuple[tuple[str, Code | None], ...]]


def written(files: Files, name: str, above: tuple[str, ...], most: int) -> Written:
    """What a reference to `name` comes to: its text, and every reference in it with its fault, itself first; slowly."""
    literal = f"<{name}>"
    if len(above) >= most + (above[:1] == ("doc",)):
        return literal, ((name, Code.DEPTH),)
    if name in files.unread:
        return literal, ((name, None),)
    if name not in files.texts:
        return literal, ((name, Code.NOT_FOUND),)
    if name in above:
        return literal, ((name, Code.CYCLE),)
    found: list[tuple[str, Code | None]] = [(name, None)]

    def inside(match: re.Match[str]) -> str:
        text, more = written(files, match[1], (*above, name), most)
        found.extend(more)
        return text

    return LINK.sub(inside, files.texts[name]), tuple(found)


def faults(expansion: Expansion, name: str) -> Iterator[tuple[str, Code | None]]:
    """The same of an expansion."""
    yield name, None if expansion.problem is None else expansion.problem.code
    for placed in expansion.nested:
        yield from faults(placed.expansion, placed.nested.reference.target)


def text_of(expansion: Expansion, name: str, texts: Mapping[str, str]) -> str:
    """The text an expansion stands for."""
    if expansion.summary is None:
        return f"<{name}>"
    nested = iter(expansion.nested)

    def inside(match: re.Match[str]) -> str:
        placed = next(nested)
        return text_of(placed.expansion, match[1], texts)

    return LINK.sub(inside, texts[name])
