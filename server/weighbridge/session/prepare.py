"""What a worker finds out about a text before its document can be counted: slow things, done once."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from weighbridge import disk
from weighbridge.analysis.expand import Expansion
from weighbridge.budget.directive import NOTHING, Overrides, overrides_of
from weighbridge.config import Settings
from weighbridge.content.front_matter import read_front_matter
from weighbridge.errors import UnknownEncodingError
from weighbridge.references.dialect import Dialect
from weighbridge.references.index import ScanIndex
from weighbridge.references.model import Directive
from weighbridge.session.prepared import Counts, Known, Prepared
from weighbridge.session.target import Target, parts_of
from weighbridge.text import Snapshot
from weighbridge.tokens.base import Tokenizer
from weighbridge.tokens.counted import CountedBuffer, Part
from weighbridge.tokens.registry import encoding_for_model, encodings, tokenizer

#: Where nothing usable is named.
DEFAULT_ENCODING = "cl100k_base"


def prepare(
    snapshot: Snapshot,
    path: Path | None,
    settings: Settings,
    dialect: Dialect,
    known: Known,
    flags: Overrides = NOTHING,
) -> Prepared:
    """Scan a text, read its front matter and directives, load its tokenizer, cut it for counting. Blocks: a worker's work.

    `known`: what is known of the same text; it is not scanned and cut again unless its front matter is longer or shorter
    now, or another tokenizer counts. `flags`: over what its directives say.
    """
    head = _Head(snapshot)
    front_matter = read_front_matter(head)
    last = known.prepared
    index = None
    directives = known.directives
    if last is None or last.dialect is not dialect or known.skip != front_matter.lines:
        index = ScanIndex(snapshot, front_matter.lines)
        directives = tuple(directive for _, directive in index.directives())
    own, warnings = overrides_of(directives)
    overrides = flags.over(own)
    model, encoding, more = choose_encoding(settings, overrides)
    counting = tokenizer(encoding)
    targets: dict[Target, None] = {}
    counts = None
    same = last is not None and last.tokenizer is counting
    if last is None or index is not None or not same:
        # The index there is follows edits by now.
        index = index or ScanIndex(snapshot, front_matter.lines)
        targets = dict.fromkeys(Target.of(reference) for _, reference in index.references())
        counts = _counts(index, snapshot, counting, known.expansions if same else {})
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
        model=model,
        warnings=(*warnings, *((_names(directives, text), text) for text in more)),
        directives=directives,
        targets=targets,
        counts=counts,
    )


def _counts(
    index: ScanIndex, lines: Snapshot, tokenizer: Tokenizer, expansions: Mapping[Target, Expansion]
) -> Counts:
    """Cut a text for counting, at its headings."""
    parts: dict[int, tuple[Part, ...]] = {}
    if expansions:
        for line in dict.fromkeys(line for line, _ in index.references()):
            some = parts_of(lines.line(line), index.line(line).references, expansions)
            if some is not None:
                parts[line] = some
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


def choose_encoding(settings: Settings, overrides: Overrides) -> tuple[str | None, str, tuple[str, ...]]:
    """Choose model and encoding: the document's directive first, then the settings; a model picks its encoding.

    An unknown name is a warning, and the next choice counts.
    """
    warnings: list[str] = []
    for model, encoding in (
        (overrides.model, overrides.encoding),
        (settings.model, settings.encoding),
    ):
        if encoding is not None and model is None:
            if encoding in encodings():
                return None, encoding, tuple(warnings)
            warnings.append(f"encoding {encoding}: unknown; there are {', '.join(encodings())}")
        if model is not None:
            try:
                return model, encoding_for_model(model), tuple(warnings)
            except UnknownEncodingError as error:
                warnings.append(str(error))
    return None, DEFAULT_ENCODING, tuple(warnings)
