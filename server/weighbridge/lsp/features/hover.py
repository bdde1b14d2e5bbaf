"""`textDocument/hover`: what a reference, a section, the whole document or a token is, and what it weighs."""

import asyncio
import contextlib
import re
import time
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile
from pathlib import Path
from typing import Any

from lsprotocol import types

from weighbridge.agents.arrivals import shown_path
from weighbridge.agents.readers import TITLES
from weighbridge.analysis.arriving import Arrived
from weighbridge.analysis.contexts import repeated_text
from weighbridge.analysis.expand import State
from weighbridge.analysis.report import ModelReport, ReferenceReport, Report, SectionReport, own_text
from weighbridge.analysis.wording import (
    COUNTING,
    age_text,
    name_text,
    number_text,
    part_text,
    share_text,
    size_text,
    tokens_text,
    total_text,
    usd_text,
)
from weighbridge.content.base import Content
from weighbridge.errors import Code, ReferenceFault
from weighbridge.lsp.desk import Desk
from weighbridge.lsp.features.diagnostics import to_range
from weighbridge.lsp.features.places import reference_at
from weighbridge.lsp.features.settings_file import is_settings_file, meaning
from weighbridge.lsp.features.token_borders import TokenBorders
from weighbridge.session.document import Document
from weighbridge.session.target import Target
from weighbridge.tokens.base import Exactness
from weighbridge.tokens.families import exactness_note
from weighbridge.uris import path_of
from weighbridge.work import Priority

