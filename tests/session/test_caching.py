"""What of a prompt a provider may keep: all before the first text that may be another each time."""

from pathlib import Path

import pytest
from tests.session.harness import a_session, open_file

from weighbridge.analysis.report import Report
from weighbridge.content.factory import HandlerFactory
from weighbridge.errors import Code
from weighbridge.session.overlay import OpenTexts
from weighbridge.tokens.registry import tokenizer

LONG = "It's a line of stable text.\n" * 300


async def report_of(folder: Path, text: str, model: str) -> Report:
    (folder / "doc.prompt.md").write_text(text)
    (folder / "fixed.md").write_text("fixed {{name}} {{other:default}}\n")
    (folder / "changing.md").write_text("before\n{{env.DAY}} behind\n")
    (folder / "undefined.md").write_text("{{nobody}}\n")
    values = {"model": model, "variables": {"name": "N"}, "env": ["DAY"]}
    open_texts = OpenTexts()
    handlers = HandlerFactory(open_texts, None, environment={"DAY": "Friday"})
    async with a_session(folder, values, handlers=handlers, open_texts=open_texts) as session:
        return await session.queries.whole_report(open_file(session, folder / "doc.prompt.md"))


@pytest.mark.parametrize("model", ["gpt-4o", "claude-opus-4-8", "claude-sonnet-4-5", "gemini-2.5-pro"])
@pytest.mark.parametrize(
    ("text", "stable"),
    [
        ("", ""),
        (LONG, None),
        ("", None),
        (f"{LONG}@fixed.md {{{{name}}}} {{{{other:default}}}} @absent.md\n", None),
        (f"{LONG}\nIt's {{{{env.DAY}}}} and {{{{name}}}}.\n", f"{LONG}\nIt's "),
        (f"{LONG}\n@fixed.md {{{{nobody}}}}\n", f"{LONG}\nfixed N default\n "),
        (f"# T\n{LONG} @changing.md @fixed.md\n", f"# T\n{LONG} "),
        (f"@undefined.md\n{LONG}", ""),
        (f"{{{{env.DAY}}}}\n{LONG}", ""),
        (f"a\n@[api:https://example.invalid/x]\n{LONG}", "a\n"),
    ],
)
async def test_what_may_be_kept(tmp_path: Path, model: str, text: str, stable: str | None) -> None:
    report = await report_of(tmp_path, text, model)
    count = tokenizer(report.encoding).count
    assert report.cacheable == (report.tokens if stable is None else count(stable))


async def test_what_it_costs_by_tier(tmp_path: Path) -> None:
    report = await report_of(tmp_path, f"{LONG * 100}{{{{env.DAY}}}}\n", "claude-sonnet-4-5")
    assert report.tokens > 200_000
    assert report.cacheable is not None
    rest = report.tokens - report.cacheable
    assert report.input_usd == pytest.approx(report.tokens * 6 / 1e6)
    assert report.cached_usd == pytest.approx((report.cacheable * 0.6 + rest * 6) / 1e6)
    cost = report.as_json()["cost"]
    assert cost == {
        "input_usd": report.input_usd,
        "cacheable_tokens": report.cacheable,
        "cached_usd": report.cached_usd,
    }


@pytest.mark.parametrize(
    ("text", "model"),
    [
        # No provider keeps as few.
        ("Few words.\n", "gpt-5"),
        # Nobody says what keeping costs.
        (LONG, "gpt-4"),
        (LONG, "gpt-oss-20b"),
    ],
)
async def test_what_has_no_price(tmp_path: Path, text: str, model: str) -> None:
    report = await report_of(tmp_path, text, model)
    assert report.cached_usd is None
    assert set((report.as_json()["cost"] or {"input_usd": 0}).keys()) == {"input_usd"}


async def test_volatile_text_before_much_that_is_stable(tmp_path: Path) -> None:
    report = await report_of(tmp_path, f"# Today {{{{env.DAY}}}}\n{LONG}{{{{env.DAY}}}}", "gpt-5")
    ((place, hint),) = report.notices
    count = tokenizer("o200k_base").count
    behind = report.tokens - (report.cacheable or 0) - 2 * count("Friday")
    assert (hint.code, hint.severity) == (Code.VOLATILE, "hint")
    assert (place.start_line, place.start_character, place.end_character) == (0, 8, 19)
    assert (
        f"env.DAY may be another each time, so {behind:,} tokens behind it are paid in full" in hint.message
    )
    assert f"up to ${behind * (1.25 - 0.125) / 1e6:,.4f}" in hint.message
    assert "Friday" not in hint.message


@pytest.mark.parametrize(
    ("text", "model"),
    [
        (f"{LONG}{{{{env.DAY}}}}\n", "gpt-5"),
        (f"{{{{env.DAY}}}}\n{LONG[:200]}", "gpt-5"),
        (f"{{{{name}}}}\n{LONG}", "gpt-5"),
        (f"{{{{env.DAY}}}}\n{LONG}", "gpt-4"),
    ],
)
async def test_nothing_is_said_where_moving_it_saves_nothing(tmp_path: Path, text: str, model: str) -> None:
    assert (await report_of(tmp_path, text, model)).notices == ()
