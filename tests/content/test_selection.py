import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weighbridge.content.selection import LARGEST_RESULT, select
from weighbridge.errors import Code, ReferenceFault

DATA: dict[str, Any] = {
    "items": [{"title": "One", "n": 1, "open": True}, {"title": "Zwei é", "n": 2.5, "open": False}],
    "text": "as it is",
    "none": None,
    "half": "\ud800",
}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("text", "as it is"),
        ("items[0].title", "One"),
        ("items[*].title", '["One", "Zwei é"]'),
        ("items[0]", '{"title": "One", "n": 1, "open": true}'),
        ("items[1].n", "2.5"),
        ("items[0].open", "true"),
        ("join(', ', items[*].title)", "One, Zwei é"),
        ("to_string(items[*].n)", "[1,2.5]"),
        ("items[?open].{name: title, number: n}", '[{"name": "One", "number": 1}]'),
        ("half", "\ufffd"),
        ("items[?n > `9`]", "[]"),
    ],
)
def test_a_part_of_a_response(expression: str, expected: str) -> None:
    assert select(json.dumps(DATA), expression, "api") == expected


DOUBLED = " | ".join(["[@, @]"] * 30)


@pytest.mark.parametrize(
    ("text", "expression", "message"),
    [
        ("no json", "a", "api: `select` needs JSON, and the response is none"),
        ("[" * 100_000, "a", "api: `select` needs JSON, and the response is none"),
        ("{}", "a", "api: `select` finds nothing in the response"),
        ('{"a": null}', "a", "api: `select` finds nothing in the response"),
        ("{}", "a b", "api: bad `select` a b: Unexpected token: b"),
        ("{}", "", "api: bad `select` : "),
        ("{}", "no_such(@)", "api: bad `select` no_such(@): Unknown function: no_such()"),
        ("{}", "length(`1`)", "api: bad `select` length(`1`): In function length()"),
        ("{}", "(" * 900, "api: bad `select` (((("),
        ("[1]", "[::0]", "api: bad `select` [::0]: "),
        ("[1e999]", "floor([0])", "api: bad `select` floor([0]): "),
        ("[NaN]", "ceil([0])", "api: bad `select` ceil([0]): "),
        (f"[1e308, {'9' * 400}]", "avg(@)", "api: bad `select` avg(@): "),
        ("{}", "a" * 1001, "api: `select` makes too much of the response"),
        ("{}", DOUBLED, "api: `select` makes too much of the response"),
        ("{}", f"{DOUBLED} | to_string(@)", "api: `select` makes too much of the response"),
        ('"x"', " | ".join(["join('', [@, @])"] * 30), "api: `select` makes too much of the response"),
        ('"x"', " | ".join(["[@, @][]"] * 30), "api: `select` makes too much of the response"),
    ],
)
def test_what_can_not_be_selected(text: str, expression: str, message: str) -> None:
    with pytest.raises(ReferenceFault) as caught:
        select(text, expression, "api")
    assert caught.value.problem.code == Code.FAILED
    assert caught.value.problem.message.startswith(message)
    assert "\n" not in caught.value.problem.message


@pytest.mark.parametrize(
    "expression", ["join('', @)", "to_string(@)", "[@, @]", "[*].[@, @]", "join(to_string(@), @)"]
)
def test_results_are_bounded(expression: str) -> None:
    text = json.dumps(["x" * 1000] * (LARGEST_RESULT // 1000))
    with pytest.raises(ReferenceFault) as caught:
        select(text, expression, "api")
    assert caught.value.problem.message == "api: `select` makes too much of the response"


def test_steps_are_bounded() -> None:
    text = json.dumps([[0] * 1000] * 1000)
    with pytest.raises(ReferenceFault) as caught:
        select(text, "[*][*][?@ == `1` || @ == `2` || @ == `3`]", "api")
    assert caught.value.problem.message == "api: `select` makes too much of the response"


WORDS = [
    *"[]{}().*:?&|@,!<=`'\"-01a",
    "::0",
    "`1`",
    "NaN",
    "floor",
    "to_number",
    "sum",
    "sort_by",
    "abs",
    " 'inf'",
]


@given(
    st.lists(st.sampled_from(WORDS), max_size=12).map("".join),
    st.sampled_from(["[1, NaN, 1e999]", '{"a": ["x"]}']),
)
def test_an_expression_is_followed_or_named(expression: str, text: str) -> None:
    told = _told(expression, text)
    assert told is None or told.startswith((f"api: bad `select` {expression}: ", "api: `select` "))


def _told(expression: str, text: str) -> str | None:
    try:
        select(text, expression, "api")
    except ReferenceFault as fault:
        return fault.problem.message
    return None
