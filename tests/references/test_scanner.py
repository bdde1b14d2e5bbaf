"""What a text holds, line by line: references outside of code and comments, headings, directives."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.references.test_commonmark import PIECES

from weighbridge.references.markdown import StreamScanner, scan
from weighbridge.references.model import PLAIN, Directive, Heading, ScannedLine
from weighbridge.text import split_lines


def targets(text: str) -> list[str]:
    return [one.target for line in scan(split_lines(text)) for one in line.references]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("`{{a}}` {{b}}", ["b"]),
        ("``{{a}}` {{b}}`` {{c}}", ["c"]),
        ("`{{a}}\n{{b}}` {{c}}", ["c"]),
        ("`{{a}}\n\n{{b}}`", ["a", "b"]),
        (r"\`{{a}}` {{b}}", ["a", "b"]),
        ("{{a:`}} {{b}}`", ["a", "b"]),
        ("```\n{{a}}\n```\n{{b}}", ["b"]),
        ("```{{a}}\n```\n{{b}}", ["b"]),
        ("~~~\n{{a}}\n```\n{{b}}", []),
        ("> ```\n> {{a}}\n{{b}}", ["b"]),
        ("    {{a}}\n\n    {{b}}\n{{c}}", ["c"]),
        ("a\n    {{b}}", ["b"]),
        ("- a\n\n      {{b}}\n\n  {{c}}", ["c"]),
        ("\t{{a}}", []),
        ("<!-- {{a}}\n\n{{b}} --> {{c}}\n{{d}}", ["c", "d"]),
        ("a <!-- {{a}}\n{{b}} --> {{c}}", ["c"]),
        ("<div>\n{{a}} `{{b}}` <!-- {{c}} --> {{d}}\n</div>", ["a", "b", "d"]),
        ("<div>{{a<!--}} {{b}}", []),
        ("<pre>\n{{a}}\n</pre>", ["a"]),
        ("<a title='`'>{{b}}`", ["b"]),
        ("<http://x`{{a}}>`", ["a"]),
        ("[x](` '`') {{a}}` {{b}}", ["a", "b"]),
        ("[x][`]{{a}}`", []),
        ("# `{{a}}` {{b}} #", ["b"]),
        ("{{a}}\n===", ["a"]),
        ("[x]: {{a}}\n", ["a"]),
        ("\ud800{{a}}\udfff", ["a"]),
        ("{{a}}\x00{{b}}\f{{c}}\u2028{{d}}", ["a", "b", "c", "d"]),
    ],
)
def test_code_and_comments_hold_none(text: str, found: list[str]) -> None:
    assert targets(text) == found


@pytest.mark.parametrize(
    ("text", "headings"),
    [
        (
            "# A\n## B ##\n### C # #\n#### D#\n####### E\n#F\n#\n",
            {0: (1, "A"), 1: (2, "B"), 2: (3, "C #"), 3: (4, "D#"), 6: (1, "")},
        ),
        ("A\n===\nB\n  c  d\n---\n", {0: (1, "A"), 2: (2, "B c d")}),
        ("   # A `b`\n    # C\n", {0: (1, "A `b`")}),
        ("A\n\n---\n", {}),
        ("# A {{b}}\r\n", {0: (1, "A {{b}}")}),
        # Quotes and lists have none: what is under a heading there ends with them.
        ("> # A\n- # B\n1. C\n   ===\n", {}),
        ("```\n# A\n```\n<!--\n# B\n-->\n    # C\n", {}),
        ("[a]: /u\nB\n===\n", {1: (1, "B")}),
        ("[a]: /u\n===\n", {}),
    ],
)
def test_headings(text: str, headings: dict[int, tuple[int, str]]) -> None:
    found = {number: line.heading for number, line in enumerate(scan(split_lines(text))) if line.heading}
    assert found == {number: Heading(*heading) for number, heading in headings.items()}


@pytest.mark.parametrize(
    ("text", "number", "directive"),
    [
        (
            "<!-- weighbridge: budget=800 model=gpt-5 -->",
            0,
            Directive((("budget", "800"), ("model", "gpt-5")), 0, 44),
        ),
        ("a\nb <!--weighbridge:a='x y' b=\"\"-->", 1, Directive((("a", "x y"), ("b", "")), 2, 33)),
        ("> <!-- weighbridge: a = 1 -->\n", 0, Directive((("a", "1"),), 2, 29)),
        ("<div><!-- weighbridge: a=1 --></div>", 0, Directive((("a", "1"),), 5, 30)),
        ("<!-- weighbridge: a=1 --><!-- weighbridge: a=2 -->", 0, Directive((("a", "1"), ("a", "2")), 0, 50)),
        ("<!-- weighbridge: -->", 0, Directive((), 0, 21)),
        ("<!-- weighbridge a=1 -->", 0, None),
        ("<!-- other: a=1 -->", 0, None),
        ("<!-- weighbridge:\na=1 -->", 0, None),
        ("a <!-- weighbridge: a=1\n-->", 0, None),
        ("`<!-- weighbridge: a=1 -->`", 0, None),
        ("    <!-- weighbridge: a=1 -->", 0, None),
        ("<!-- <!-- weighbridge: a=1 -->", 0, None),
    ],
)
def test_directives(text: str, number: int, directive: Directive | None) -> None:
    assert scan(split_lines(text))[number] == ScannedLine(directive=directive)


def test_front_matter_is_skipped() -> None:
    lines = ["---\n", "a: {{b}}\n", "```\n", "---\n", "{{c}}\n", "# D"]
    found = scan(lines, 4)
    assert found[:4] == [PLAIN] * 4
    assert ([one.target for one in found[4].references], found[5].heading) == (["c"], Heading(1, "D"))
    assert scan(lines, 9) == [PLAIN] * 6


@settings(max_examples=200)
@given(
    text=st.lists(st.sampled_from((*PIECES, "{{a}}", "\r")), max_size=40).map("".join) | st.text(max_size=80)
)
def test_a_stream_holds_the_same(text: str) -> None:
    lines = split_lines(text)
    whole = scan(lines)
    assert len(whole) == len(lines)
    scanner = StreamScanner()
    found = [one for line in lines for one in scanner.feed(line)]
    found += scanner.close()
    assert found == [(number, one) for number, one in enumerate(whole) if one is not PLAIN]
    assert all(one != PLAIN for _, one in found)
    for number, line in found:
        content = lines[number].rstrip("\r\n")
        ends = [0, *(end for one in line.references for end in (one.start, one.end))]
        assert ends == sorted(ends)
        assert ends[-1] <= len(content)
