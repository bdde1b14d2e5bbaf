"""The counted buffer against the tokenizer run on the whole resolved text."""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.tokens import hostile
from tests.tokens.documents import TOKENIZERS, ListOfLines, named

from weighbridge.rope import STANDARD as WOVEN
from weighbridge.rope import RopeSizes
from weighbridge.text import Inline
from weighbridge.tokens.counted import STANDARD, CountedBuffer, Job, Sizes, TextPart
from weighbridge.tokens.summary import summarize

T = TypeVar("T")

SIZES = st.builds(
    Sizes,
    at_once=st.sampled_from((0, 60, 300)),
    fine=st.sampled_from((1, 3, 10)),
    coarse=st.sampled_from((1, 20, 50)),
    short=st.sampled_from((0, 30)),
    block=st.sampled_from((1, 3, 128)),
) | st.just(STANDARD)

#: Lines in pieces of a few characters, among others that aren't.
WEAVES = st.builds(RopeSizes, long=st.sampled_from((0, 8, 30)), piece=st.sampled_from((1, 4, 9))) | st.just(
    WOVEN
)

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

#: Keys in a line: how far from the one before, how many characters go, what comes.
KEYS = st.lists(
    st.tuples(
        st.integers(-3, 3),
        st.integers(0, 3),
        st.sampled_from((*WORDS, *"a1 .", *hostile.COMMON, "")).map(lambda text: re.sub(r"[\r\n]", "", text)),
    ),
    min_size=1,
    max_size=6,
)


class Editing(RuleBasedStateMachine):
    """One document edited, its references resolved, its jobs answered: compared with the text after every step.

    `eager`: all jobs are answered after each step; else some are, late and in any order.
    """

    def __init__(self) -> None:
        super().__init__()
        self.held: list[Job] = []

    @initialize(
        name=st.sampled_from(TOKENIZERS),
        lines=DOCUMENTS,
        sizes=SIZES,
        rope_sizes=WEAVES,
        eager=st.booleans(),
        data=st.data(),
    )
    def open(
        self,
        name: str,
        lines: list[str],
        sizes: Sizes,
        rope_sizes: RopeSizes,
        eager: bool,
        data: st.DataObject,
    ) -> None:
        self.tokenizer = named(name)
        self.lines = ListOfLines(lines, rope_sizes)
        self.over: dict[int, str] = {}
        parts = self.references(data, range(len(lines)))
        cuts = data.draw(st.lists(st.integers(0, len(lines)), max_size=3))
        self.buffer = CountedBuffer(self.tokenizer, self.lines, parts, cuts, sizes)
        self.eager = eager

    def parts_of(self, data: st.DataObject, line: int) -> tuple[TextPart, ...]:
        """Some of the line's text replaced by contents."""
        text = self.lines.line(line)
        body = text.rstrip("\r\n")
        cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), min_size=2, max_size=6)))
        parts: list[TextPart] = [body[: cuts[0]]]
        resolved = [body[: cuts[0]]]
        for start, stop in zip(cuts, [*cuts[1:], len(body)], strict=True):
            content = data.draw(CONTENTS)
            parts += [summarize(content, self.tokenizer), body[start:stop] if start % 2 else ""]
            resolved += [content, body[start:stop] if start % 2 else ""]
        self.over[line] = "".join([*resolved, text[len(body) :]])
        return (*parts, text[len(body) :])

    def references(self, data: st.DataObject, lines: Iterable[int]) -> dict[int, tuple[TextPart, ...]]:
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

    @rule(data=st.data(), keys=KEYS, told=st.booleans())
    def type_within_a_line(self, data: st.DataObject, keys: list[tuple[int, int, str]], told: bool) -> None:
        """Keys one behind the other, each some characters from the one before; `told`: with their places."""
        line = data.draw(st.integers(0, len(self.lines) - 1))
        start = data.draw(st.integers(0, len(self.lines.line(line))))
        for move, removed, text in keys:
            old = self.lines.line(line)
            body = old.rstrip("\r\n")
            start = min(max(start + move, 0), len(body))
            stop = min(start + removed, len(body))
            self.lines.lines[line] = body[:start] + text + body[stop:] + old[len(body) :]
            self.over.pop(line, None)
            inline = Inline(start, stop - start, len(text)) if told and start else None
            self.buffer.splice(line, 1, 1, inline=inline)
            start += len(text)
            self.the_count_is_the_tokenizers()

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
        parts: dict[int, tuple[TextPart, ...] | None] = {}
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

    @invariant()
    def the_count_is_the_tokenizers(self) -> None:
        if self.eager:
            self.answer_all()
            assert self.buffer.tokens is not None
        if self.buffer.tokens is not None:
            whole = self.tokenizer.count(self.text(0, len(self.lines)))
            assert (self.buffer.tokens, self.buffer.tokens_so_far) == (whole, whole)

    @rule(data=st.data())
    def compare_a_part(self, data: st.DataObject) -> None:
        end = len(self.lines)
        start, stop = sorted(data.draw(st.tuples(st.integers(0, end), st.integers(0, end))))
        part = self.text(start, stop)
        tokens = self.asked(lambda: self.buffer.tokens_between(start, stop))
        assert tokens == self.tokenizer.count(part)
        assert self.asked(lambda: self.buffer.summary_between(start, stop)) == summarize(part, self.tokenizer)

    def teardown(self) -> None:
        self.eager = True
        if hasattr(self, "buffer"):
            self.the_count_is_the_tokenizers()


Editing.TestCase.settings = settings(max_examples=80, stateful_step_count=14)
TestEditing = Editing.TestCase


@pytest.mark.parametrize(
    "contents",
    [
        ("a1b", "a1c"),
        ("b1a", "c1a"),
        ("a1b", "a12b"),
        ("a1b", "a"),
        ("a1b1c", "a1b"),
        ("a1b", "\0a"),
        ("a1b", "a\0b"),
    ],
)
def test_what_changes_beside_a_text_known_by_its_tokens(contents: tuple[str, str]) -> None:
    """A digit between letters is known by its tokens alone: what changes is right before it, right behind it, or is it."""
    tokenizer = named("cl100k_base")
    lines = ListOfLines(["see ", "@it", "."])
    buffer = CountedBuffer(tokenizer, lines)
    for content in (*contents, contents[0]):
        buffer.set_parts({1: ("<", summarize(content, tokenizer), ">")})
        assert buffer.tokens == tokenizer.count(f"see <{content}>.")


def test_what_a_secret_stood_in_stays_private() -> None:
    tokenizer = named("cl100k_base")
    buffer = CountedBuffer(tokenizer, ListOfLines(["see @it.\n", "word " * 9000]))
    assert [job.private for job in buffer.pending(1)] == [False]
    secret = replace(summarize("secret words of a text", tokenizer), private=True)
    for parts in (("see ", secret, ".\n"), None):
        buffer.set_parts({0: parts})
        jobs = buffer.pending()
        assert all(job.private for job in jobs)
        for job in jobs:
            buffer.answer(job, tokenizer.count(job.text))
    assert [job.private for job in buffer.pending()] == []
    summary = buffer.summary_between(0, 0)
    assert summary is not None
    assert summary.private
