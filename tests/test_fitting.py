"""Names and what is typed of them."""

import pytest

from weighbridge.fitting import Fit, fit_of


@pytest.mark.parametrize(
    ("typed", "name", "expected"),
    [
        ("", "anything", Fit.BEGINS),
        ("", "", Fit.BEGINS),
        ("sty", "Style.md", Fit.BEGINS),
        ("STRASSE", "straße", Fit.BEGINS),
        ("yle", "style.md", Fit.HOLDS),
        ("sg", "style guide.md", Fit.IN_ORDER),
        ("gs", "style guide.md", None),
        ("ts", "style guide.md", None),
        (".m", ".mine", Fit.BEGINS),
        (".m", "a.md", None),
        ("x", "", None),
    ],
)
def test_how_well_a_name_fits(typed: str, name: str, expected: Fit | None) -> None:
    assert fit_of(typed, name) is expected