#: Other agents that a hover tells of, and how long they are waited for; and notices of the agent itself.
_MOST_OTHERS = 4
_SECONDS_FOR_CONTEXTS = 1.0
_MOST_NOTICES = 3
#: Rows of a table, and lines of a content, that people read in a hover.
_MOST_ROWS = 10
_MOST_LINES = 8
_LONGEST_LINE = 100


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table: a name, what it weighs, and its share of the budget."""

    name: str
    tokens: str
    share: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """What a hover says. `facts`: short sentences. `lines`: of a content, `more` if it goes on."""

    title: str
    facts: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    rows_left: int = 0
    lines: tuple[str, ...] = ()
    more: bool = False

    def text(self, *, markdown: bool) -> str:
        """The card as the client shows it."""
        return "\n\n".join(self._markdown() if markdown else self._plain())

    def _markdown(self) -> Iterator[str]:
        yield "  \n".join([f"**{_escaped(self.title)}**", *map(_escaped, self.facts)])
        if self.rows:
            # Numbers first: what is too wide is cut off at the right.
            table = ["| tokens | of the budget | |", "|--:|--:|:--|"]
            table += [f"| {row.tokens} | {row.share} | {_escaped(row.name)} |" for row in self.rows]
            yield "\n".join(table)
            if self.rows_left:
                yield f"and {self.rows_left:,} more"
        if self.lines:
            longest = max((len(run) for line in self.lines for run in re.findall("`+", line)), default=0)
            fence = "`" * max(3, longest + 1)
            yield "\n".join([f"{fence}text", *self.lines, *(["…"] if self.more else []), fence])

    def _plain(self) -> Iterator[str]:
        yield "\n".join([self.title, *self.facts])
        if self.rows:
            tokens = max(len(row.tokens) for row in self.rows)
            share = max(len(row.share) for row in self.rows)
            table = [f"{row.tokens:>{tokens}}  {row.share:>{share}}  {row.name}" for row in self.rows]
            yield "\n".join([*table, *([f"and {self.rows_left:,} more"] if self.rows_left else [])])
        if self.lines:
            yield "\n".join([*self.lines, *(["…"] if self.more else [])])


@dataclass(frozen=True, slots=True)
class Peek:
    """A look into a content. `size`: bytes of what is a part of a file."""

    lines: tuple[str, ...] = ()
    more: bool = False
    size: int | None = None


def reference_card(report: Report, reference: ReferenceReport, peek: Peek, facts: Sequence[str] = ()) -> Card:
    """What a reference stands for. `facts`: what is known of it besides."""
    said: list[str] = []
    if reference.problem is not None:
        said.append(reference.problem.message)
    if reference.tokens is not None:
        share = share_text(reference.tokens / report.budget.limit)
        said.append(f"{part_text(report, reference)}, {share} of the budget{_basis(reference)}")
        if reference.references:
            own = own_text(reference.tokens, reference.references)
            said.append(
                f"{tokens_text(own, exact=report.exact_in(reference.range))} of its own, the rest is nested in it"
            )
    elif reference.problem is None:
        said.append("on its way …")
    rows = [
        _row(one.target, one.tokens, one.state.value, report, exact=report.counts_exactly and _of_today(one))
        for one in reference.references[:_MOST_ROWS]
    ]
    left = len(reference.references) - len(rows)
    if peek.size is not None:
        said.append(size_text(peek.size))
    return Card(name_text(reference.target), (*said, *facts), tuple(rows), left, peek.lines, peek.more)


def _of_today(reference: ReferenceReport) -> bool:
    """Whether all of it counts as it is now."""
    return not _basis(reference) and all(map(_of_today, reference.references))


def _basis(reference: ReferenceReport) -> str:
    """What a count is of that is not of what is there today."""
    if reference.sampled:
        return ", counted from its sample"
    return ", as known from before" if reference.state is State.STALE else ""


def section_card(report: Report, number: int) -> Card:
    """What a section weighs, and those in it."""
    section = report.sections[number]
    if not report.ready:
        return Card(name_text(section.title) or "(no title)", (COUNTING,))
    share = share_text(section.tokens / report.budget.limit)
    after = islice(report.sections, number + 1, None)
    inside = list(takewhile(lambda one: one.level > section.level, after))
    top = min((one.level for one in inside), default=0)
    below = [one for one in inside if one.level == top]
    rows = [
        _row(one.title, one.tokens, "", report, exact=report.exact_in(one.range))
        for one in below[:_MOST_ROWS]
    ]
    facts = f"{part_text(report, section)}, {share} of the budget"
    return Card(name_text(section.title) or "(no title)", (facts,), tuple(rows), len(below) - len(rows))


def document_card(
    report: Report, contexts: Sequence[Mapping[str, Any]] = (), paths: Collection[str] = ()
) -> Card:
    """What the whole document weighs, and what in it weighs most; of an agent's file, the context that it is a part of.

    `contexts`: that context, and those of other agents, as JSON; `paths`: the names by which they may know the file.
    """
    if not report.counted:
        return Card(COUNTING)
    model = "" if report.model is None else f" for {report.model}"
    facts = [
        f"{share_text(report.budget.used)} of the budget, {tokens_text(report.own_tokens, exact=report.counts_exactly)} as typed",
        f"{report.encoding}{model}, {report.exactness.value}",
    ]
    # What counts by a sample or an old answer is an estimate for that reason alone.
    sure = report.counts_exactly or report.totals.not_of_today()
    if about := exactness_note(report.encoding, Exactness.EXACT if sure else report.exactness):
        facts.append(about)
    if report.frame is not None:
        facts.append(str(report.frame))
    facts += [_model_text(one) for one in report.models]
    if report.arrived is not None:
        return Card(
            total_text(report),
            *_chain(report, report.arrived, facts, contexts, paths),
        )
    if report.input_usd is not None:
        kept = (
            ""
            if report.cached_usd is None
            else f", {usd_text(report.cached_usd)} where the provider has kept the first {tokens_text(report.cacheable or 0, exact=report.exact)}"
        )
        facts.append(f"{usd_text(report.input_usd)} as input{kept}")
    if report.totals.not_of_today():
        facts.append(f"references: {report.totals.not_of_today()}")
    if not report.ready:
        facts.append(COUNTING)
    parts = [(one.tokens, one.target, one.range) for one in report.references if one.tokens]
    parts += [
        (one.tokens, f"section “{one.title}”", one.range) for one in _top(report.sections) if report.ready
    ]
    parts.sort(key=lambda part: -part[0])
    rows = [
        _row(name, tokens, "", report, exact=report.exact_in(place))
        for tokens, name, place in parts[:_MOST_ROWS]
    ]
    return Card(total_text(report), tuple(facts), tuple(rows), len(parts) - len(rows))


def _model_text(one: ModelReport) -> str:
    """`claude-opus-4-8: ≈1,234 tokens, 0.1% of its window, $0.0062 as input`."""
    said = [f"{name_text(one.model)}: {tokens_text(one.tokens, exact=one.exactness is Exactness.EXACT)}"]
    if one.used is not None:
        said.append(f"{share_text(one.used)} of its window")
    if one.input_usd is not None:
        said.append(f"{usd_text(one.input_usd)} as input")
    return ", ".join(said)


def _other_text(context: Mapping[str, Any], paths: Collection[str]) -> str:
    """`Codex 8,012, cut at line 360`, `Gemini CLI not read`: a file in another agent's context. `paths`: its names."""
    title = TITLES[context["agent"]]
    entry = next((entry for entry in context["entries"] if entry["path"] in paths), None)
    if entry is None:
        return f"{title} not read"
    cut = "" if entry["lost"] is None else f", cut at line {entry['lost']['line'] + 1:,}"
    return f"{title} {number_text(entry['tokens'], exact=context['exactness'] == 'exact')}{cut}"


