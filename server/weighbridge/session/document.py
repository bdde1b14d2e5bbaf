"""One open document: its text, its references, its counts, all kept true under edits.

    edit ──▶ LineBuffer ──▶ ScanIndex ──▶ CountedBuffer ──▶ total
                                │              ▲
                                └─ targets ──▶ Expander (what each reference stands for)

**Typing outside a reference never resolves any reference.** Everything here runs on the loop's thread and costs what
changed; what costs more is handed out as jobs and answered later. An edit that changes what thousands of lines hold, or
that can't be followed by a fault of ours, is not followed: the text is prepared anew by a worker, and counts till then.
"""

import logging
from collections.abc import Hashable
from dataclasses import replace
from pathlib import Path
from typing import Any

from weighbridge.analysis.arriving import Arrived
from weighbridge.analysis.expand import IN_A_STEP, Expander, Expansion
from weighbridge.analysis.report import MadeReports, Range
from weighbridge.dependencies import Dependencies
from weighbridge.errors import FATAL, Problem
from weighbridge.references.index import LINE_COST, TooFarError
from weighbridge.references.model import Kind, Reference
from weighbridge.session.outline import Filled, Outline
from weighbridge.session.placing import Placing
from weighbridge.session.prepared import Prepared, PreparedBefore
from weighbridge.session.target import Target, parts_of
from weighbridge.steps import Steps
from weighbridge.text import Edit, LineBuffer, Snapshot
from weighbridge.tokens.base import Exactness
from weighbridge.tokens.counted import CountedBuffer, TextPart

logger = logging.getLogger(__name__)

#: What following the edits of one message may cost, in the units of `ScanIndex.update`: with more the text is prepared
#: anew. Scanning a paragraph's window never costs as much. What an edit costs besides, and a reference that is looked at.
MOST_COST = 2000
_EDIT, _REFERENCE = 16, 10
#: Lines counted anew in one turn of the loop because a reference in them stands for something else.
_LINES_A_TURN = 64


