"""What a document's own directives set."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weighbridge.budget.directive import Overrides, overrides_of
from weighbridge.references.model import Directive


def directive(*pairs: tuple[str, str]) -> Directive:
    return Directive(pairs, 0, 10)


@pytest.mark.parametrize(
    ("directives", "expected", "warnings"),
    [
        ([], Overrides(), ()),
        ([directive()], Overrides(), ()),
        ([directive(("budget", "800"))], Overrides(800), ()),
        ([directive(("budget", "12_000"))], Overrides(12_000), ()),
        ([directive(("budget", "12,000"))], Overrides(12_000), ()),
        ([directive(("budget", "800"), ("model", "gpt-5"))], Overrides(800, "gpt-5"), ()),
        ([directive(("encoding", "o200k_base"))], Overrides(encoding="o200k_base"), ()),
        # Later ones win, one setting at a time.
        ([directive(("budget", "1"), ("budget", "2"))], Overrides(2), ()),
        (
            [directive(("budget", "1"), ("model", "a")), directive(("budget", "2"))],
            Overrides(2, "a"),
            (),
        ),
        # What can't be used leaves the earlier one in force.
        (
            [directive(("budget", "800"), ("budget", "lots"))],
            Overrides(800),
            ("weighbridge directive: budget: expected a whole number of tokens from 1 to 1,000,000,000,000, got 'lots'",),
        ),
        (
            [directive(("budget", "0"))],
            Overrides(),
            ("weighbridge directive: budget: expected a whole number of tokens from 1 to 1,000,000,000,000, got '0'",),
        ),
        (
            [directive(("budget", "1000000000001"))],
            Overrides(),
            (
                "weighbridge directive: budget: expected a whole number of tokens from 1 to 1,000,000,000,000, got '1000000000001'",
            ),
        ),
        (
            [directive(("budget", ""))],
            Overrides(),
            ("weighbridge directive: budget: expected a whole number of tokens from 1 to 1,000,000,000,000, got ''",),
        ),
        ([directive(("budgt", "5"))], Overrides(), ("weighbridge directive: budgt: unknown; did you mean budget?",)),
        (
            [directive(("colour", "5"))],
            Overrides(),
            ("weighbridge directive: colour: unknown; there are budget, dialect, encoding, model",),
        ),
        (
            [directive(("model", ""))],
            Overrides(),
            ("weighbridge directive: model: expected a name",),
        ),
    ],
)  # fmt: skip
def test_directives(directives: list[Directive], expected: Overrides, warnings: tuple[str, ...]) -> None:
    overrides, found = overrides_of(directives)
    assert (overrides, tuple(text for _, text in found)) == (expected, warnings)


TEXTS = st.text(max_size=30)
NAMES = st.sampled_from(["budget", "model", "encoding"]) | TEXTS


@settings(max_examples=200)
@given(st.lists(st.lists(st.tuples(NAMES, TEXTS | st.integers().map(str)), max_size=3), max_size=3))
def test_any_directive_gives_overrides_and_short_warnings(lists: list[list[tuple[str, str]]]) -> None:
    overrides, warnings = overrides_of([directive(*pairs) for pairs in lists])
    assert overrides.budget is None or 1 <= overrides.budget <= 10**12
    assert all(len(warning) < 250 and warning.isprintable() for _, warning in warnings)


def test_a_hostile_directive_is_told_in_short() -> None:
    _, warnings = overrides_of([directive(("x" * 10_000 + "\u202e", "1"), ("budget", "9" * 10_000))])
    assert [len(warning) < 250 for _, warning in warnings] == [True, True]
    assert all(warning.isprintable() for _, warning in warnings)
