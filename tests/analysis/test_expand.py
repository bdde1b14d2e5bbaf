"""Expanding references: the same as writing the texts out, whatever was expanded before."""

import dataclasses
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.analysis.files import (
    TOKENIZER,
    Files,
    expanded,
    faults,
    reading_of,
    text_of,
    written,
)

from weighbridge.analysis import expand
from weighbridge.analysis.expand import Expander, Expansion, State
from weighbridge.errors import Code
from weighbridge.references.model import Kind, Reference
from weighbridge.tokens import summary
from weighbridge.tokens.summary import Summary, summarize, total

NAMES = ("a", "b", "c", "d", "e")
pieces = st.sampled_from(
    ("one ", "two\n", "x", " 'tis", "//", "漢", *(f"<{name}>" for name in (*NAMES, "gone")))
)
graphs = st.fixed_dictionaries(
    dict.fromkeys(NAMES, st.lists(pieces | st.just("<doc>"), max_size=5).map("".join))
)
depths = st.integers(0, 6)
relaxed = settings(max_examples=150)


def check(expansion: Expansion, files: Files, name: str, most: int, document: str | None) -> None:
    text, found = written(files, name, () if document is None else (document,), most)
    assert tuple(faults(expansion, name)) == found
    assert text_of(expansion, name, files.texts) == text
    assert expansion.references == len(found)
    assert expansion.broken == sum(code is not None for _, code in found)
    assert expansion.waiting == sum(code is None and inner in files.unread for inner, code in found)
    if expansion.summary is not None:
        assert expansion.summary == summarize(text, TOKENIZER)
        assert expansion.tokens == total(expansion.summary, TOKENIZER) == TOKENIZER.count(text)


@relaxed
@given(
    texts=graphs,
    most=depths,
    order=st.lists(st.sampled_from(NAMES), min_size=1, max_size=8),
    document=st.sampled_from([None, "doc"]),
    unread=st.sets(st.sampled_from(NAMES), max_size=2),
)
def test_any_graph_in_any_order(
    texts: dict[str, str], most: int, order: list[str], document: str | None, unread: set[str]
) -> None:
    files = Files({**texts, "doc": "never read" if document else "plain"}, unread)
    expander = files.expander(most, document)
    for name in order:
        expansion = expanded(expander, name)
        check(expansion, files, name, most, document)
        # What was expanded before changes nothing, not even how the result may be used again.
        assert expansion == expanded(files.expander(most, document), name)


@relaxed
@given(
    texts=graphs,
    most=depths,
    changes=st.lists(
        st.tuples(st.sampled_from(NAMES), st.lists(pieces, max_size=4).map("".join)), min_size=1, max_size=5
    ),
    unread=st.sets(st.sampled_from(NAMES), max_size=3),
)
def test_what_changes_is_forgotten_with_all_that_holds_it(
    texts: dict[str, str], most: int, changes: list[tuple[str, str]], unread: set[str]
) -> None:
    files = Files(dict(texts), set(unread))
    expander = files.expander(most)
    shown = {name: expanded(expander, name) for name in NAMES}
    for changed, text in changes:
        before = files.lookup(changed)
        files.texts[changed] = text
        files.unread.discard(changed)
        gone = expander.forget(changed)
        for name in NAMES:
            fresh = expanded(files.expander(most), name)
            if name in gone:
                shown[name] = expanded(expander, name)
            assert shown[name] == fresh, (name, changed, before)
        expander.retain(frozenset(NAMES))


@relaxed
@given(texts=graphs, most=depths, kept=st.sets(st.sampled_from(NAMES)))
def test_what_no_root_reaches_is_let_go(texts: dict[str, str], most: int, kept: set[str]) -> None:
    files = Files(dict(texts))
    expander = files.expander(most)
    for name in NAMES:
        expanded(expander, name)
    known = set(expander.requests)
    gone = expander.retain(frozenset(kept))
    fresh = files.expander(most)
    for name in kept:
        expanded(fresh, name)
    # What is cut off by depth from one root may be reached from another: no more is kept than all roots reach.
    assert set(fresh.requests) <= set(expander.requests)
    assert gone == known - set(expander.requests)
    for name in kept:
        assert expanded(expander, name) == expanded(fresh, name)
    assert expander.retain(frozenset()) == known - gone
    assert sizes(expander) == [0] * 5


