"""What a worker finds out about a text before its document can be counted: slow things, done once."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from weighbridge import disk
from weighbridge.budget.directive import Overrides, overrides_of
from weighbridge.config import Settings
from weighbridge.content.front_matter import read_front_matter
from weighbridge.errors import UnknownEncodingError
from weighbridge.references.dialect import Dialect
from weighbridge.references.index import ScanIndex
from weighbridge.session.prepared import Known, Prepared
from weighbridge.text import Snapshot
from weighbridge.tokens.registry import encoding_for_model, encodings, tokenizer

#: Where nothing usable is named.
DEFAULT_ENCODING = "cl100k_base"


def prepare(
    snapshot: Snapshot, path: Path | None, settings: Settings, dialect: Dialect, known: Known | None = None
) -> Prepared:
    """Scan a text, read its front matter and directives, load its tokenizer. Blocks: a worker's work.

    `known`: what is known of the same text; it is not scanned again unless its front matter is longer or shorter now.
    """
    head = _Head(snapshot)
    front_matter = read_front_matter(head)
    if known is not None and known.dialect is dialect and known.skip == front_matter.lines:
        index, directives = known.index, known.directives
    else:
        index = ScanIndex(snapshot, front_matter.lines)
        directives = tuple(directive for _, directive in index.directives())
    overrides, warnings = overrides_of(directives)
    model, encoding, more = choose_encoding(settings, overrides)
    return Prepared(
        index=index,
        tokenizer=tokenizer(encoding),
        dialect=dialect,
        settings=settings,
        front_matter=front_matter,
        head_lines=head.taken,
        overrides=overrides,
        identity=None if path is None else os.fspath(disk.followed_or_same(path)),
        model=model,
        warnings=(*warnings, *more),
        directives=directives,
    )


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
