"""The counted buffer against the tokenizer run on the whole resolved text."""

import re
from collections.abc import Callable, Iterable
from typing import TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from tests.tokens import hostile
from tests.tokens.documents import TOKENIZERS, ListOfLines, named

from weighbridge.rope import STANDARD as WOVEN
from weighbridge.rope import Weave
from weighbridge.tokens.counted import CountedBuffer, Job, Part
from weighbridge.tokens.grain import STANDARD, Grain
from weighbridge.tokens.summary import summarize

T = TypeVar("T")

GRAINS = st.builds(
    Grain,
    at_once=st.sampled_from((60, 300)),
    least_chunk=st.sampled_from((5, 40)),
    most_chunk=st.sampled_from((80, 150)),
    regroup=st.sampled_from((50, 300)),
    rows=st.sampled_from((4, 8, 30)),
    patch=st.sampled_from((2, 5)),
    whole_cell=st.sampled_from((0, 10, 40)),
    fine_piece=st.sampled_from((3, 10)),
    coarse_piece=st.sampled_from((20, 50)),
) | st.just(STANDARD)

#: Lines in pieces of a few characters, among others that aren't.
WEAVES = st.builds(Weave, long=st.sampled_from((0, 8, 30)), piece=st.sampled_from((1, 4, 9))) | st.just(WOVEN)

WORDS = (
    "Hello there",
    "    return x",
    "  ",
    "//",
    "/a",
    "你好，世界",
    "a,b,c",
    " the quick brown fox",
    "x" * 40,
    "\t",
    "。",
)
TEXTS = st.lists(st.sampled_from(WORDS), max_size=5).map("".join) | hostile.texts(8)
BODIES = TEXTS.map(lambda text: re.sub(r"[\r\n]", "", text))
ENDED = st.tuples(BODIES, st.sampled_from(("\n", "\n", "\r\n", "\r"))).map("".join)
# A lone `\r` before a line that starts with `\n` would be one line end, not two: such lines never start so.
DOCUMENTS = st.tuples(st.lists(ENDED, max_size=25), BODIES).map(lambda lines: [*lines[0], lines[1]])
CONTENTS = st.lists(st.one_of(TEXTS, ENDED), max_size=4).map("".join)


