"""The cards that hovers show: what each says, as Markdown or as plain text. Pure."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile
from pathlib import Path

from weighbridge.agents.arrivals import shown_path
from weighbridge.agents.readers import TITLES
from weighbridge.analysis.arriving import Arrived
from weighbridge.analysis.contexts import CountedContext, repeated_text
from weighbridge.analysis.expand import State
from weighbridge.analysis.report import (
    ImportReport,
    ModelReport,
    ReferenceReport,
    Report,
    SectionReport,
    own_text,
)
from weighbridge.analysis.wording import (
    COUNTING,
    name_text,
    number_text,
    part_text,
    share_text,
    size_text,
    tokens_text,
    total_text,
    usd_text,
)
from weighbridge.errors import Code
from weighbridge.tokens.base import Exactness
from weighbridge.tokens.families import exactness_note

_MOST_NOTICES = 3
#: What is said of agents whose rules were not seen on the wire.
_AS_READ = "as read, not recorded"
#: Rows of a table, and lines of a content, that people read in a hover.
_MOST_ROWS = 10


@dataclass(frozen=True, slots=True)
class CardRow:
    """A line of a table: a name, what it weighs, and its share of the budget."""

    name: str
    tokens: str
    share: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """What a hover says. `facts`: short sentences. `lines`: of a content, `more` if it goes on."""

    title: str
    facts: tuple[str, ...] = ()
    rows: tuple[CardRow, ...] = ()
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
    sentences: list[str] = []
    if reference.problem is not None:
        sentences.append(reference.problem.message)
    if reference.tokens is not None:
        share = share_text(reference.tokens / report.budget.limit)
        sentences.append(f"{part_text(report, reference)}, {share} of the budget{_basis(reference)}")
        if reference.references:
            own = own_text(reference.tokens, reference.references)
            sentences.append(
                f"{tokens_text(own, exact=report.exact_in(reference.range))} of its own, the rest is nested in it"
            )
    elif reference.problem is None:
        sentences.append("on its way …")
    rows = [
        _row(
            nested.target,
            nested.tokens,
            nested.state.value,
            report,
            exact=report.counts_exactly and _of_today(nested),
        )
        for nested in reference.references[:_MOST_ROWS]
    ]
    left = len(reference.references) - len(rows)
    if peek.size is not None:
        sentences.append(size_text(peek.size))
    return Card(name_text(reference.target), (*sentences, *facts), tuple(rows), left, peek.lines, peek.more)


def import_card(report: Report, imported: ImportReport, peek: Peek) -> Card:
    """What an agent's import brings."""
    share = share_text(imported.tokens / report.budget.limit)
    facts = [f"{part_text(report, imported)} with what it imports itself, {share} of the budget"]
    if report.arrived is not None:
        facts.append(
            f"{report.arrived.title} imports {name_text(shown_path(imported.path, report.arrived.folder))}"
        )
    if peek.size is not None:
        facts.append(size_text(peek.size))
    return Card(name_text(imported.target), tuple(facts), lines=peek.lines, more=peek.more)


def _of_today(reference: ReferenceReport) -> bool:
    """Whether a reference, and all that is nested in it, counts as it is now."""
    return not _basis(reference) and all(map(_of_today, reference.references))


def _basis(reference: ReferenceReport) -> str:
    """The words for what a count is of, where that is not the content of today."""
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
    inside = list(takewhile(lambda later: later.level > section.level, after))
    top = min((inner.level for inner in inside), default=0)
    below = [inner for inner in inside if inner.level == top]
    rows = [
        _row(child.title, child.tokens, "", report, exact=report.exact_in(child.range))
        for child in below[:_MOST_ROWS]
    ]
    facts = f"{part_text(report, section)}, {share} of the budget"
    return Card(name_text(section.title) or "(no title)", (facts,), tuple(rows), len(below) - len(rows))