def _chain(
    report: Report,
    arrived: Arrived,
    facts: Sequence[str],
    contexts: Sequence[Mapping[str, Any]],
    paths: Collection[str],
) -> tuple[tuple[str, ...], tuple[Row, ...], int]:
    """The files of an agent's context, as facts and rows of a card. `contexts`: the agent's own and others', if they are known."""
    own = next((one for one in contexts if one["agent"] == arrived.agent), None)
    told = [notice.message for _, notice in report.notices if notice.code is not Code.REMOVED]
    facts = [*facts, *told[:_MOST_NOTICES]]
    if own is None:
        return tuple(facts), (), 0
    exact = own["exactness"] == "exact"
    total = tokens_text(own["tokens"], exact=exact)
    facts.append(f"{total} in all when {arrived.title} is started in {arrived.folder}")
    if others := [_other_text(one, paths) for one in contexts if one is not own]:
        facts.append(f"the same file in {' · '.join(others)}")
    facts += [
        repeated_text(one, lambda path: name_text(shown_path(Path(path), arrived.folder)), exact=exact)
        for one in own["repeated"][:_MOST_NOTICES]
    ]
    rows = [
        Row(
            name_text(shown_path(Path(entry["path"]), arrived.folder))
            + (
                ""
                if entry["lost"] is None
                else f" ({number_text(entry['lost']['tokens'], exact=exact)} lost)"
            ),
            number_text(entry["tokens"], exact=exact),
            share_text(entry["tokens"] / report.budget.limit),
        )
        for entry in own["entries"][:_MOST_ROWS]
    ]
    return tuple(facts), tuple(rows), len(own["entries"]) - len(rows)


class Hover:
    """Answers for one client."""

    def __init__(self, desk: Desk, borders: TokenBorders, now: Callable[[], float] = time.time) -> None:
        """`borders`: whether tokens are shown. `now`: seconds since 1970."""
        self._desk = desk
        self._session = desk.session
        self._borders = borders
        self._now = now

    async def hover(self, params: types.HoverParams) -> types.Hover | None:
        """What stands at a place, as far as it is known. None where nothing is to be said.

        Waits for the first count of a document only, and not for long: who looks again sees more.
        """
        document = self._session.documents.get(params.text_document.uri)
        if document is None:
            return None
        line = params.position.line
        if is_settings_file(document.path):
            lines = document.buffer.snapshot().lines
            about = meaning(lines, line) if line < len(lines) else None
            return None if about is None else self._hover(Card(about), None)
        if document.prepared is None:
            # Just opened.
            await self._desk.looked_up(document.uri)
        report = self._session.report(document)
        found = reference_at(document, line, params.position.character)
        if found is not None and params.position.character < found[1].end_character:
            return await self._reference(document, report, found[2], line, params.position.character)
        if self._borders.shown:
            token = await self._borders.at(document, line, params.position.character)
            if token is not None:
                place, ids, data = token
                numbers = " ".join(f"{number}" for number in ids)
                what = "token" if len(ids) == 1 else "tokens"
                return self._hover(Card(f"{what} {numbers}", (_bytes_text(data),)), place)
        report = await self._desk.first_report(document)
        number = bisect_left(report.sections, line, key=lambda one: one.range.start_line)
        if line > 0 and number < len(report.sections) and report.sections[number].range.start_line == line:
            return self._hover(section_card(report, number), None)
        return await self._whole(document, report) if line == 0 else None

    async def _whole(self, document: Document, report: Report) -> types.Hover:
        report = await self._desk.with_models(document, report)
        contexts = await self._contexts(document, report)
        uris = {document.uri, self._desk.naming().real(document.uri)}
        paths = {str(path) for uri in uris if (path := path_of(uri)) is not None}
        return self._hover(document_card(report, contexts, paths), None)

    async def _contexts(self, document: Document, report: Report) -> Sequence[Mapping[str, Any]]:
        """The contexts that a document may be a part of, of the agents that are chosen or else read it, if they are known soon."""
        arrived = report.arrived
        if arrived is None:
            return ()
        configuration = self._session.configuration
        chosen = configuration.settings_of(document.path).agents
        others = configuration.readers_of(document.path) if chosen is None else chosen
        names = dict.fromkeys((arrived.agent, *others))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SECONDS_FOR_CONTEXTS):
                return await self._session.contexts(arrived.folder, [*names][: _MOST_OTHERS + 1])
        return ()

    async def _reference(
        self, document: Document, report: Report, target: Target, line: int, character: int
    ) -> types.Hover | None:
        at = bisect_left(
            report.references,
            (line, character),
            key=lambda one: (one.range.end_line, one.range.end_character - 1),
        )
        if at == len(report.references):
            return None
        reference = report.references[at]
        expansion, prepared = document.expansions.get(target), document.prepared
        content = None if expansion is None else self._session.readings.content(expansion.key)
        facts: list[str] = []
        peek = Peek()
        if expansion is not None and content is not None and prepared is not None:
            if expansion.reading.size is not None:
                facts.append(size_text(expansion.reading.size))
            if content.fetched_at is not None:
                facts.append(
                    f"fetched {age_text(self._now() - content.fetched_at)} ago from {content.source}"
                )
            elif content.source != reference.target and not content.secret:
                facts.append(f"from {name_text(content.source)}")
            if content.secret:
                facts.append("its value is not shown")
            else:
                peek = await self._desk.tasks.submit(
                    ("peek", expansion.key),
                    lambda _: look_into(content),
                    priority=Priority.HIGH,
                    title="hover",
                )
        return self._hover(reference_card(report, reference, peek, facts), to_range(reference.range))

    def _hover(self, card: Card, range_: types.Range | None) -> types.Hover:
        markdown = self._desk.abilities.markdown_hovers
        kind = types.MarkupKind.Markdown if markdown else types.MarkupKind.PlainText
        return types.Hover(types.MarkupContent(kind, card.text(markdown=markdown)), range_)