def sizes(expander: Expander) -> list[int]:
    return [
        len(some)
        for some in (
            expander.requests,
            expander.new_requests,
            expander._nested,
            expander._expansions,
            expander._keys,
        )
    ]


def test_what_a_changed_content_no_longer_holds_is_let_go() -> None:
    files = Files({"a": "<b> <c>", "b": "x", "c": "y"})
    expander = files.expander(10)
    expanded(expander, "a")
    assert not expander.loosened
    files.texts["a"] = "<b>"
    expander.forget("a")
    assert expander.loosened
    expanded(expander, "a")
    assert expander.retain(frozenset({"a"})) == {"c"}
    assert set(expander.requests) == {"a", "b"}


def fan(levels: int, width: int) -> Files:
    """`a` holds `width` of `b`, which holds `width` of `c` …"""
    names = "abcdefghij"[: levels + 1]
    texts = {name: f"<{below}>" * width for name, below in pairwise(names)}
    return Files({**texts, names[-1]: "leaf"})


@pytest.mark.parametrize(
    ("levels", "width", "references"),
    [(3, 21, 1 + 21 + 21**2 + 21**3), (3, 22, None), (9, 10, None), (1, 9_999, 10_000), (1, 10_000, None)],
)
def test_a_fan_has_a_bound_that_what_is_remembered_does_not_move(
    levels: int, width: int, references: int | None
) -> None:
    files = fan(levels, width)
    cold, warm = files.expander(50), files.expander(50)
    for name in sorted(files.texts, reverse=True):
        expanded(warm, name)
    for expander in (cold, warm):
        for _ in range(2):
            expansion = expanded(expander, "a")
            if references is None:
                assert expansion.problem is not None
                assert (expansion.state, expansion.problem.code) == (State.FAILED, Code.DEPTH)
                assert f"{expand.MOST_REFERENCES:,} references" in expansion.problem.message
            else:
                assert (expansion.references, expansion.problem) == (references, None)


def test_a_fan_that_was_too_large_is_looked_at_again_when_any_of_it_changes() -> None:
    files = fan(9, 10)
    expander = files.expander(50)
    assert expanded(expander, "a").state is State.FAILED
    files.texts["h"] = "few"
    assert "a" in expander.forget("h")
    # Seven levels are still too many.
    assert expanded(expander, "a").state is State.FAILED
    files.texts["d"] = "few"
    assert "a" in expander.forget("d")
    assert expanded(expander, "a").tokens == TOKENIZER.count("few" * 1000)


def test_what_can_not_be_joined_fails_alone_and_counts_its_references(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(summary, "FRAGMENT_LIMIT", 4)
    files = Files({"a": "<b> <b>", "b": "xxx<c>", "c": "yyy"})
    expander = files.expander(10)
    for _ in range(2):
        expansion = expanded(expander, "a")
        failed_twice = [("b", Code.TOO_LARGE), ("c", None)] * 2
        assert list(faults(expansion, "a")) == [("a", None), *failed_twice]
        assert (expansion.references, expansion.broken) == (5, 2)
        assert expansion.tokens == TOKENIZER.count("<b> <b>")
    assert expander.forget("c") == {"a", "b", "c"}


def test_variables_may_stand_at_any_depth() -> None:
    reading = reading_of("a", "<v>")
    (nested,) = reading.segments
    assert not isinstance(nested, Summary)
    variable = dataclasses.replace(nested, reference=Reference(Kind.VARIABLE, "v", 0, 3))
    readings = {"a": dataclasses.replace(reading, segments=(variable,)), "v": reading_of("v", "value")}
    expander = dataclasses.replace(Files({}).expander(1), lookup=lambda key: readings[str(key)])
    assert expanded(expander, "a").tokens == TOKENIZER.count("value")
    assert expanded(expander, "a").broken == 0
