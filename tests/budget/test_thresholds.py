"""Which threshold a count has reached, and what the budget is."""

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weighbridge.budget.directive import Overrides
from weighbridge.budget.models import Model
from weighbridge.budget.thresholds import DEFAULT_BUDGET, Crossed, budget_of, crossed
from weighbridge.config import Settings, Severity, Threshold
from weighbridge.tokens.base import Exactness

INFORMATION, WARNING, ERROR = Severity.INFORMATION, Severity.WARNING, Severity.ERROR
DEFAULT = Settings().thresholds
MODEL = Model("m", "", "o200k_base", Exactness.EXACT, 1_000)


def threshold(at: int | str, severity: Severity = WARNING) -> Threshold:
    return Threshold(at=at, severity=severity)


@pytest.mark.parametrize(
    ("at", "budget", "limit"),
    [
        ("80%", 100, 80),
        ("80%", 128_000, 102_400),
        ("100%", 7, 7),
        ("0%", 100, 0),
        # The fewest tokens that are no less than the share.
        ("80%", 101, 81),
        ("33.3%", 10, 4),
        ("0.000001%", 1, 1),
        ("150%", 10, 15),
        # With floating point these would be one more: 0.07 * 100 is 7.000000000000001.
        ("7%", 100, 7),
        ("29%", 100, 29),
        ("57%", 1_000_000_000_000, 570_000_000_000),
        (50, 100, 50),
        (500, 100, 500),
        (0, 100, 0),
    ],
)
def test_limit(at: int | str, budget: int, limit: int) -> None:
    assert threshold(at).limit(budget) == limit


@settings(max_examples=200)
@given(st.integers(0, 1_000_000), st.integers(1, 10**12), st.integers(0, 6))
def test_a_share_is_reached_exactly_where_it_is(number: int, budget: int, places: int) -> None:
    share = Fraction(number, 10**places)
    text = f"{number // 10**places}.{number % 10**places:0{places}d}" if places else str(number)
    if share > 10_000:
        return
    limit = threshold(f"{text}%").limit(budget)
    assert limit == math.ceil(share * budget / 100)
    assert Fraction(limit, budget) >= share / 100 > Fraction(limit - 1, budget)


@pytest.mark.parametrize(
    ("tokens", "thresholds", "expected"),
    [
        (0, DEFAULT, None),
        (79, DEFAULT, None),
        (80, DEFAULT, Crossed(WARNING, 80)),
        (99, DEFAULT, Crossed(WARNING, 80)),
        (100, DEFAULT, Crossed(ERROR, 100)),
        (10**9, DEFAULT, Crossed(ERROR, 100)),
        (10**9, (), None),
        (50, (threshold(50),), Crossed(WARNING, 50)),
        (49, (threshold(50),), None),
        # The gravest, wherever it stands; of equally grave ones the highest reached.
        (90, (threshold(10, ERROR), threshold(80, WARNING)), Crossed(ERROR, 10)),
        (90, (threshold(80), threshold(10), threshold(95)), Crossed(WARNING, 80)),
        (5, (threshold("5%", INFORMATION),), Crossed(INFORMATION, 5)),
        (90, (threshold(1, INFORMATION), threshold(2)), Crossed(WARNING, 2)),
    ],
)
def test_crossed(tokens: int, thresholds: tuple[Threshold, ...], expected: Crossed | None) -> None:
    assert crossed(tokens, 100, thresholds) == expected


@settings(max_examples=150)
@given(
    st.lists(st.tuples(st.integers(0, 20), st.sampled_from(Severity)), max_size=5),
    st.integers(0, 20),
)
def test_more_tokens_are_never_less_grave_and_order_is_of_no_account(
    given_: list[tuple[int, Severity]], tokens: int
) -> None:
    thresholds = [threshold(at, severity) for at, severity in given_]
    rank = [None, INFORMATION, WARNING, ERROR]
    hit, more = crossed(tokens, 20, thresholds), crossed(tokens + 1, 20, thresholds)
    assert rank.index(hit.severity if hit else None) <= rank.index(more.severity if more else None)
    assert crossed(tokens, 20, thresholds[::-1]) == hit
    assert (hit is None) == all(tokens < one.limit(20) for one in thresholds)


@pytest.mark.parametrize(
    ("setting", "directive", "model", "expected"),
    [
        (None, None, None, DEFAULT_BUDGET),
        (None, None, MODEL, 1_000),
        (500, None, MODEL, 500),
        (500, 200, MODEL, 200),
        (None, 5_000, MODEL, 5_000),
        (500, None, None, 500),
    ],
)
def test_budget_of(setting: int | None, directive: int | None, model: Model | None, expected: int) -> None:
    assert budget_of(Settings(budget=setting), Overrides(budget=directive), model) == expected
