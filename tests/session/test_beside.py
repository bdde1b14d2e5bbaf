"""Models shown together: each one's row counts the same resolved text, by its own tokenizer, after every edit."""

import asyncio
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.session.harness import a_session, open_file, typed
from tests.session.test_exactness import texts

from weighbridge.analysis.report import Report
from weighbridge.budget.directive import NOTHING
from weighbridge.config import Layer, resolve
from weighbridge.session.choice import choose
from weighbridge.session.document import Document
from weighbridge.session.other_models import CountsBeside
from weighbridge.session.session import Session
from weighbridge.tokens.base import Exactness, Tokenizer
from weighbridge.tokens.registry import tokenizer

MODELS = ["gpt-5", "claude-opus-4-8", "claude-opus-4-5", "gemini-2.5-pro", "grok-4", "gpt-4"]


async def rows(session: Session, document: Document) -> Report:
    report = await session.queries.with_models(document, await session.queries.whole_report(document))
    rendered = await session.queries.render(document)
    assert [one.model for one in report.models] == MODELS
    for one in report.models:
        assert one.tokens == tokenizer(one.encoding).count(rendered)
    return report


@settings(max_examples=25)
@given(
    text=texts,
    included=texts.map(lambda text: text.encode("utf-8", "replace").decode()),
    changes=st.lists(st.tuples(st.integers(0, 8), st.integers(0, 30), texts), max_size=3),
)
def test_rows_after_any_edit(text: str, included: str, changes: list[tuple[int, int, str]]) -> None:
    async def run(folder: Path) -> None:
        (folder / "a.md").write_bytes(included.encode())
        async with a_session(folder, {"models": MODELS, "variables": {"name": "N"}}) as session:
            document = session.open((folder / "doc.prompt.md").as_uri(), 1, text)
            await rows(session, document)
            for line, column, new in changes:
                document.apply(document.buffer.apply((line, column), (line, column), new))
                session.edited(document, 2)
                await rows(session, document)

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder).resolve()))


class Counting:
    """A tokenizer that remembers what it was asked to count."""

    def __init__(self, inner: Tokenizer) -> None:
        self.name, self.borders, self._inner = inner.name, inner.borders, inner
        self.asked: list[str] = []
        self.version, self.exactness = inner.version, inner.exactness

    def count(self, text: str) -> int:
        self.asked.append(text)
        return self._inner.count(text)


def test_an_estimate_is_made_of_what_its_base_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    text, estimated, known = "- item of a list\n" * 2_000, tokenizer("estimate"), CountsBeside()
    counting = Counting(tokenizer("o200k_base"))
    monkeypatch.setattr(estimated, "base", counting)
    known.count(text, counting)
    counting.asked.clear()
    assert known.count(text, estimated) == round(counting.count(text) * 1.05)
    assert counting.asked == [text]


async def test_a_look_after_a_key_counts_only_what_is_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the document includes is not counted again either, nor what another model counted by the same tokenizer."""
    counting: dict[str, Counting] = {}

    def counted(name: str) -> Tokenizer:
        return counting.setdefault(name, Counting(tokenizer(name)))

    (tmp_path / "a.md").write_text("- item of a list\n" * 2_000)
    (tmp_path / "doc.prompt.md").write_text("A paragraph with a few words.\n\n" * 1_000 + "@[file:a.md]\n")
    models = ["gpt-4", "gpt-5", "claude-opus-4-8", "claude-opus-4-5", "claude-sonnet-5", "o3"]
    async with a_session(tmp_path, {"models": models}) as session:
        document = open_file(session, tmp_path / "doc.prompt.md")
        await session.queries.with_models(document, await session.queries.whole_report(document))
        monkeypatch.setattr("weighbridge.session.other_models.tokenizer", counted)
        for at in (0, 500, 1_998):
            typed(session, document, (at, 0), "x")
            report = await session.queries.with_models(document, await session.queries.whole_report(document))
            assert [row.model for row in report.models] == models
    assert sorted(counting) == ["cl100k_base", "claude-3", "claude-4.8", "o200k_base"]
    asked = {name: sum(map(len, one.asked)) for name, one in counting.items()}
    # Three keys, in 86,000 characters; the document's own count follows each key without a look.
    assert asked.pop("cl100k_base") == 0
    assert all(0 < chars < 12_000 for chars in asked.values())


async def test_a_row_has_window_and_cost(tmp_path: Path) -> None:
    (tmp_path / "doc.prompt.md").write_text("# T\n\nIt's {{name}}.\n")
    values = {"models": ["claude-sonnet-4-5", "gpt-5", "nobody-knows"], "variables": {"name": "N " * 1_000}}
    async with a_session(tmp_path, values) as session:
        document = open_file(session, tmp_path / "doc.prompt.md")
        report = await session.queries.with_models(document, await session.queries.whole_report(document))
        claude, gpt = report.models
        assert (report.model, report.tokens, report.budget.limit) == (
            "claude-sonnet-4-5",
            claude.tokens,
            200_000,
        )
        assert (claude.exactness, gpt.exactness) == (Exactness.RECONSTRUCTION, Exactness.EXACT)
        assert claude.cost is not None
        assert claude.cost.input_usd == pytest.approx(claude.tokens * 3 / 1_000_000)
        assert gpt.used == gpt.tokens / 400_000
        assert [row["model"] for row in report.as_json()["models"]] == ["claude-sonnet-4-5", "gpt-5"]
        assert any("nobody-knows" in problem.message for _, problem in report.problems)


async def test_no_rows_of_a_text_that_changed_meanwhile(tmp_path: Path) -> None:
    (tmp_path / "doc.prompt.md").write_text("some words\n")
    async with a_session(tmp_path, {"models": ["gpt-5", "opus"]}) as session:
        document = open_file(session, tmp_path / "doc.prompt.md")
        report = await session.queries.whole_report(document)
        asked = asyncio.ensure_future(session.queries.with_models(document, report))
        typed(session, document, (0, 0), "other ")
        assert (await asked).models == ()


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ([["gpt-5", "opus"]], ["gpt-5", "opus"]),
        # The nearest list says which, and in which order.
        ([["gpt-5", "opus"], ["haiku", "gpt-5"]], ["haiku", "gpt-5"]),
        # A model is over the first of a list as near, or farther.
        ([["gpt-5", "opus"], "haiku"], ["haiku", "gpt-5", "opus"]),
        # What describes a model goes on to do so.
        ([{"mine": {"like": "opus"}, "short": "gpt-5"}, ["mine", "short"]], ["mine", "short"]),
        ([["gpt-5", "opus"], {"mine": {"like": "opus"}}], ["gpt-5", "opus"]),
        ([["gpt-5"]], ["gpt-5"]),
    ],
)
def test_lists_of_models(layers: list[object], expected: list[str]) -> None:
    values = [{"model": one} if isinstance(one, str) else {"models": one} for one in layers]
    found = resolve([Layer(str(number), value, trusted_source=True) for number, value in enumerate(values)])
    choice = choose(found.settings, NOTHING)
    assert (found.warnings, choice.warnings) == ((), ())
    assert [one.name for one in (choice, *choice.others)] == expected


def test_a_list_that_is_none_of_names() -> None:
    found = resolve([Layer("x", {"models": ["gpt-5", 3]}, trusted_source=True)])
    assert (len(found.warnings), found.settings.model) == (1, None)
