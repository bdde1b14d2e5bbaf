"""The report: a document's tree of counts, as values and as the JSON that outsiders rely on.

They are structs and no dataclasses: made, copied between processes and freed several times as fast, by the ten thousand.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from operator import itemgetter, length_hint
from pathlib import Path
from typing import Any

import msgspec

from weighbridge.analysis.arriving import Arrived
from weighbridge.analysis.expand import Expansion, Nested, State
from weighbridge.analysis.notices import Notice
from weighbridge.analysis.wording import status_text
from weighbridge.budget.frames import Frame
from weighbridge.config import Severity
from weighbridge.errors import Code, Problem
from weighbridge.references.model import Kind, Reference
from weighbridge.steps import ITEMS, Steps
from weighbridge.text import PositionEncoding
from weighbridge.tokens.base import Exactness
from weighbridge.uris import uri_of

#: Problems of short forms that what is no reference at all has: a handle, a package, a template's own variable.
_MAY_BE_NONE = frozenset(
    (
        (Kind.FILE, Code.NOT_FOUND),
        (Kind.FILE, Code.DENIED),
        (Kind.FILE, Code.NOT_TEXT),
        (Kind.VARIABLE, Code.UNDEFINED),
    )
)
#: Nested references listed in one report; hostile includes could list millions.
MOST_ROWS = 10_000


class Range(msgspec.Struct, frozen=True, gc=False):
    """A range as the protocol writes it: lines from 0, characters in the client's units, end exclusive."""

    start_line: int
    start_character: int
    end_line: int
    end_character: int

    def as_json(self) -> dict[str, Any]:
        return {
            "start": {"line": self.start_line, "character": self.start_character},
            "end": {"line": self.end_line, "character": self.end_character},
        }


class BudgetReport(msgspec.Struct, frozen=True, gc=False):
    """`limit`: tokens. `used`: share of it, 1.0 is all. `severity`: of the highest threshold crossed, or None."""

    limit: int
    used: float
    severity: str | None


@dataclass(frozen=True, slots=True)
class Cost:
    """What tokens cost as input."""

    input_usd: float


@dataclass(frozen=True, slots=True)
class ModelReport:
    """What a document is for one of the models that are shown together; the fields are the names in the JSON.

    `context_window`: tokens. `used`: share of it.
    """

    model: str
    encoding: str
    exactness: Exactness
    tokens: int
    context_window: int | None
    used: float | None
    cost: Cost | None


class SectionReport(msgspec.Struct, frozen=True, dict=True):
    """A heading with what stands under it, subsections included; `tokens` are resolved."""

    title: str
    level: int
    range: Range
    tokens: int

    @cached_property
    def json(self) -> dict[str, Any]:
        """The same as JSON, made once: reports of a document share what did not change. Not to be changed."""
        return {
            "title": self.title,
            "level": self.level,
            "range": self.range.as_json(),
            "tokens": self.tokens,
        }


class ReferenceReport(msgspec.Struct, frozen=True, dict=True):
    """A reference as it stands. `tokens`: of its content standing alone; None while pending or failed."""

    kind: Kind
    target: str
    range: Range
    state: State
    tokens: int | None
    problem: Problem | None
    uri: str | None
    references: tuple["ReferenceReport", ...] = ()
    #: It counts by the settings' sample; not in the JSON, where `state` is "stale" and `reason` says why.
    sampled: bool = False
    #: False for a short form without a fragment: what looks like one may be none; not in the JSON.
    explicit: bool = True

    @property
    def severity(self) -> str:
        """How severe its problem is: `error`, `warning`; `hint` where it may be no reference at all."""
        code = None if self.problem is None else self.problem.code
        if not self.explicit and (self.kind, code) in _MAY_BE_NONE:
            return "hint"
        return severity_of(code or Code.FAILED, stale=self.state is State.STALE).value

    @cached_property
    def json(self) -> dict[str, Any]:
        """The same as JSON, made once: reports of a document share what did not change. Not to be changed."""
        return {
            "kind": self.kind.value,
            "target": self.target,
            "range": self.range.as_json(),
            "state": self.state.value,
            "tokens": self.tokens,
            "reason": None if self.problem is None else self.problem.message,
            "uri": self.uri,
            "references": [nested.json for nested in self.references],
        }


class ImportReport(msgspec.Struct, frozen=True):
    """An import of the document's agent, of the file `path`; `tokens`: of all that arrives by it."""

    target: str
    range: Range
    path: Path
    tokens: int


