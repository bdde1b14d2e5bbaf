"""Resolve a reference with everything nested in it, from contents already read: pure, and the same every time.

A cycle is closed by the reference whose content already stands above it; depth is counted from the document (its own
references are at depth 1). Both fail at that reference, whose literal text then counts.

Hostile repositories include in fans: ten levels of ten references are ten thousand million. So an expansion may hold
at most `MOST_REFERENCES`, counted with repeats, or the document's reference fails as a whole: a bound that depends on
the contents alone, not on what happens to be remembered.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from weighbridge.content.base import ContentRequest, Scope
from weighbridge.content.policy import shown
from weighbridge.dependencies import Dependencies
from weighbridge.errors import BorderlessError, Code, Problem
from weighbridge.references.model import Kind, Reference
from weighbridge.steps import Steps
from weighbridge.text import PositionEncoding
from weighbridge.tokens.base import Tokenizer
from weighbridge.tokens.summary import Summary, join_all, summarize, total

#: References in one expansion, repeats counted.
MOST_REFERENCES = 10_000
#: References nested in one content that are looked at in one step.
IN_A_STEP = 64


class State(StrEnum):
    """How a reference stands."""

    PENDING = "pending"
    RESOLVED = "resolved"
    STALE = "stale"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Nested:
    """A reference inside a content: where it stands, and its literal text.

    `offset`: code points from the content's start. `line`: from 0, of the whole file, whatever part of it is included.

    `before`: what the text before it in its line is longer in UTF-8 bytes and in UTF-16 units than in code points.
    """

    offset: int
    line: int
    reference: Reference
    literal: str
    before: tuple[int, int] = (0, 0)

    def columns(self, encoding: PositionEncoding) -> tuple[int, int]:
        """Its start and end in the line, in the encoding's units."""
        if encoding is PositionEncoding.UTF32:
            return self.reference.start, self.reference.end
        codec, extra = (
            ("utf-8", self.before[0]) if encoding is PositionEncoding.UTF8 else ("utf-16-le", self.before[1])
        )
        units = len(self.literal.encode(codec, "surrogatepass")) // (1 if codec == "utf-8" else 2)
        start = self.reference.start + extra
        return start, start + units


@dataclass(frozen=True, slots=True)
class Reading:
    """One content, read, scanned and counted under one tokenizer; or why not.

    `segments`: the content's text in order, literal stretches as summaries, with the references between them.
    `identity`: equal for two ways to the same thing (see Content). `source`: where it came from, for people.
    `digest`: of the text; empty while pending or failed. `tokens`: of the text standing alone, where nothing is nested.
    """

    state: State
    identity: str
    source: str
    segments: tuple[Summary | Nested, ...] = ()
    digest: bytes = b""
    path: Path | None = None
    base: Path | None = None
    size: int | None = None
    secret: bool = False
    sampled: bool = False
    problem: Problem | None = None
    tokens: int | None = None


PENDING = Reading(State.PENDING, identity="", source="")


@dataclass(frozen=True, slots=True)
class Expansion:
    """A reference resolved as far as is known.

    `tokens`: of its content standing alone, nested references resolved; None while pending or failed.
    `summary`: what stands in its place, None while that is its literal text. `references`: how many there are in it,
    itself and repeats included. `waiting`, `broken`: how many of them are pending and failed. `stale`, `sampled`: whether any
    of them counts by an old answer, or by a sample. `volatile`: whether any may be another text each time: an API, a variable
    without a fixed value.
    """

    key: Hashable
    state: State
    summary: Summary | None
    tokens: int | None
    problem: Problem | None
    reading: Reading
    nested: tuple["Placed", ...] = ()
    references: int = 1
    waiting: int = 0
    broken: int = 0
    stale: bool = False
    sampled: bool = False
    volatile: bool = False
    #: What decides whether it may be reused elsewhere: the levels below it, what stands in it,
    #: which contents above it closed cycles in it, and whether the depth's limit cut it.
    height: int = 0
    identities: frozenset[str] = frozenset()
    cut_by: frozenset[str] = frozenset()
    cut_deep: bool = False


@dataclass(frozen=True, slots=True)
class Placed:
    """An expansion in its place: what is nested in another content."""

    nested: Nested
    expansion: Expansion


class TooManyReferencesError(Exception):
    """The expansion is over `MOST_REFERENCES`; never leaves this module."""


