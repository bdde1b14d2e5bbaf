"""What `check` fails on besides a document's own findings: agents' contexts, the total, growth over a baseline.

A baseline is a file of numbers that a team keeps beside its prompts: what was there when it was written is no fault, what
grows beyond it is.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from urllib.parse import unquote

from weighbridge.agents.registry import AGENTS
from weighbridge.analysis.contexts import CountedContext
from weighbridge.analysis.report import Report
from weighbridge.analysis.wording import number_text, tokens_text
from weighbridge.budget.thresholds import crossed
from weighbridge.config import Settings
from weighbridge.config.files import OWN_FILE
from weighbridge.config.setting_values import CONTEXT_BUDGET, TOTAL_BUDGET
from weighbridge.errors import Code, WeighbridgeError
from weighbridge.terminal import Finding
from weighbridge.uris import path_of, uri_of

_VERSION = 1
#: Bytes of a baseline: names and numbers of a million documents.
_MOST_BYTES = 256 * 1024 * 1024


class UnusableBaselineError(WeighbridgeError):
    """A baseline that can't be read or written; the message names it and says what to do."""


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How much growth is allowed: a share of what the baseline says, and tokens on top."""

    share: Fraction = Fraction(0)
    tokens: int = 0

    @classmethod
    def of(cls, text: str) -> "Tolerance":
        """A tolerance as people write it: `5%`, or `200` tokens. Raises ValueError."""
        share, percent, rest = text.strip().partition("%")
        if percent and rest:
            raise ValueError(text)
        value = Fraction(share.replace(",", "").replace("_", ""))
        if value < 0 or (not percent and value.denominator != 1):
            raise ValueError(text)
        return cls(value / 100) if percent else cls(tokens=int(value))

    def allows(self, before: int, now: int) -> bool:
        """Whether that many tokens are no growth to speak of."""
        return now <= before * (1 + self.share) + self.tokens


@dataclass(frozen=True, slots=True)
class Baseline:
    """Tokens by what was counted: a document's path from the baseline's folder, `context:AGENT`, `total`."""

    tokens: Mapping[str, int]

    @classmethod
    def read(cls, path: Path) -> "Baseline":
        """The baseline in a file. Raises UnusableBaselineError."""
        try:
            with path.open("rb") as file:
                values = json.loads(file.read(_MOST_BYTES))
            if values["version"] != _VERSION:
                raise UnusableBaselineError(
                    f"{path}: a baseline of version {values['version']}, and this Weighbridge reads version {_VERSION}"
                )
            tokens = {str(name): int(count) for name, count in values["tokens"].items()}
        except FileNotFoundError:
            raise UnusableBaselineError(f"{path}: not there; --update-baseline writes it") from None
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise UnusableBaselineError(
                f"{path}: no baseline ({type(error).__name__}); --update-baseline writes it anew"
            ) from None
        return cls(tokens)

    def write(self, path: Path) -> None:
        """Write it, one number a line, in order, so that a change is easy to review. Raises UnusableBaselineError."""
        text = json.dumps(
            {"version": _VERSION, "tokens": dict(sorted(self.tokens.items()))}, indent=2, ensure_ascii=False
        )
        new = path.with_name(f"{path.name}.new")
        try:
            new.write_text(f"{text}\n", encoding="utf-8", errors="surrogateescape")
            new.replace(path)
        except OSError as error:
            raise UnusableBaselineError(f"{path}: can't be written: {error.strerror}") from None


@dataclass(slots=True)
class Total:
    """All documents together: how many there are, their tokens, whether these are exact; whether one is over its budget."""

    documents: int = 0
    tokens: int = 0
    exact: bool = True
    over: bool = False

    def add(self, report: Report, *, excused: bool) -> None:
        """Add a document. `excused`: a baseline excuses it from its budget."""
        self.documents += 1
        self.tokens += report.tokens
        self.exact = self.exact and report.exact
        self.over = self.over or (report.over_budget and not excused)


@dataclass(frozen=True, slots=True)
class Limited:
    """Something with a budget of its own: an agent's context, or all documents together.

    `name`: as in a baseline. `uri`: where it is told of.
    """

    name: str
    uri: str
    what: str
    tokens: int
    limit: int
    severity: str | None

    @property
    def over(self) -> bool:
        """More tokens than the budget, or a threshold of severity error reached below it."""
        return self.tokens > self.limit or (self.severity == "error" and self.tokens < self.limit)

    def finding(self) -> Finding | None:
        """What is said of it, if a threshold is crossed."""
        if self.severity is None:
            return None
        said = f"{self.what}, {self.tokens / self.limit:.0%} of the budget of {self.limit:,}"
        return Finding(self.uri, 1, self.severity, Code.BUDGET.value, said)


def limited(
    total: Total,
    contexts: Iterable[CountedContext],
    settings: Settings,
    folder: Path,
    base: Path,
) -> Iterator[Limited]:
    """What has a budget in the settings besides documents. `folder`: what is checked; `base`: the baseline's folder."""

    def of(key: str, name: str, uri: str, what: str, tokens: int) -> Iterator[Limited]:
        limit = settings.budgets.get(key)
        if limit is not None:
            threshold = crossed(tokens, limit, settings.thresholds)
            yield Limited(
                name, uri, what, tokens, limit, None if threshold is None else threshold.severity.value
            )

    for context in contexts:
        tokens = context.tokens
        what = f"{AGENTS[context.agent].title} loads {tokens_text(tokens, exact=context.exact)}"
        key = f"{CONTEXT_BUDGET}{context.agent}"
        yield from of(key, _context_name(context, base), _first_uri(context), what, tokens)
    what = f"{tokens_text(total.tokens, exact=total.exact)} in all"
    yield from of(TOTAL_BUDGET, TOTAL_BUDGET, _total_uri(folder), what, total.tokens)