class ReferenceTotals(msgspec.Struct, frozen=True, gc=False):
    """How the document's own references stand: each is in one of them, by itself and all nested in it.

    `sampled`, `stale`: those that count by a sample, or by an old answer: the total is no more than an estimate.
    """

    total: int
    resolved: int
    pending: int
    failed: int
    sampled: int = 0
    stale: int = 0

    def not_of_today(self) -> str:
        """`1 from a sample, 2 stale`; empty where all count by what they are today."""
        counts = [(self.sampled, "from a sample"), (self.stale, "stale")]
        return ", ".join(f"{number:,} {how}" for number, how in counts if number)


class Report(msgspec.Struct, frozen=True):
    """One document's counts. `tokens`: resolved; while `counting` the last true total, or what is known so far.

    `counted`: whether the total was ever known; before that there is no number to show.
    """

    uri: str
    version: int | None
    dialect: str
    model: str | None
    encoding: str
    exactness: Exactness
    ready: bool
    tokens: int
    own_tokens: int
    budget: BudgetReport
    input_usd: float | None
    sections: tuple[SectionReport, ...]
    references: tuple[ReferenceReport, ...]
    totals: ReferenceTotals
    #: What is wrong with the document itself (a directive, its front matter, all of it), and where; not in the JSON.
    problems: tuple[tuple[Range, Problem], ...] = ()
    counted: bool = True
    #: Where references start that count by a sample or an old answer, in order, if nothing else makes it an estimate.
    estimated: tuple[tuple[int, int], ...] = ()
    #: What arrives at the agent in whose dialect it is written; not in the JSON.
    arrived: Arrived | None = None
    #: What of the document does not arrive, or not as it looks, each at its place; not in the JSON.
    notices: tuple[tuple[Range, Notice], ...] = ()
    #: The imports that bring something, in order; not in the JSON.
    imports: tuple[ImportReport, ...] = ()
    #: Whether the text shows signs of a template language, which gives short references a meaning of its own; not in the JSON.
    template: bool = False
    #: Its own model and those that are shown beside it; none where there are no others, or nobody waited for them.
    models: tuple[ModelReport, ...] = ()
    #: Tokens before the first text that may be another each time, and what it costs where the provider has kept these; None: not known.
    cacheable: int | None = None
    cached_usd: float | None = None
    #: What a message costs besides: in no count.
    frame: Frame | None = None

    @property
    def encodings(self) -> frozenset[str]:
        """All that it is counted by."""
        return frozenset((self.encoding, *(model.encoding for model in self.models)))

    @property
    def exact(self) -> bool:
        """Whether the tokens are those that the model counts."""
        return self.exactness is Exactness.EXACT

    @property
    def counts_exactly(self) -> bool:
        """Whether it is counted by the model's own tokenizer: then a text that is there is, whatever the total is."""
        return self.exact or bool(self.estimated)

    def exact_in(self, part: Range) -> bool:
        """Whether the tokens of a reference or section are: what the total is no more than an estimate for may stand elsewhere."""
        if not self.estimated:
            return self.exact
        start, end = (part.start_line, part.start_character), (part.end_line, part.end_character)
        return bisect_left(self.estimated, start) == bisect_left(self.estimated, end)

    @property
    def over_budget(self) -> bool:
        """More tokens than the budget, or a threshold of severity error reached below it."""
        early = self.budget.severity == "error" and self.tokens < self.budget.limit
        return self.tokens > self.budget.limit or early

    @property
    def state(self) -> str:
        return "ready" if self.ready else "counting"

    def _counts_json(self) -> dict[str, Any]:
        used = {} if self.counted else {"used": None}
        return {
            "uri": self.uri,
            "version": self.version,
            "state": self.state,
            "text": status_text(self),
            "tokens": self.tokens if self.counted else None,
            "own_tokens": self.own_tokens if self.counted else None,
            "budget": msgspec.structs.asdict(self.budget) | used,
            "model": self.model,
            "encoding": self.encoding,
            "exactness": self.exactness.value,
            "cost": None if self.input_usd is None or not self.counted else self._cost_json(self.input_usd),
        }

    def _cost_json(self, input_usd: float) -> dict[str, Any]:
        caching = {"cacheable_tokens": self.cacheable, "cached_usd": self.cached_usd}
        return {"input_usd": input_usd, **({} if self.cached_usd is None else caching)}

    def as_json(self) -> dict[str, Any]:
        return {
            **self._counts_json(),
            **({"models": [asdict(model) for model in self.models]} if self.models else {}),
            **({} if self.frame is None else {"frame": asdict(self.frame)}),
            "dialect": self.dialect,
            # What the total is no more than an estimate for may stand in some parts only.
            "tokenizer_exactness": Exactness.EXACT.value if self.counts_exactly else self.exactness.value,
            "sections": [section.json for section in self.sections] if self.counted else [],
            "references": [reference.json for reference in self.references],
        }

    def status_json(self) -> dict[str, Any]:
        """What `weighbridge/status` says."""
        return {**self._counts_json(), "references": msgspec.structs.asdict(self.totals)}


