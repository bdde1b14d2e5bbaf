"""Names and what is typed of them."""

import pytest

from weighbridge.fuzzy import Match, Slips, form_of, looks_like, match_of


@pytest.mark.parametrize(
    ("typed", "name", "expected"),
    [
        ("", "anything", Match.BEGINS),
        ("", "", Match.BEGINS),
        ("sty", "Style.md", Match.BEGINS),
        ("STRASSE", "straße", Match.BEGINS),
        ("yle", "style.md", Match.HOLDS),
        ("sg", "style guide.md", Match.IN_ORDER),
        ("gs", "style guide.md", None),
        ("ts", "style guide.md", None),
        (".m", ".mine", Match.BEGINS),
        (".m", "a.md", None),
        ("x", "", None),
    ],
)
def test_how_well_a_name_matches(typed: str, name: str, expected: Match | None) -> None:
    assert match_of(typed, name) is expected


NAMES = ("style.md", "Link.md", "café.md", "a.md", "move.md", "part-1.md", "loop.md")


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("stile.md", "style.md"),
        ("stlye.md", "style.md"),
        ("styl.md", "style.md"),
        ("sstyle.md", "style.md"),
        ("style.mdd", "style.md"),
        ("link.md", "Link.md"),
        ("A.md", "a.md"),
        ("lonk.md", "Link.md"),
        ("cafe\u0301.md", "café.md"),
        ("café.md", None),
        ("b.md", None),
        ("nope.md", None),
        ("tyles.md", None),
        ("loop.md", None),
        ("part-1", None),
        ("", None),
        ("x" * 5000, None),
    ],
)
def test_the_name_that_was_meant(word: str, expected: str | None) -> None:
    assert Slips(NAMES).meant(word) == expected


def test_names_that_look_the_same() -> None:
    assert looks_like("é", "e\u0301")
    assert not looks_like("é", "é")
    assert not looks_like("é", "e")
    assert [form_of("é"), form_of("e\u0301")] == ["NFC", "NFD"]