class Document:
    """The state of one open document. See the module's text."""

    def __init__(self, uri: str, version: int | None, buffer: LineBuffer, path: Path | None) -> None:
        self.uri = uri
        self.version = version
        self.buffer = buffer
        self.path = path
        #: The user asked for its counts: it shows itself, prompt or not.
        self.shown_on_request = False
        #: Long lists that nobody wants any more: to free them all at once would hold the loop. The session empties them.
        self.discarded: list[list[Any]] = []
        #: Reports of this document's references, for the next report.
        self.made_reports: MadeReports = []
        #: Grows with every change of anything a report shows.
        self.revision = 0
        #: Grows with every change of the text.
        self.text_revision = 0
        #: Of the text that its file held when it was last known to hold the same.
        self.saved_revision: int | None = None
        #: What a worker found out about the text, kept true under edits; None while the text is to be prepared.
        self.prepared: Prepared | None = None
        #: The last of these, whether it still fits the text or not.
        self.last: Prepared | None = None
        #: What was prepared no longer fits: front matter, directives or settings changed.
        self.outdated = True
        #: The text's revision at which a fault of ours was met: the same text is not prepared again for another.
        self._faulty_revision = -1
        #: Why it can't be counted, if it can't: a fault of ours. Preparing it anew may mend it.
        self.fault: Problem | None = None
        #: When it was prepared first, by the loop's clock.
        self.prepared_at: float | None = None
        self.expander: Expander | None = None
        #: Keys that an expander before asked for, and this one may not.
        self._leftover: set[Hashable] = set()
        #: The index's references when unused targets were last dropped.
        self._dropped_revision = -1
        self.expansions: dict[Target, Expansion] = {}
        #: Targets whose expansion is to be looked at again. Not a set: taking one out of a set that was large once looks through all of it.
        self.dirty: dict[Target, None] = {}
        #: The target that is being looked at, some of what is nested in it at a time.
        self._expanding: tuple[Target, Steps[Expansion]] | None = None
        #: What is looked up for each content that arrives, and must not cost the document: the targets and their keys, targets that
        #: wait, the references' places.
        self._keys = Dependencies[Target, Hashable]()
        self._waiting: set[Target] = set()
        self._placing = Placing(self.discarded)
        #: Targets may have become unused, and it is not known which.
        self._may_drop = False
        #: Targets whose expansions changed and whose lines are to be counted so: how many of its lines are, by target.
        self._unshown: dict[Target, int] = {}
        self.outline = Outline()
        #: What arrives at the agent in whose dialect it is written, as last known; None: not known, or no such dialect.
        self.arrived: Arrived | None = None
        #: Whether something else may arrive by now; and the text's revision for which it is being found out.
        self.arrival_due = False
        self._arrival_revision = -1
        #: The resolved text's counts.
        self.counted: CountedBuffer | None = None
        self._own: CountedBuffer | None = None
        self._since_snapshot: Edit | None = None
        self._last_tokens = 0
        #: Whether a report told a true total.
        self.counted_before = False
        self._last_own = 0

    # Preparing

    def snapshot(self) -> Snapshot:
        """The text as it is now, for workers; edits since are remembered for `adopt`."""
        self._since_snapshot = None
        return self.buffer.snapshot()

    def adopt(self, prepared: Prepared, expander: Expander) -> None:
        """Take what a worker prepared from the last snapshot; edits made since then are applied to it."""
        last, since, counts = self.last, self._since_snapshot, prepared.counts
        if counts is None and self.prepared is None:
            # It was to go on with what is known of the text, which is lost since.
            return
        if self.expander is not None:
            self._leftover |= self.expander.retain(frozenset())
        if counts is not None:
            self._discard()
        self.prepared = self.last = replace(prepared, counts=None)
        self.expander, self._expanding, self.fault = expander, None, None
        self.outdated = False
        self.revision += 1
        self.arrival_changed()
        self._placing.outdate()
        self._dropped_revision = -1
        if last is None or last.tokenizer is not prepared.tokenizer:
            self.expansions.clear()
            self._keys.clear()
            self._waiting.clear()
        # What references stood for stays until it is known what they stand for now.
        if counts is None:
            self.dirty.update(dict.fromkeys(self.expansions))
            self.outdated = since is not None and self._head_changed(since)
            return
        self.dirty = dict(prepared.targets)
        self.counted, self._own = counts.resolved, counts.own
        for buffer in self.buffers():
            buffer.follow(self.buffer)
        used = counts.expansions
        self._unshown = {
            target: 0 for target, expansion in self.expansions.items() if used.get(target) is not expansion
        }
        if since is not None:
            # Adopting takes its share of the turn.
            self._follow(since, MOST_COST // 2)

    def prepared_before(self) -> PreparedBefore:
        """What a worker need not find out again."""
        prepared = self.prepared
        if prepared is None:
            return PreparedBefore(self.last, None, (), dict(self.expansions))
        index = prepared.index
        directives = tuple(directive for _, directive in index.directives())
        return PreparedBefore(prepared, index.skip, directives, dict(self.expansions))

    def lose(self) -> None:
        """Follow the text no longer: it is to be prepared anew, and counts till then."""
        self._discard()
        self.prepared = self.counted = self._own = None
        self.outline = Outline()
        self._expanding = None
        self.outdated = True
        self.revision += 1

    def _discard(self) -> None:
        """Let go of what was scanned and counted."""
        self.discarded += [buffer.discard() for buffer in self.buffers()]
        if self.prepared is not None:
            self.discarded.append(self.prepared.index.discard())

    def failed(self, problem: Problem) -> bool:
        """Note a fault of ours. True if the text is to be prepared anew; else it is one that this text always meets."""
        again = self._faulty_revision != self.text_revision
        self._faulty_revision = self.text_revision
        self.lose()
        if not again:
            self.fault = problem
        return again

    def mended(self) -> None:
        """Something else changed than the text: what failed is worth another try."""
        self._faulty_revision = -1

    # Editing

    def apply(self, edit: Edit, room: int = MOST_COST) -> int:
        """Follow an edit that the buffer has already made. Never raises.

        `room`: what that may cost; what is left of it is returned, for the next edit of the same message.
        """
        self.revision += 1
        self.text_revision += 1
        self.arrival_changed()
        self._since_snapshot = edit if self._since_snapshot is None else self._since_snapshot.then(edit)
        return room if self.prepared is None else self._follow(edit, room)

    def _follow(self, edit: Edit, room: int = MOST_COST) -> int:
        """Change what was prepared as an edit wants it, or lose it all: half of it is worth nothing."""
        assert self.prepared is not None  # noqa: S101  the caller saw to it
        index = self.prepared.index
        was_template = index.template
        try:
            if max(edit.old_lines, edit.new_lines) * LINE_COST > room:
                raise TooFarError  # noqa: TRY301  as the index says it
            room = self._change(edit, room)
            if index.template is was_template:
                return room
            # Braces anywhere stand for something else now.
            self.lose()
        except TooFarError:
            self.lose()
        except FATAL:
            raise
        except BaseException:
            logger.exception("an edit could not be followed")
            self.lose()
        return 0

    def _change(self, edit: Edit, room: int) -> int:
        assert self.prepared is not None and self.counted is not None  # noqa: S101, PT018  the caller saw to it
        index = self.prepared.index
        rescan = index.update(edit, self.buffer, room)
        room -= rescan.cost + _EDIT
        shift = edit.new_lines - edit.old_lines
        start = min(edit.start, rescan.start)
        stop = max(edit.start + edit.new_lines, rescan.new_end)
        parts: dict[int, tuple[TextPart, ...]] = {}
        for line in range(start, stop):
            references = index.line(line).references
            if references:
                room -= len(references) * _REFERENCE
                if room < 0:
                    raise TooFarError
                self._placing.outdate()
                resolved = parts_of(self.buffer.line(line), references, self.expansions)
                if resolved is not None:
                    parts[line] = resolved
                for reference in references:
                    target = Target.of(reference)
                    if target not in self.expansions:
                        self.dirty[target] = None
        self.outline.edited(Edit(start, stop - start - shift, stop - start))
        inline = edit.inline if stop - start == 1 and not parts else None
        self.counted.splice(start, stop - start - shift, stop - start, parts, inline)
        if self._own is not None:
            self._own.splice(edit.start, edit.old_lines, edit.new_lines, inline=edit.inline)
        elif index.refers:
            if self.buffer.line_count * LINE_COST > MOST_COST:
                raise TooFarError
            self._own = CountedBuffer(self.prepared.tokenizer, self.buffer)
        self.outdated = self.outdated or self._head_changed(edit)
        return room

    def _head_changed(self, edit: Edit) -> bool:
        """Whether an edit may have changed what preparing found: the front matter, a directive."""
        assert self.prepared is not None  # noqa: S101  the caller saw to it
        lines = self.prepared.head_lines
        # One line was looked at if it did not begin any front matter.
        if edit.start < lines and (lines > 1 or self._begins_front_matter()):
            return True
        directives = self.prepared.directives
        current = tuple(directive for _, directive in self.prepared.index.directives())
        return [directive.settings for directive in current] != [
            directive.settings for directive in directives
        ]

    def _begins_front_matter(self) -> bool:
        # Of a long line no more is joined than tells that it does not.
        line = self.buffer.stored_line(0)
        return line[:3] == "---" and str(line).rstrip() == "---"

    # What arrives at an agent

    def arrival_changed(self) -> None:
        """Something else may arrive by now: by another text, another tokenizer, other files."""
        self.arrival_due = self.last is not None and self.last.dialect.agent is not None
        self._arrival_revision = -1
        if not self.arrival_due:
            self.arrived = None

    def arrival_begins(self) -> None:
        """It is being found out what arrives, of the text as it is now."""
        self._arrival_revision = self.text_revision

    def arrives(self, arrived: Arrived) -> None:
        """Take what was found out, if nothing changed since."""
        if self._arrival_revision == self.text_revision:
            self.arrived, self.arrival_due = arrived, False
            self.revision += 1

    # References

    @property
    def folder(self) -> Path | None:
        """The folder that the document's relative paths start from."""
        return None if self.path is None else self.path.parent

    def references(self) -> list[tuple[int, Reference]]:
        """The document's own references with their lines, in order."""
        return [] if self.prepared is None else list(self.prepared.index.references())

    def placed(self) -> list[tuple[Reference, Range, Target]]:
        """The document's own references, each with its place in the client's units and what it names; in order.

        None while there are so many that they are still being placed.
        """
        return self._placing.placed if self.place() else []

    def place(self) -> bool:
        """Place some references; True when all are."""
        if self.prepared is None:
            return False
        return self._placing.place(self.prepared.index, self.buffer)

    def expand_dirty(self, most: int) -> int:
        """Look again at targets that may stand for something else now; return the references in those that are done.

        `most`: references, nested ones counted, after which it leaves the rest of `dirty` for later.
        """
        if self.prepared is None or self.expander is None or self.settled:
            return 0
        changed = False
        reference_count = steps = 0
        while self.dirty and reference_count < most:
            target = next(reversed(self.dirty))
            if self._expanding is None or self._expanding[0] != target:
                reference = Reference(target.kind, target.target, 0, 0, target.fragment, target.default)
                self._expanding = target, self.expander.expanding(reference, self.folder)
            try:
                next(self._expanding[1])
            except StopIteration as end:
                expansion: Expansion = end.value
            else:
                reference_count += IN_A_STEP
                continue
            self._expanding = None
            del self.dirty[target]
            old_expansion = self.expansions.get(target)
            reference_count += self.expander.steps % IN_A_STEP + 1
            steps += self.expander.steps
            self._set_expansion(target, expansion)
            if old_expansion is None or old_expansion != expansion:
                changed = True
                # What stands for nothing yet stays counted as it is typed: a thousand such cost nothing.
                if expansion.summary != (None if old_expansion is None else old_expansion.summary):
                    self._unshown[target] = 0
        self._show_expansions()
        if changed or self.settled:
            # With nothing left to look at, it may be ready now.
            self.revision += 1
        return steps

    def touch(self, keys: frozenset[Hashable]) -> None:
        """Mark the targets whose content is one of these keys as to be looked at again."""
        self._expanding = None
        for key in keys:
            self.dirty.update(dict.fromkeys(self._keys.users(key)))

    def drop_unused(self) -> frozenset[Hashable]:
        """Forget targets that no longer stand in the text; return the keys nobody here uses any more.

        Costs next to nothing while there can be none.
        """
        expander, prepared = self.expander, self.prepared
        if prepared is None or expander is None:
            return frozenset()
        revision = prepared.index.references_revision
        left_over = self._leftover and not self.dirty
        if revision == self._dropped_revision and not expander.loosened and not left_over:
            return frozenset()
        self._may_drop = not self.place()
        if self._may_drop:
            return frozenset()
        self._dropped_revision = revision
        self._expanding = None
        used = {target for _, _, target in self.placed()}
        for target in [target for target in self.expansions if target not in used]:
            self._keys.replace(target, ())
            self._waiting.discard(target)
            del self.expansions[target]
        if not self.dirty.keys() <= used:
            self.dirty = {target: None for target in self.dirty if target in used}
            self.revision += 1
        unused_keys = set(expander.retain(frozenset(expansion.key for expansion in self.expansions.values())))
        if left_over:
            unused_keys |= self._leftover
            self._leftover = set()
        return frozenset(unused_keys - expander.requests.keys())

    @property
    def may_drop(self) -> bool:
        """Whether contents may have become unused by what changed outside the text."""
        expander = self.expander
        return self._may_drop or (
            expander is not None and not self.dirty and (expander.loosened or bool(self._leftover))
        )

    def drop_all(self) -> frozenset[Hashable]:
        """Forget all references, for good; return the keys that were used."""
        if self.expander is None:
            return frozenset()
        return self.expander.retain(frozenset()) | self._leftover

    def _set_expansion(self, target: Target, expansion: Expansion) -> None:
        self.expansions[target] = expansion
        self._keys.replace(target, (expansion.key,))
        if expansion.waiting:
            self._waiting.add(target)
        else:
            self._waiting.discard(target)

    def _show_expansions(self) -> None:
        """Count some of the lines that stand for something else now; a hostile document has one target in all of them."""
        assert self.prepared is not None and self.counted is not None  # noqa: S101, PT018  the caller saw to it
        if self._unshown and not self._placing.are_of(self.prepared.index):
            # The lines are others than when they were begun.
            self._unshown = dict.fromkeys(self._unshown, 0)
        if not self.place():
            return
        lines_left = _LINES_A_TURN
        lines: set[int] = set()
        while self._unshown and lines_left > 0:
            target, begun = self._unshown.popitem()
            batch = self._placing.lines_of.get(target, [])[begun : begun + lines_left]
            lines.update(batch)
            lines_left -= len(batch)
            if not lines_left:
                self._unshown[target] = begun + len(batch)
        self.outline.resolved(lines)
        index = self.prepared.index
        self.counted.set_parts(
            {
                line: parts_of(self.buffer.line(line), index.line(line).references, self.expansions)
                for line in lines
            }
        )

    @property
    def looked_up(self) -> bool:
        """Whether it is known what the references stand for, its own to APIs aside: these may take long."""
        return self.ready or (
            self.prepared is not None
            and self.settled
            and not any(
                expansion.waiting and target.kind is not Kind.API
                for target, expansion in self.expansions.items()
            )
        )

    @property
    def settled(self) -> bool:
        """Whether all references were looked at, and are counted as what they stand for."""
        return not self.dirty and not self._unshown

    def buffers(self) -> list[CountedBuffer]:
        """What is to be counted: the resolved text, and the text as typed where that differs."""
        buffers = [buffer for buffer in (self.counted, self.own) if buffer is not None]
        return buffers[:1] if len(buffers) == 2 and buffers[0] is buffers[1] else buffers

    def places(self) -> list[tuple[int, int, int, Expansion]]:
        """Where references stand that stand for content: line, start and end column, expansion; in order."""
        return [
            (line, reference.start, reference.end, expansion)
            for line, reference in self.references()
            if (expansion := self.expansions.get(Target.of(reference))) is not None
        ]

    # Counts

    @property
    def own(self) -> CountedBuffer | None:
        """The counts of the text as typed: the same buffer while nothing is referenced."""
        return self.counted if self._own is None else self._own

    @property
    def tokens(self) -> int:
        """The resolved total: true when `ready`, else the last that was, or what is known so far."""
        if self.arrived is not None:
            return self.arrived.tokens
        if self.counted is not None:
            tokens = self.counted.tokens
            self._last_tokens = (
                tokens if tokens is not None else max(self._last_tokens, self.counted.tokens_so_far)
            )
        return self._last_tokens

    @property
    def own_tokens(self) -> int:
        """The total of the text as typed, in the same way."""
        if self.own is not None:
            tokens = self.own.tokens
            self._last_own = tokens if tokens is not None else max(self._last_own, self.own.tokens_so_far)
        return self._last_own

    @property
    def exactness(self) -> Exactness:
        """How sure the total is, as a report says it: what is not as it is today may weigh anything today."""
        # Of what was referred to before an edit, expansions stay for a while.
        standing = self._placing.lines_of if self.place() else self.expansions
        if self.last is None or any(
            (expansion.sampled or expansion.stale) and target in standing
            for target, expansion in self.expansions.items()
        ):
            return Exactness.ESTIMATE
        return self.last.exactness

    def follow_outline(self) -> Steps[None]:
        """Look up which sections there are."""
        if self.prepared is not None:
            yield from self.outline.follow(self.prepared.index, self.buffer.line_count)

    def fill_outline(self, seconds: float) -> Filled:
        """Sum up the sections that changed, for about so long; nothing while the document is being counted."""
        if self.counted is None or self.counted.tokens is None:
            return Filled.WAITS
        return self.outline.fill(self.counted.tokens_between, seconds)

    @property
    def ready(self) -> bool:
        """Whether everything is counted, and every reference resolved or failed."""
        return (
            self.counted is not None
            and not self.outdated
            and not self.arrival_due
            and self.settled
            and self.counted.tokens is not None
            and self.own is not None
            and self.own.tokens is not None
            and not self._waiting
        )