def severity_of(code: Code, *, stale: bool = False) -> Severity:
    """How bad a problem is: the same in an editor and in a build, wherever it stands. `stale`: an old answer counts."""
    if code is Code.TYPO:
        return Severity.INFORMATION
    mild = stale or code in {Code.UNDEFINED, Code.SETTINGS}
    return Severity.WARNING if mild else Severity.ERROR


#: Reports of references made before, in order: what each was made of, and the nested rows it took.
MadeReports = list[tuple[Reference, Range, Expansion, "ReferenceReport", int]]


def reference_reports(
    placed: Sequence[tuple[Reference, Range, Expansion]],
    encoding: PositionEncoding,
    made_reports: MadeReports,
) -> Steps[tuple[ReferenceReport, ...]]:
    """Report the document's own references, each with what is nested in it, `MOST_ROWS` nested ones at most.

    `made_reports`: reports made before; those that still hold are used again, and it is brought up to date.
    """
    rows = 0
    del made_reports[len(placed) :]
    for number, (reference, place, expansion) in enumerate(placed):
        if number % ITEMS == ITEMS - 1:
            yield
        if number < len(made_reports):
            made_report = made_reports[number]
            # Places and expansions are made once for each change: the same object means the same value.
            if made_report[1] is place and made_report[2] is expansion and rows + made_report[4] <= MOST_ROWS:
                rows += made_report[4]
                continue
        room = iter(range(MOST_ROWS - rows))
        report = yield from _reference_report(reference, place, expansion, encoding, room)
        taken = MOST_ROWS - rows - length_hint(room)
        rows += taken
        made_reports[number : number + 1] = [(reference, place, expansion, report, taken)]
    # Some may be a hundred thousand, in one turn: 3 ms, where a generator takes 12.
    return tuple(map(itemgetter(3), made_reports))


def totals_of(placed: Sequence[tuple[Reference, Range, Expansion]]) -> Steps[ReferenceTotals]:
    """Count how the document's own references stand, some at a time."""
    pending = failed = sampled = stale = 0
    for number, (_, _, expansion) in enumerate(placed):
        if expansion.waiting:
            pending += 1
        elif expansion.broken:
            failed += 1
        elif expansion.sampled:
            sampled += 1
        elif expansion.stale:
            stale += 1
        if number % ITEMS == ITEMS - 1:
            yield
    resolved = len(placed) - pending - failed - sampled - stale
    return ReferenceTotals(len(placed), resolved, pending, failed, sampled, stale)


def own_text(tokens: int, references: Sequence[ReferenceReport]) -> int:
    """The tokens of a text besides those of what its references stand for: with these they add up to its total.

    What stands for nothing counts as it is typed. Counts join at their borders: never below 0.
    """
    return max(0, tokens - sum(reference.tokens or 0 for reference in references))


def written_target(reference: Reference) -> str:
    """The target as people know it: with its fragment."""
    return reference.target if reference.fragment is None else f"{reference.target}#{reference.fragment}"


def _reference_report(
    reference: Reference, range_: Range, expansion: Expansion, encoding: PositionEncoding, room: Iterator[int]
) -> Steps[ReferenceReport]:
    path = expansion.reading.path
    nested: list[ReferenceReport] = []
    for number, inner in enumerate(expansion.nested):
        if next(room, None) is not None:
            place = _range_of(inner.nested, encoding)
            report = yield from _reference_report(
                inner.nested.reference, place, inner.expansion, encoding, room
            )
            nested.append(report)
        if number % ITEMS == ITEMS - 1:
            yield
    return ReferenceReport(
        kind=reference.kind,
        target=written_target(reference),
        range=range_,
        state=expansion.state,
        tokens=expansion.tokens,
        problem=expansion.problem,
        uri=uri_of(path) if path is not None and expansion.state is not State.FAILED else None,
        references=tuple(nested),
        sampled=expansion.reading.sampled,
        explicit=reference.explicit or reference.fragment is not None,
    )


def _range_of(nested: Nested, encoding: PositionEncoding) -> Range:
    start, end = nested.columns(encoding)
    return Range(nested.line, start, nested.line, end)
