"""The page by itself: nothing in it reaches anything else, and nothing that texts say becomes a part of it."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from weighbridge.analysis.render import Source
from weighbridge.page import page
from weighbridge.page.contents import stretches

HOSTILE = "</script><script>alert(1)</script><!--<img src=https://x.example>\u2028 \U0001f600"


class Parsed(HTMLParser):
    """The elements of a page, and what its scripts and styles say."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.elements and self.elements[-1][0] in {"script", "style", "title"} and data.strip():
            self.texts.append((self.elements[-1][0], data))


def shown(text: str) -> dict[str, Any]:
    return {"name": text, "documents": [], "contexts": [{"name": text}], "changes": None}


def test_what_texts_say_stays_text() -> None:
    parsed = Parsed(page(shown(HOSTILE)))
    assert [tag for tag, _ in parsed.elements].count("script") == 2
    assert "img" not in {tag for tag, _ in parsed.elements}
    assert parsed.texts[0] == ("title", f"{HOSTILE}: tokens")
    data = next(text for kind, text in parsed.texts if kind == "script")
    assert json.loads(data) == shown(HOSTILE)


def test_only_its_own_script_and_style_count_and_nothing_is_loaded() -> None:
    text = page(shown("a"))
    parsed = Parsed(text)
    (policy,) = (
        about["content"] or ""
        for tag, about in parsed.elements
        if tag == "meta" and about.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy.startswith("default-src 'none'; ")
    (style,) = (text for kind, text in parsed.texts if kind == "style")
    script = [text for kind, text in parsed.texts if kind == "script"][1]
    for source, name in ((style, "style-src"), (script, "script-src")):
        digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
        assert f"{name} 'sha256-{digest}'" in policy
    assert not any({"src", "href", "action"} & set(about) for _, about in parsed.elements)
    assert not re.search(r"url\(|@import|https?://", style + script)


@given(
    st.text("a\U0001f600\n", max_size=30),
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=5),
)
def test_stretches_are_told_in_the_units_of_the_page(text: str, pairs: list[tuple[int, int]]) -> None:
    places = [sorted(min(place, len(text)) for place in pair) for pair in pairs]
    expansion = SimpleNamespace(reading=SimpleNamespace(source="a.md"), tokens=1)
    sources = [
        cast("Source", SimpleNamespace(start=a, end=b, depth=1, expansion=expansion)) for a, b in places
    ]
    units = text.encode("utf-16-le")
    told = stretches(text, sources)
    assert [units[2 * one["start"] : 2 * one["end"]].decode("utf-16-le") for one in told] == [
        text[start:end] for start, end in places
    ]
