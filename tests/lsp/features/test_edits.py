"""Edits as the protocol writes them: in order, each once, in the client's units."""

from weighbridge.lsp.features.edits import TextChange, text_edits
from weighbridge.text import PositionEncoding


def test_the_same_edit_is_made_once() -> None:
    changes = [
        TextChange(1, 0, 1, "x"),
        TextChange(0, 2, 3, "y"),
        TextChange(1, 0, 1, "x"),
        TextChange(0, 0, 1, "z"),
    ]
    made = text_edits(["😀 a", "b"], changes, PositionEncoding.UTF16)
    places = [(one.range.start.line, one.range.start.character, one.range.end.character) for one in made]
    assert list(zip(places, [one.new_text for one in made], strict=True)) == [
        ((0, 0, 2), "z"),
        ((0, 3, 4), "y"),
        ((1, 0, 1), "x"),
    ]