def document_card(
    report: Report, contexts: Sequence[CountedContext] = (), paths: Collection[Path] = ()
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
    facts += [_model_text(model_report) for model_report in report.models]
    if report.arrived is not None:
        return Card(
            total_text(report),
            *_chain(report, report.arrived, facts, contexts, paths),
        )
    if report.input_usd is not None:
        if_cached = (
            ""
            if report.cached_usd is None
            else f", {usd_text(report.cached_usd)} where the provider has kept the first {tokens_text(report.cacheable or 0, exact=report.exact)}"
        )
        facts.append(f"{usd_text(report.input_usd)} as input{if_cached}")
    if report.totals.not_of_today():
        facts.append(f"references: {report.totals.not_of_today()}")
    if not report.ready:
        facts.append(COUNTING)
    parts = [
        (reference.tokens, reference.target, reference.range)
        for reference in report.references
        if reference.tokens
    ]
    parts += [
        (section.tokens, f"section “{section.title}”", section.range)
        for section in _top(report.sections)
        if report.ready
    ]
    parts.sort(key=lambda part: -part[0])
    rows = [
        _row(name, tokens, "", report, exact=report.exact_in(place))
        for tokens, name, place in parts[:_MOST_ROWS]
    ]
    return Card(total_text(report), tuple(facts), tuple(rows), len(parts) - len(rows))


def _model_text(model: ModelReport) -> str:
    """`claude-opus-4-8: ≈1,234 tokens, 0.1% of its window, $0.0062 as input`."""
    parts = [
        f"{name_text(model.model)}: {tokens_text(model.tokens, exact=model.exactness is Exactness.EXACT)}"
    ]
    if model.used is not None:
        parts.append(f"{share_text(model.used)} of its window")
    if model.cost is not None:
        parts.append(f"{usd_text(model.cost.input_usd)} as input")
    return ", ".join(parts)


def _other_text(context: CountedContext, paths: Collection[Path]) -> str:
    """`Codex 8,012, cut at line 360`, `Gemini CLI not read`: a file in another agent's context. `paths`: its names."""
    title = TITLES[context.agent] + ("" if context.recorded else f" ({_AS_READ})")
    entry = next((entry for entry in context.entries if entry.path in paths), None)
    if entry is None:
        return f"{title} not read"
    cut = "" if entry.lost is None else f", cut at line {entry.lost.line + 1:,}"
    return f"{title} {number_text(entry.tokens, exact=context.exact)}{cut}"


def _chain(
    report: Report,
    arrived: Arrived,
    facts: Sequence[str],
    contexts: Sequence[CountedContext],
    paths: Collection[Path],
) -> tuple[tuple[str, ...], tuple[CardRow, ...], int]:
    """The files of an agent's context, as facts and rows of a card. `contexts`: the agent's own and others', if they are known."""
    own = next((context for context in contexts if context.agent == arrived.agent), None)
    notices = [notice.message for _, notice in report.notices if notice.code is not Code.REMOVED]
    facts = [*facts, *notices[:_MOST_NOTICES]]
    if own is None:
        return tuple(facts), (), 0
    exact = own.exact
    total = tokens_text(own.tokens, exact=exact)
    facts.append(f"{total} in all when {arrived.title} is started in {arrived.folder}")
    if not own.recorded:
        facts.append(f"{arrived.title}: {_AS_READ}")
    if others := [_other_text(context, paths) for context in contexts if context is not own]:
        facts.append(f"the same file in {' · '.join(others)}")
    facts += [
        repeated_text(repetition, lambda path: name_text(shown_path(path, arrived.folder)), exact=exact)
        for repetition in own.repeated[:_MOST_NOTICES]
    ]
    rows = [
        CardRow(
            name_text(shown_path(entry.path, arrived.folder))
            + ("" if entry.lost is None else f" ({number_text(entry.lost.tokens, exact=exact)} lost)"),
            number_text(entry.tokens, exact=exact),
            share_text(entry.tokens / report.budget.limit),
        )
        for entry in own.entries[:_MOST_ROWS]
    ]
    return tuple(facts), tuple(rows), len(own.entries) - len(rows)


def _top(sections: Sequence[SectionReport]) -> list[SectionReport]:
    """The sections that are in no other, unless there is but one, of the whole document."""
    level = min((section.level for section in sections), default=0)
    top = [section for section in sections if section.level == level]
    return top if len(top) > 1 else []


def _row(name: str, tokens: int | None, state: str, report: Report, *, exact: bool) -> CardRow:
    if tokens is None:
        return CardRow(name_text(name), state)
    return CardRow(
        name_text(name), number_text(tokens, exact=exact), share_text(tokens / report.budget.limit)
    )


#: What Markdown takes for more than text, wherever it stands: code, emphasis, links, HTML, tables, addresses; at a word's
#: edge only, what is a part of names; at the start, headings, lists and rules. Editors that show Markdown as it is typed show
#: every backslash: there are no more than needed.
_MARKUP = re.compile(
    r"[\\`*\[\]<>&|~]|(?<![^\W_])_|_(?![^\W_])|:(?=//)|(?<=www)\.|(?<=\w)@(?=\w)|^[#+=-]", re.IGNORECASE
)


_NUMBERED = re.compile(r"^(\d+)([.)])(?=\s|$)")


def _escaped(text: str) -> str:
    """Text that Markdown shows as it is: file names and messages must not make links, images or HTML."""
    line = _MARKUP.sub(lambda match: f"\\{match[0]}", " ".join(text.split()))
    return _NUMBERED.sub(r"\1\\\2", line)
