"""What the report's page shows: documents, what agents load, what changed. Paths in it start from the folder."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

from weighbridge.agents.model import Agent, Part
from weighbridge.analysis import contexts
from weighbridge.analysis.render import Source
from weighbridge.analysis.report import Report
from weighbridge.batch import FileOutcome, render_files
from weighbridge.budget.directive import Overrides
from weighbridge.check import Checked, Options, check
from weighbridge.gate import name_of
from weighbridge.tokens.registry import tokenizer
from weighbridge.uris import path_of
from weighbridge.workspaces import absolute, chosen

#: Characters of all texts in a page; what is more is left out, and said to be.
MOST_TEXT = 4_000_000


@dataclass(frozen=True, slots=True)
class PageContents:
    """What a page shows, and what could not be counted."""

    shown: Mapping[str, Any]
    outcomes: Sequence[FileOutcome]


def contents(
    folder: Path,
    agents: Sequence[Agent],
    layer: Mapping[str, Any],
    flags: Overrides,
    since: str | None,
    on_unusable: Callable[[str], None],
) -> PageContents:
    """Weigh a folder's documents, and what agents load there. `since`: a revision of git's to compare with.

    Raises:
        UnknownRevisionError: the revision can't be looked at.
    """
    folder = absolute(folder)
    checked = check(Options([folder], layer, flags, since=since), on_unusable)
    loaded = contexts.load(agents, folder, Path.home())
    counted = contexts.counted(loaded, chosen(folder, flags, lambda _: None), texts=False)
    room = MOST_TEXT
    shown_contexts = []
    for agent_context, numbers in zip(loaded, counted, strict=True):
        if agent_context.context.entries:
            room -= sum(len(part.text) for part in agent_context.context.parts)
            shown_contexts.append(_context(agent_context, numbers, folder, texts=room > 0))
    texts = asyncio.run(render_files(folder, _worth_a_text(checked.reports, room), layer, flags))
    findings = defaultdict(list)
    for finding in checked.findings:
        findings[finding.uri].append(
            {"severity": finding.severity, "message": finding.message, "line": finding.line}
        )
    documents = [
        _document(report, folder, findings[report.uri], texts.get(report.uri)) for report in checked.reports
    ]
    shown = {
        "name": folder.resolve().name or str(folder),
        "documents": documents,
        "contexts": shown_contexts,
        "changes": _changes(checked, {agent.title for agent in agents}),
    }
    return PageContents(shown, checked.outcomes)


def _worth_a_text(reports: Iterable[Report], room: int) -> list[Path]:
    """The documents whose texts are shown: first those that refer to something, small ones before large ones."""
    # A token has some four characters; what it really is, is seen when it is rendered.
    paths: list[Path] = []
    for report in sorted(reports, key=lambda report: (not report.references, report.tokens)):
        room -= 4 * report.tokens
        if room < 0:
            break
        if (path := path_of(report.uri)) is not None:
            paths.append(path)
    return paths


def _document(
    report: Report, folder: Path, findings: Sequence[Mapping[str, Any]], rendered: FileOutcome | None
) -> dict[str, Any]:
    text = None if rendered is None else rendered.text
    sources = () if text is None or rendered is None else rendered.sources
    return {
        **_without_places(report.as_json(), folder),
        "name": name_of(report.uri, folder),
        "findings": findings,
        "resolved": None if text is None else text,
        "sources": [] if text is None else stretches(text, sources),
    }


def _without_places(value: Any, folder: Path) -> Any:
    """The same JSON, its URIs as paths from the folder: a page is sent around, and nobody's home belongs in it."""
    if isinstance(value, dict):
        return {
            key: name_of(item, folder) if key == "uri" and item is not None else _without_places(item, folder)
            for key, item in value.items()
        }
    return [_without_places(item, folder) for item in value] if isinstance(value, list) else value


def stretches(text: str, sources: Sequence[Source]) -> list[dict[str, Any]]:
    """Sources as the page reads them: places in UTF-16 units."""
    places = sorted({place for source in sources for place in (source.start, source.end)})
    between = (
        len(text[start:end].encode("utf-16-le", "surrogatepass")) // 2
        for start, end in zip([0, *places], places, strict=False)
    )
    units = dict(zip(places, accumulate(between), strict=True))
    return [
        {
            "start": units[source.start],
            "end": units[source.end],
            "depth": source.depth,
            "name": source.expansion.reading.source,
            "tokens": source.expansion.tokens,
        }
        for source in sources
    ]


def _context(
    loaded: contexts.Loaded, counted: contexts.CountedContext, folder: Path, *, texts: bool
) -> dict[str, Any]:
    def name(path: Path) -> str:
        """A path from the folder, or from the user's home."""
        for base, prefix in ((folder, ""), (Path.home(), "~/")):
            if path.is_relative_to(base):
                return prefix + path.relative_to(base).as_posix()
        return str(path)

    count = tokenizer(counted.encoding).count
    about = loaded.agent.as_of if loaded.agent.recorded else f"{loaded.agent.as_of}, as read, not recorded"
    return {
        "name": loaded.agent.title,
        "as_of": about,
        "tokens": counted.tokens,
        "exactness": counted.exactness,
        "encoding": counted.encoding,
        "entries": [
            {
                "name": name(entry.path),
                "tokens": entry.tokens,
                "lost": 0 if entry.lost is None else entry.lost.tokens,
            }
            for entry in counted.entries
        ],
        "not_loaded": [{"name": name(file.path), "reason": file.reason} for file in counted.not_loaded],
        "parts": [
            {"where": part.where, "pieces": [*_pieces(part, name, count)] if texts else None}
            for part in loaded.context.parts
        ],
    }


def _pieces(
    part: Part, name: Callable[[Path], str], count: Callable[[str], int]
) -> Iterable[Mapping[str, Any]]:
    """A part's stretches, each with the text of its file that never arrives behind it."""
    for piece in part.pieces:
        lost = None if piece.entry is None else piece.entry.lost
        yield {
            "text": piece.text,
            "name": None if piece.entry is None else name(piece.entry.path),
            "lost": None
            if lost is None
            else {"text": lost.text, "tokens": count(lost.text), "reason": lost.reason},
        }


def _changes(checked: Checked, agents: Container[str]) -> dict[str, Any] | None:
    """What changed in documents, and in what these agents load; None where nothing is compared."""
    if checked.changes is None:
        return None
    loaded = (change for change in checked.changes.contexts if change.name in agents)
    both = (*loaded, *checked.changes.documents)
    changes = sorted(both, key=lambda change: (-change.growth, change.name))
    return {"revision": checked.changes.since, "all": [change.as_json() for change in changes]}