def lost_findings(contexts: Iterable[CountedContext]) -> Iterator[Finding]:
    """Where the text of files ends for an agent."""
    for context in contexts:
        for entry in context.entries:
            lost = entry.lost
            if lost is not None:
                said = f"{tokens_text(lost.tokens, exact=context.exact)} from here on never arrive in {AGENTS[context.agent].title}"
                uri = uri_of(entry.path)
                yield Finding(uri, lost.line + 1, "warning", Code.TRUNCATED.value, said)


Numbers = Mapping[str, tuple[str, int, bool]]
"""What was counted, by its name in a baseline: its URI, its tokens, whether they are exact."""


def measured(total: Total, contexts: Iterable[CountedContext], folder: Path, base: Path) -> Numbers:
    """What was counted besides documents. `folder`, `base`: as for `limited`."""
    numbers = {
        _context_name(context, base): (_first_uri(context), context.tokens, context.exact)
        for context in contexts
    }
    return {**numbers, TOTAL_BUDGET: (_total_uri(folder), total.tokens, total.exact)}


class Comparison:
    """What was counted, held against a baseline, which excuses what was there; or kept, to be the next one."""

    def __init__(self, path: Path | None, tolerance: Tolerance, *, update: bool) -> None:
        """`path`: of the baseline, None without any. `update`: write it. Raises UnusableBaselineError."""
        self._path = path
        self._tolerance = tolerance
        self._update = update
        self._tokens = {} if path is None or update else {**Baseline.read(path).tokens}

    def excuses(self, name: str) -> bool:
        """Whether something is excused from its budget: it was there already."""
        return self._update or name in self._tokens

    def findings(self, numbers: Numbers) -> Iterator[Finding]:
        """What grew beyond its baseline by more than is tolerated."""
        if self._update:
            self._tokens.update((name, tokens) for name, (_, tokens, _) in numbers.items())
            return
        for name, (uri, now, exact) in numbers.items():
            before = self._tokens.get(name)
            if before is not None and not self._tolerance.allows(before, now):
                said = f"{name}: {tokens_text(now, exact=exact)}, {number_text(now - before, exact=exact)} more than the baseline's {before:,}"
                yield Finding(uri, 1, "error", Code.GROWTH.value, said)

    def write(self) -> None:
        """Write the baseline, if that is wanted. Raises UnusableBaselineError."""
        if self._update and self._path is not None:
            Baseline(self._tokens).write(self._path)


def _first_uri(context: CountedContext) -> str:
    """Where a finding about a context stands: at the first of its files that lies in its folder."""
    folder = context.folder
    paths = [entry.path for entry in context.entries]
    return uri_of(next((path for path in paths if path.is_relative_to(folder)), folder))


def _context_name(context: CountedContext, base: Path) -> str:
    inside = name_of(uri_of(context.folder), base)
    return f"{CONTEXT_BUDGET}{context.agent}{'' if inside == '.' else f' in {inside}'}"


def _total_uri(folder: Path) -> str:
    own = folder / OWN_FILE
    return uri_of(own if own.is_file() else folder)


def name_of(uri: str, base: Path) -> str:
    """A document's path from a folder, or its URI where it is no file."""
    above = f"{uri_of(base)}/"
    if uri.startswith(above):
        # Asked for each of many thousand documents.
        return unquote(uri.removeprefix(above))
    path = path_of(uri)
    return uri if path is None else Path(os.path.relpath(path, base)).as_posix()