def look_into(content: Content) -> Peek:
    """The first lines of a content. Reads it: a worker's work."""
    try:
        lines, more = _first_lines(content.chunks())
        size = None
        if content.size is None:
            size = sum(len(chunk.encode("utf-8", "surrogatepass")) for chunk in content.chunks())
    except ReferenceFault:
        # It is another by now: it will be read again, and the next hover shows that.
        return Peek()
    return Peek(lines, more, size)


def _first_lines(chunks: Iterable[str]) -> tuple[tuple[str, ...], bool]:
    text = ""
    for chunk in chunks:
        text += chunk
        if len(text) > _MOST_LINES * _LONGEST_LINE * 4:
            break
    every = re.split(r"\r\n|\n|\r", text)
    if not every[-1]:
        every.pop()
    shown = tuple(_visible(line) for line in every[:_MOST_LINES])
    return shown, len(every) > _MOST_LINES


def _visible(line: str) -> str:
    """A line as it can be shown: no control characters, not too long."""
    cut = line if len(line) <= _LONGEST_LINE else f"{line[: _LONGEST_LINE - 1]}…"
    return "".join(
        char if char.isprintable() or char == "\t" else "\N{REPLACEMENT CHARACTER}" for char in cut
    )


def _top(sections: Sequence[SectionReport]) -> list[SectionReport]:
    """The sections that are in no other, unless there is but one, of the whole document."""
    level = min((one.level for one in sections), default=0)
    top = [one for one in sections if one.level == level]
    return top if len(top) > 1 else []


def _row(name: str, tokens: int | None, state: str, report: Report, *, exact: bool) -> Row:
    if tokens is None:
        return Row(name_text(name), state)
    return Row(name_text(name), number_text(tokens, exact=exact), share_text(tokens / report.budget.limit))


def _bytes_text(data: bytes) -> str:
    plain = data.decode("utf-8", "replace")
    shown = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in plain)
    return f"{data.hex(' ')} “{shown}”"


#: What Markdown takes for more than text, wherever it stands: code, emphasis, links, HTML, tables, addresses; at a word's
#: edge only, what is a part of names; at the start, headings, lists and rules. Editors that show Markdown as it is typed show
#: every backslash: there are no more than needed.
_MARKUP = re.compile(
    r"[\\`*\[\]<>&|~]|(?<![^\W_])_|_(?![^\W_])|:(?=//)|(?<=www)\.|(?<=\w)@(?=\w)|^[#+=-]", re.IGNORECASE
)
_NUMBERED = re.compile(r"^(\d+)([.)])(?=\s|$)")


def _escaped(text: str) -> str:
    """Text that Markdown shows as it is: file names and messages must not make links, images or HTML."""
    line = _MARKUP.sub(lambda found: f"\\{found[0]}", " ".join(text.split()))
    return _NUMBERED.sub(r"\1\\\2", line)