class Editing(RuleBasedStateMachine):
    """One document edited, its references resolved, its jobs answered in any order; then compared with the text."""

    def __init__(self) -> None:
        super().__init__()
        self.held: list[Job] = []

    @initialize(name=st.sampled_from(TOKENIZERS), lines=DOCUMENTS, grain=GRAINS, weave=WEAVES, data=st.data())
    def open(self, name: str, lines: list[str], grain: Grain, weave: Weave, data: st.DataObject) -> None:
        self.tokenizer = named(name)
        self.lines = ListOfLines(lines, weave)
        self.over: dict[int, str] = {}
        parts = self.references(data, range(len(lines)))
        cuts = data.draw(st.lists(st.integers(0, len(lines)), max_size=3))
        self.buffer = CountedBuffer(self.tokenizer, self.lines, parts, cuts, grain)

    def parts_of(self, data: st.DataObject, line: int) -> tuple[Part, ...]:
        """Some of the line's text replaced by contents."""
        text = self.lines.line(line)
        body = text.rstrip("\r\n")
        cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), min_size=2, max_size=6)))
        parts: list[Part] = [body[: cuts[0]]]
        resolved = [body[: cuts[0]]]
        for start, stop in zip(cuts, [*cuts[1:], len(body)], strict=True):
            content = data.draw(CONTENTS)
            parts += [summarize(content, self.tokenizer), body[start:stop] if start % 2 else ""]
            resolved += [content, body[start:stop] if start % 2 else ""]
        self.over[line] = "".join([*resolved, text[len(body) :]])
        return (*parts, text[len(body) :])

    def references(self, data: st.DataObject, lines: Iterable[int]) -> dict[int, tuple[Part, ...]]:
        some = data.draw(st.sets(st.sampled_from(list(lines)), max_size=3)) if list(lines) else set()
        return {line: self.parts_of(data, line) for line in sorted(some)}

    def text(self, start: int, stop: int) -> str:
        return "".join(self.over.get(line, self.lines.line(line)) for line in range(start, stop))

    def replace(self, data: st.DataObject, start: int, old: int, lines: list[str]) -> None:
        new = len(lines)
        self.lines.lines[start : start + old] = lines
        self.over = {
            line if line < start else line + new - old: text
            for line, text in self.over.items()
            if not start <= line < start + old
        }
        self.buffer.splice(start, old, new, self.references(data, range(start, start + new)))

    @rule(
        data=st.data(),
        text=st.sampled_from((*WORDS, *hostile.COMMON, "")).filter(
            lambda text: text not in "\r\n" or not text
        ),
    )
    def type_within_a_line(self, data: st.DataObject, text: str) -> None:
        line = data.draw(st.integers(0, len(self.lines) - 1))
        old = self.lines.line(line)
        body = old.rstrip("\r\n")
        start = data.draw(st.integers(0, len(body)))
        stop = min(len(body), start + data.draw(st.integers(0, 3)))
        self.lines.lines[line] = body[:start] + text + body[stop:] + old[len(body) :]
        self.over.pop(line, None)
        self.buffer.splice(line, 1, 1)

    @rule(data=st.data(), lines=st.lists(ENDED, max_size=12), old=st.integers(0, 30))
    def replace_lines(self, data: st.DataObject, lines: list[str], old: int) -> None:
        start = data.draw(st.integers(0, len(self.lines) - 1))
        self.replace(data, start, min(old, len(self.lines) - 1 - start), lines)

    @rule(data=st.data(), lines=DOCUMENTS)
    def replace_the_rest(self, data: st.DataObject, lines: list[str]) -> None:
        start = data.draw(st.integers(0, len(self.lines) - 1))
        self.replace(data, start, len(self.lines) - start, lines)

    @rule(data=st.data())
    def resolve_some(self, data: st.DataObject) -> None:
        """Some lines stand for contents, others for what is typed."""
        lines = data.draw(st.lists(st.integers(0, len(self.lines) - 1), min_size=1, max_size=6, unique=True))
        parts: dict[int, tuple[Part, ...] | None] = {}
        for line in lines:
            self.over.pop(line, None)
            parts[line] = self.parts_of(data, line) if data.draw(st.booleans()) else None
        self.buffer.set_parts(parts)

    @rule(data=st.data(), limit=st.none() | st.integers(0, 3))
    def answer_some(self, data: st.DataObject, limit: int | None) -> None:
        self.held = data.draw(st.permutations(self.held + self.buffer.pending(limit)))
        for _ in range(len(self.held) // 2):
            self.answer(self.held.pop())

    def answer(self, job: Job) -> None:
        self.buffer.answer(job, self.tokenizer.count(job.text))
        assert not self.buffer.answer(job, 1_000_000)

    def answer_all(self) -> None:
        for job in [*self.held, *self.buffer.pending()]:
            self.answer(job)
        self.held = []

    def asked(self, question: Callable[[], T | None]) -> T:
        """Ask until all that the answer needs was counted."""
        for _ in range(4):
            answer = question()
            if answer is not None:
                return answer
            self.answer_all()
        raise AssertionError("no answer, and nothing pending")

    @rule(data=st.data())
    def compare(self, data: st.DataObject) -> None:
        self.answer_all()
        count, end = self.tokenizer.count, len(self.lines)
        whole = self.text(0, end)
        assert (self.buffer.tokens, self.buffer.known) == (count(whole), count(whole))
        start, stop = sorted(data.draw(st.tuples(st.integers(0, end), st.integers(0, end))))
        part = self.text(start, stop)
        assert self.asked(lambda: self.buffer.tokens_between(start, stop)) == count(part)
        assert self.asked(lambda: self.buffer.summary_between(start, stop)) == summarize(part, self.tokenizer)
        assert self.asked(self.buffer.summary) == summarize(whole, self.tokenizer)
        first, last = min(start, end - 1), min(stop, end - 1)
        begin = data.draw(st.integers(0, len(self.lines.line(first))))
        close = data.draw(st.integers(begin if first == last else 0, len(self.lines.line(last))))
        typed = self.lines.slice(first, last + 1)[begin : len(self.lines.slice(first, last)) + close]
        assert self.asked(lambda: self.buffer.count_range(first, begin, last, close)) == count(typed)
        assert self.buffer.pending() == []


Editing.TestCase.settings = settings(max_examples=80, stateful_step_count=14, deadline=None)
TestEditing = Editing.TestCase
