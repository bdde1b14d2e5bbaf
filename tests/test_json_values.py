"""Values as JSON: what the fields of dataclasses are written as."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from weighbridge.analysis.contexts import Copy, CountedLoss, CountedPart, PartWithText, Repeated, Unread
from weighbridge.errors import Code
from weighbridge.json_values import as_json, encoded


@dataclass(frozen=True, slots=True)
class Empty:
    """Nothing."""


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": [1, None, True, 0.5, "b"]}, '{"a":[1,null,true,0.5,"b"]}'),
        (Empty(), "{}"),
        (CountedPart("system", 3), '{"where":"system","tokens":3}'),
        (PartWithText("system", 3, "text"), '{"where":"system","tokens":3,"text":"text"}'),
        (
            [CountedLoss(Code.TRUNCATED, 1, 2, 3)],
            '[{"code":"context.truncated","line":1,"character":2,"tokens":3}]',
        ),
        (
            Repeated(20, [Copy(Path("/a"), None), Copy(Path("/b"), Path("/a"))]),
            '{"tokens":20,"entries":[{"path":"/a","imported_by":null},{"path":"/b","imported_by":"/a"}]}',
        ),
        (Unread(Path("/a\udcff"), "no"), '{"path":"/a\\udcff","reason":"no"}'),
    ],
    ids=lambda value: type(value).__name__,
)
def test_fields_are_written_in_their_order(value: Any, expected: str) -> None:
    assert json.dumps(as_json(value), separators=(",", ":")) == expected
    if "\\ud" not in expected:
        assert encoded(value).decode() == expected


def test_what_has_no_json_is_refused() -> None:
    with pytest.raises(TypeError):
        as_json({"a": object()})