@dataclass(slots=True)
class Expander:
    """Expands a document's references. One for each document: variables and folders differ between documents.

    `lookup` gives what is known of a key; `key_of` names what a request stands for. What `lookup` doesn't know is
    pending. Keys met for the first time are noted in `new_requests`, for the caller to have them read. Which keys stand in
    which is remembered both ways, so that a changed content is forgotten with all that holds it, and what nothing
    holds any more is let go. `loosened`: a content changed that held others; `retain` may find some of them unused.
    `steps`: references looked at by the last `expanding`, repeats counted.
    """

    tokenizer: Tokenizer
    scope: Scope
    max_depth: int
    key_of: Callable[[ContentRequest], Hashable]
    lookup: Callable[[Hashable], Reading | None]
    document_identity: str | None = None
    new_requests: dict[Hashable, ContentRequest] = field(default_factory=dict)
    requests: dict[Hashable, ContentRequest] = field(default_factory=dict)
    loosened: bool = False
    steps: int = 0
    #: The keys of contents, and those that are nested in them.
    _nested: Dependencies[Hashable, Hashable] = field(default_factory=Dependencies)
    _expansions: dict[Hashable, Expansion] = field(default_factory=dict)
    _keys: dict[Hashable, Hashable] = field(default_factory=dict)

    def expanding(self, reference: Reference, base: Path | None) -> Steps[Expansion]:
        """Expand one of the document's own references, `IN_A_STEP` nested ones at a time. `base`: the document's folder.

        Whoever lets go or changes any content between two steps begins anew.
        """
        self.steps = 0
        above = frozenset(() if self.document_identity is None else (self.document_identity,))
        try:
            return (yield from self._expand(self._request(reference, base), above, 1))
        except TooManyReferencesError:
            return failed(
                self._key(self._request(reference, base)),
                Code.DEPTH,
                f"{shown(reference.target)}: holds more than {MOST_REFERENCES:,} references, repeats counted",
            )

    def forget(self, key: Hashable) -> frozenset[Hashable]:
        """Forget what was expanded of `key` and of all that holds it; return those keys."""
        forgotten_keys: set[Hashable] = set()
        todo = [key]
        while todo:
            changed = todo.pop()
            if changed in forgotten_keys:
                continue
            forgotten_keys.add(changed)
            self._expansions.pop(changed, None)
            todo.extend(self._nested.users(changed))
        # What it holds now is found out when it is expanded again.
        self.loosened = self.loosened or bool(self._nested.things(key))
        self._nested.replace(key, ())
        return frozenset(forgotten_keys)

    def retain(self, roots: frozenset[Hashable]) -> frozenset[Hashable]:
        """Drop all keys that no root reaches any longer; return those of them that were wanted."""
        self.loosened = False
        live: set[Hashable] = set()
        todo = list(roots)
        while todo:
            reached = todo.pop()
            if reached not in live:
                live.add(reached)
                todo.extend(self._nested.things(reached))
        dropped_keys = frozenset(key for key in self.requests if key not in live)
        for key in dropped_keys:
            self._expansions.pop(key, None)
            self.requests.pop(key, None)
            self.new_requests.pop(key, None)
        # What is nested too deep has a key and users, but was never asked for.
        self._keys = {name: key for name, key in self._keys.items() if key in live}
        self._nested.retain(live)
        return dropped_keys

    def _request(self, reference: Reference, base: Path | None) -> ContentRequest:
        return ContentRequest(
            reference.kind, reference.target, reference.fragment, reference.default, base, self.scope
        )

    def _key(self, request: ContentRequest) -> Hashable:
        """`key_of`, remembered: the same few requests are met again and again."""
        name = (request.kind, request.target, request.fragment, request.default, request.base)
        key = self._keys.get(name)
        if key is None:
            key = self._keys[name] = self.key_of(request)
        return key

    def _expand(self, request: ContentRequest, above: frozenset[str], depth: int) -> Steps[Expansion]:
        key = self._key(request)
        self.steps += 1
        if self.steps > MOST_REFERENCES:
            raise TooManyReferencesError
        if request.kind is Kind.FILE and depth > self.max_depth:
            return failed(
                key,
                Code.DEPTH,
                f"{shown(request.target)}: nested more than {self.max_depth} deep; raise weighbridge.maxDepth or nest less",
                cut_deep=True,
            )
        if key not in self.requests:
            self.requests[key] = request
            self.new_requests[key] = request
        cached = self._expansions.get(key)
        if cached is not None and depth + cached.height <= self.max_depth and not cached.identities & above:
            self.steps += cached.references - 1
            if self.steps > MOST_REFERENCES:
                raise TooManyReferencesError
            return cached
        reading = self.lookup(key)
        if reading is None:
            reading = PENDING
        if reading.identity and reading.identity in above and reading.state is not State.FAILED:
            return failed(
                key,
                Code.CYCLE,
                f"{shown(request.target)}: includes itself, directly or by what it includes",
                cut_by=frozenset((reading.identity,)) - {self.document_identity},
            )
        expansion = yield from self._expand_reading(key, request.kind, reading, above, depth)
        if not expansion.cut_by and not expansion.cut_deep:
            self._expansions[key] = expansion
        return expansion

    def _expand_reading(
        self, key: Hashable, kind: Kind, reading: Reading, above: frozenset[str], depth: int
    ) -> Steps[Expansion]:
        if reading.state is State.PENDING:
            volatile = kind is not Kind.FILE
            return Expansion(key, State.PENDING, None, None, None, reading, waiting=1, volatile=volatile)
        if reading.state is State.FAILED:
            return self._failed_reading(key, kind, reading, above)
        enclosing = above | {reading.identity}
        pieces: list[Summary] = []
        joined: list[Summary] = []
        nested: list[Placed] = []
        borderless: BorderlessError | None = None
        identities = {reading.identity}
        cut_by: set[str] = set()
        references, waiting, broken, height, cut_deep = 1, 0, 0, 0, False
        sampled = reading.sampled
        stale = reading.state is State.STALE and not sampled
        for segment in reading.segments:
            if isinstance(segment, Summary):
                pieces.append(segment)
                continue
            request = self._request(segment.reference, reading.base)
            # Noted before it is expanded: an expansion that grows too large is looked at again when any of it changes.
            self._nested.add(key, self._key(request))
            child = yield from self._expand(request, enclosing, depth + 1)
            nested.append(Placed(segment, child))
            pieces.append(
                child.summary if child.summary is not None else summarize(segment.literal, self.tokenizer)
            )
            references += child.references
            waiting += child.waiting
            broken += child.broken
            stale = stale or child.stale
            sampled = sampled or child.sampled
            height = max(height, child.height + 1)
            identities |= child.identities
            cut_by |= child.cut_by
            cut_deep = cut_deep or child.cut_deep
            if len(nested) % IN_A_STEP == 0:
                yield
                try:
                    joined.append(join_all(pieces, self.tokenizer))
                except BorderlessError as error:
                    borderless = borderless or error
                pieces = []
        volatile = kind is Kind.API or reading.secret or any(placed.expansion.volatile for placed in nested)
        state: State = reading.state
        problem, summary, tokens = reading.problem, None, None
        try:
            if borderless is not None:
                raise borderless
            summary = join_all([*joined, *pieces], self.tokenizer)
            tokens = total(summary, self.tokenizer) if reading.tokens is None else reading.tokens
        except BorderlessError as error:
            state, problem = State.FAILED, Problem(Code.TOO_LARGE, f"{reading.source}: {error}")
            broken += 1
        return Expansion(
            key,
            state,
            summary,
            tokens,
            problem,
            reading,
            tuple(nested),
            references,
            waiting,
            broken,
            stale,
            sampled,
            volatile,
            height,
            frozenset(identities),
            frozenset(cut_by - {reading.identity}),
            cut_deep,
        )

    def _failed_reading(
        self, key: Hashable, kind: Kind, reading: Reading, above: frozenset[str]
    ) -> Expansion:
        """What has no content. A file that the reference stands in, directly or not, is not proposed in its place."""
        problem, similar, cut_by = reading.problem, frozenset[str](), frozenset[str]()
        if problem is not None and problem.similar is not None:
            file, without = problem.similar
            similar = frozenset((file,))
            if file in above:
                problem = Problem(problem.code, without)
                cut_by = similar - {self.document_identity}
        return Expansion(
            key,
            State.FAILED,
            None,
            None,
            problem,
            reading,
            broken=1,
            identities=similar,
            cut_by=cut_by,
            volatile=kind is not Kind.FILE,
        )


def failed(
    key: Hashable,
    code: Code,
    message: str,
    *,
    cut_by: frozenset[str] = frozenset(),
    cut_deep: bool = False,
) -> Expansion:
    """An expansion that stands for no content."""
    problem = Problem(code, message)
    reading = Reading(State.FAILED, identity="", source="", problem=problem)
    return Expansion(
        key, State.FAILED, None, None, problem, reading, broken=1, cut_by=cut_by, cut_deep=cut_deep
    )
