"""What a worker finds out about a text before its document can be counted: slow things, done once."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from weighbridge import disk
from weighbridge.agents.readers import TEXT
from weighbridge.analysis.expand import Expansion
from weighbridge.budget.directive import NOTHING, Overrides, overrides_of
from weighbridge.budget.models import find as find_model
from weighbridge.config import DEFAULT_ENCODING, Settings
from weighbridge.content.front_matter import read_front_matter
from weighbridge.errors import UnknownModelError
from weighbridge.references.dialect import Dialect
from weighbridge.references.index import ScanIndex
from weighbridge.references.model import Directive
from weighbridge.session.prepared import Choice, Counts, Known, Prepared
from weighbridge.session.target import Target, parts_of
from weighbridge.text import Snapshot
from weighbridge.tokens.base import Tokenizer
from weighbridge.tokens.counted import CountedBuffer, Part
from weighbridge.tokens.local import LOCAL
from weighbridge.tokens.registry import encodings, tokenizer

#: What Jinja, Handlebars and their like are known by: statements, blocks, filters.
_TEMPLATE = re.compile(r"\{%|\{\{[#/^~]|\{\{[^{}|]*\|[^{}|]*\}\}")


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
    if last is None or known.skip != front_matter.lines:
        index = ScanIndex(snapshot, front_matter.lines, refers=dialect.refers)
        directives = tuple(directive for _, directive in index.directives())
    own, warnings = overrides_of(directives)
    overrides = flags.over(own)
    chosen = overrides.dialect or dialect
    if chosen.agent is not None and path is None:
        chosen = TEXT
    if chosen.refers is not (dialect if index else last.dialect if last else chosen).refers:
        index = ScanIndex(snapshot, front_matter.lines, refers=chosen.refers)
    dialect = chosen
    choice = choose(settings, overrides)
    counting = tokenizer(choice.encoding)
    targets: dict[Target, None] = {}
    counts = None
    same = last is not None and last.tokenizer is counting
    if last is None or index is not None or not same:
        # The index there is follows edits by now.
        index = index or ScanIndex(snapshot, front_matter.lines, refers=dialect.refers)
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
        choice=choice,
        warnings=(*warnings, *((_names(directives, text), text) for text in choice.warnings)),
        directives=directives,
        targets=targets,
        counts=counts,
        templated=index.refers and any(_TEMPLATE.search(line) for line in snapshot if "{" in line),
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


def _unknown_encoding(name: str) -> str:
    return f"encoding {name}: unknown; there are {', '.join(encodings())}"


class _Head:
    """The lines of a text; knows how many of them were looked at."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = lines
        self.taken = 0

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self.taken += 1
            yield line


def choose(settings: Settings, overrides: Overrides) -> Choice:
    """Choose model and encoding: flags and directives first, then the settings; a model picks its encoding.

    An unknown name is a warning, and the next choice counts. Beside the choice are the models that are shown with it.
    """
    warnings: list[str] = []
    chosen = _first_known(
        ((overrides.model, overrides.encoding), (settings.model, settings.encoding)), settings, warnings
    )
    named = overrides.others
    if named is None:
        named = tuple(name for name, entry in settings.models.items() if entry.shown)
    names = [name for name in dict.fromkeys(named) if name != chosen.name]
    others = (_first_known(((name, None),), settings, warnings) for name in names)
    beside = tuple(one for one in others if one.model is not None)
    return replace(chosen, warnings=tuple(dict.fromkeys(warnings)), others=beside)


def _first_known(
    wanted: Iterable[tuple[str | None, str | None]], settings: Settings, warnings: list[str]
) -> Choice:
    """The first model or encoding that is known, of pairs of both; `warnings` takes what is said of the others."""
    for name, encoding in wanted:
        if name is not None:
            try:
                model = find_model(name, settings.models)
            except UnknownModelError as error:
                warnings.append(str(error))
            else:
                if model.encoding in encodings() or model.encoding.startswith(LOCAL):
                    return Choice(name, model, model.encoding)
                warnings.append(_unknown_encoding(model.encoding))
        # Besides a model that is known, the encoding next to it says nothing.
        if encoding is not None:
            if encoding in encodings():
                return Choice(None, None, encoding)
            warnings.append(_unknown_encoding(encoding))
    return Choice(None, None, DEFAULT_ENCODING)
