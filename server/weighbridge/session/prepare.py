"""The preparation of a text: the slow things that a worker does once before its document can be counted."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from weighbridge import disk
from weighbridge.agents.readers import TEXT
from weighbridge.analysis.expand import Expansion
from weighbridge.budget.directive import NOTHING, Overrides, overrides_of
from weighbridge.config import Settings
from weighbridge.content.front_matter import FrontMatter, read_front_matter
from weighbridge.references.dialect import Dialect
from weighbridge.references.index import ScanIndex
from weighbridge.references.model import Directive
from weighbridge.references.templates import is_template
from weighbridge.session.choice import choose
from weighbridge.session.prepared import Counts, Prepared, PreparedBefore
from weighbridge.session.target import Target, parts_of
from weighbridge.text import Snapshot
from weighbridge.tokens.base import Tokenizer
from weighbridge.tokens.counted import CountedBuffer, TextPart
from weighbridge.tokens.registry import tokenizer


def prepare(
    snapshot: Snapshot,
    path: Path | None,
    settings: Settings,
    dialect: Dialect,
    before: PreparedBefore,
    flags: Overrides = NOTHING,
) -> Prepared:
    """Scan a text, read its front matter and directives, load its tokenizer, cut it for counting. Blocks: a worker's work.

    `before`: what is known of the same text; it is not scanned and cut again unless its front matter is longer or shorter
    now, or another tokenizer counts. `flags`: over what its directives say.
    """
    head = _Head(snapshot)
    front_matter = read_front_matter(head)
    last = before.prepared
    index = None
    directives = before.directives
    if last is None or before.skip != front_matter.lines:
        index = _index(snapshot, front_matter, path, dialect)
        directives = tuple(directive for _, directive in index.directives())
    own, warnings = overrides_of(directives)
    overrides = flags.over(own)
    chosen = overrides.dialect or dialect
    if chosen.agent is not None and path is None:
        chosen = TEXT
    if chosen.refers is not (dialect if index else last.dialect if last else chosen).refers:
        index = _index(snapshot, front_matter, path, chosen)
    dialect = chosen
    choice = choose(settings, overrides)
    counting = tokenizer(choice.encoding)
    targets: dict[Target, None] = {}
    counts = None
    same = last is not None and last.tokenizer is counting
    if last is None or index is not None or not same:
        # The index there is follows edits by now.
        index = index or _index(snapshot, front_matter, path, dialect)
        targets = dict.fromkeys(Target.of(reference) for _, reference in index.references())
        counts = _counts(index, snapshot, counting, before.expansions if same else {})
    else:
        index = last.index
    return Prepared(
        index=index,
        tokenizer=counting,
        dialect=dialect,
        settings=settings,
        front_matter=front_matter,
        head_lines=head.taken,
        overrides=overrides,
        identity=None if path is None else os.fspath(disk.followed_or_same(path)),
        choice=choice,
        warnings=(*warnings, *((_names(directives, text), text) for text in choice.warnings)),
        directives=directives,
        targets=targets,
        counts=counts,
    )


def _index(lines: Snapshot, front_matter: FrontMatter, path: Path | None, dialect: Dialect) -> ScanIndex:
    return ScanIndex(lines, front_matter.lines, refers=dialect.refers, is_template=is_template(path))


def _counts(
    index: ScanIndex, lines: Snapshot, tokenizer: Tokenizer, expansions: Mapping[Target, Expansion]
) -> Counts:
    """Cut a text for counting, at its headings."""
    parts: dict[int, tuple[TextPart, ...]] = {}
    if expansions:
        for line in dict.fromkeys(line for line, _ in index.references()):
            line_parts = parts_of(lines.line(line), index.line(line).references, expansions)
            if line_parts is not None:
                parts[line] = line_parts
    cuts = [line for line, _ in index.headings()]
    own = CountedBuffer(tokenizer, lines) if index.refers else None
    return Counts(CountedBuffer(tokenizer, lines, parts, cuts), own, expansions)


def _names(directives: Sequence[Directive], warning: str) -> int | None:
    """The last directive that names the model or encoding which a warning is about."""
    for number, directive in reversed([*enumerate(directives)]):
        if any(
            name in {"model", "encoding"} and value and value in warning for name, value in directive.settings
        ):
            return number
    return None


class _Head:
    """The lines of a text; knows how many of them were looked at."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = lines
        self.taken = 0

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self.taken += 1
            yield line
