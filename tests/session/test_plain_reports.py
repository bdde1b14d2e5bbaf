"""A report made in one pass is the session's own, for any text; what refers to anything is left to the session."""

import asyncio
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.references.test_skim import texts
from tests.session.harness import a_session

from weighbridge.session.plain_reports import plain_reports
from weighbridge.session.preparing import terms_of
from weighbridge.text import PositionEncoding, content_length, split_lines, units
from weighbridge.tokens.registry import encodings

HEADS = (
    "",
    "",
    "---\na: 1\n---\n",
    "---\nvariables:\n  a: b\n---\n",
    "---\nvariables: [\n---\n",
    "---\n",
    "---\r\na: 1\r\n...\r\n",
)
PIECES = ("word", " ", "\n", "# x\n", "\r", "\r\n", "é", "e\u0301", "漢字", "😀", "\u2028", "\ufeff", "\ud800", "  # y\n", "  \n\n", "1234", "'s", "/", "<|endoftext|>", "@", "me@example.com", "@[file:no.md]", "{{a}}", "<!-- weighbridge: budget=5 -->")  # fmt: skip

contents = st.tuples(
    st.sampled_from(HEADS), texts(), st.lists(st.sampled_from(PIECES), max_size=8).map("".join)
).map("".join)
relaxed = settings(max_examples=120)


async def check(folder: Path, text: str, setting: dict[str, object], encoding: PositionEncoding) -> bool:
    """Hold the report against the session's; whether there is one."""
    async with a_session(folder, setting, encoding=encoding) as session:
        path = folder / "a.prompt.md"
        document = session.open(path.as_uri(), None, text)
        report = await session.queries.whole_report(document)
        terms = terms_of(session.configuration, path)
        (found,) = plain_reports([(document.uri, terms, text)], session.service, encoding)
        if found is None:
            return False
        assert found.report == report
        assert found.report.as_json() == report.as_json()
        first = split_lines(text)[0]
        assert found.first_line_end == units(first[: content_length(first)], encoding)
        return True


@relaxed
@given(
    text=contents,
    tokenizer=st.sampled_from(encodings()),
    encoding=st.sampled_from(PositionEncoding),
    budget=st.sampled_from((None, 3)),
)
def test_it_is_the_session_s(
    text: str, tokenizer: str, encoding: PositionEncoding, budget: int | None
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        setting: dict[str, object] = {"encoding": tokenizer, "budget": budget}
        asyncio.run(check(Path(folder), text, setting, encoding))


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("", True),
        ("# a\n\nword\n## b\nword\n", True),
        ("title\n===\n", False),
        ("me@example.com\n", True),
        ("---\na: 1\n---\n# a\n", True),
        ("@[file:a.md]", False),
        ("{{a}}", False),
        ("<!-- weighbridge: budget=5 -->", False),
        ("---\nvariables: [\n---\n", False),
        ("```\n@[file:a.md]\n```\n", False),
    ],
)
async def test_which_texts_are_plain(tmp_path: Path, text: str, plain: bool) -> None:
    assert await check(tmp_path, text, {}, PositionEncoding.UTF16) is plain


async def test_an_unknown_model_is_told(tmp_path: Path) -> None:
    assert await check(tmp_path, "# a", {"model": "nobody-knows"}, PositionEncoding.UTF16)


async def test_texts_under_different_settings_keep_their_own(tmp_path: Path) -> None:
    async with a_session(tmp_path) as session, a_session(tmp_path, {"encoding": "r50k_base"}) as other:
        path = tmp_path / "a.prompt.md"
        text = "# a\n\n漢字 word\n"
        terms = [terms_of(one.configuration, path) for one in (session, other, session)]
        found = plain_reports(
            [(path.as_uri(), one, text) for one in terms], session.service, PositionEncoding.UTF16
        )
        assert [one.report.encoding for one in found if one is not None] == [
            "cl100k_base",
            "r50k_base",
            "cl100k_base",
        ]
