"""A context file in its agent's dialect: what it causes to arrive, counted and rendered, kept true under edits."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.session.harness import FakeTimers, a_session, open_file, set_layer, typed
from tests.session.test_beside import Counting

from weighbridge.analysis.arriving import Arrived, arrived
from weighbridge.analysis.report import Range, Report
from weighbridge.errors import Code
from weighbridge.session.document import Document
from weighbridge.session.session import Session
from weighbridge.tokens.registry import tokenizer

CLAUDE = "Contents of {folder}/{name} (project instructions, checked into the codebase):\n\n"
GEMINI = "<loaded_context>\n<project_context>\n--- Context from: {folder}/GEMINI.md ---\n"
GEMINI_END = "\n--- End of Context from: {folder}/GEMINI.md ---\n</project_context>\n</loaded_context>"
IMPORTED = "<!-- Imported from: a.md -->\nA\n<!-- End of import from: a.md -->"
CODEX = "# AGENTS.md instructions for {folder}\n\n<INSTRUCTIONS>\n"


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user with no files of their own."""
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(folder))
    for name in ("CLAUDE_CONFIG_DIR", "CODEX_HOME"):
        monkeypatch.delenv(name, raising=False)
    return folder


def lay(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


async def known(session: Session, document: Document) -> tuple[Report, str]:
    """The report and the rendered text; the one is held against the other."""
    report = await session.queries.whole_report(document)
    text = await session.queries.render(document)
    assert report.tokens == tokenizer(report.encoding).count(text)
    return report, text


#: The workspace's files, the one that is opened, what arrives because of it.
CASES = {
    "imports are attached": (
        {"CLAUDE.md": "See @docs/a.md, @[file:docs/a.md] and {{x:y}}\nand @docs/a.md\n", "docs/a.md": "A\n"},
        "CLAUDE.md",
        CLAUDE.replace("{name}", "CLAUDE.md")
        + "See @docs/a.md, @[file:docs/a.md] and {{x:y}}\nand @docs/a.md\n\n"
        + CLAUDE.replace("{name}", "docs/a.md")
        + "A",
    ),
    "one of several": (
        {"CLAUDE.md": "first", "CLAUDE.local.md": "second", ".claude/rules/r.md": "third"},
        ".claude/rules/r.md",
        "\n\n" + CLAUDE.replace("{name}", ".claude/rules/r.md") + "third",
    ),
    "below the workspace's folder: where it loads": (
        {"CLAUDE.md": "above", "sub/CLAUDE.md": "below"},
        "sub/CLAUDE.md",
        "\n\n" + CLAUDE.replace("{name}", "sub/CLAUDE.md") + "below",
    ),
    "in a folder of a name that agents know": (
        {"agents/AGENTS.md": "below"},
        "agents/AGENTS.md",
        CODEX.replace("{folder}", "{folder}/agents") + "below\n</INSTRUCTIONS>",
    ),
    "a label around all": (
        {"AGENTS.md": "for agents {{x}} @README.md\n", "README.md": "not read"},
        "AGENTS.md",
        CODEX + "for agents {{x}} @README.md\n\n</INSTRUCTIONS>",
    ),
    "replaced in place, at both ends": (
        {"GEMINI.md": "@a.md between @a.md", "a.md": "A"},
        "GEMINI.md",
        f"{GEMINI}{IMPORTED} between {IMPORTED}{GEMINI_END}",
    ),
    "what waits for a file is counted as typed": (
        {".claude/rules/r.md": "---\npaths: src/**\n---\nrule {{x}}\n"},
        ".claude/rules/r.md",
        "---\npaths: src/**\n---\nrule {{x}}\n",
    ),
    "no agent's rules are known": ({".cursorrules": "{{x:y}} @a.md", "a.md": "A"}, ".cursorrules", "{{x:y}} @a.md"),
}  # fmt: skip


async def test_a_command_in_a_workspace_of_a_name_that_agents_know(tmp_path: Path) -> None:
    folder = tmp_path / "skills"
    lay(folder, {".qwen/commands/c.md": "---\ndescription: d\n---\nDo it: {{x}}\n", ".git/HEAD": ""})
    async with a_session(folder) as session:
        _, text = await known(session, open_file(session, folder / ".qwen/commands/c.md"))
        assert text == "Do it: {{x}}"


@pytest.mark.parametrize("case", CASES)
async def test_what_arrives(tmp_path: Path, case: str) -> None:
    files, name, expected = CASES[case]
    lay(tmp_path, files)
    async with a_session(tmp_path) as session:
        report, text = await known(session, open_file(session, tmp_path / name))
        assert text == expected.replace("{folder}", str(tmp_path))
        assert report.references == ()


async def test_edits_and_other_files_are_followed(tmp_path: Path) -> None:
    lay(tmp_path, {"CLAUDE.md": "# One\nsee @a.md\n", "a.md": "A"})
    timers = FakeTimers()
    async with a_session(tmp_path, timers=timers) as session:
        document = open_file(session, tmp_path / "CLAUDE.md")
        assert (await known(session, document))[1].endswith("\n\nA")
        typed(session, document, (1, 4), "also @b.md ")
        assert session.report(document).state == "counting"
        assert (await known(session, document))[1].endswith("\n\nA")
        lay(tmp_path, {"b.md": "B"})
        session.files_changed([tmp_path / "b.md"])
        _, text = await known(session, document)
        assert [line for line in text.split("\n") if len(line) == 1] == ["B", "A"]
        # Another document counts as it is in the editor, once it is quiet there.
        other = open_file(session, tmp_path / "b.md")
        typed(session, other, (0, 1), "etter")
        timers.advance(1)
        assert "Better" in (await known(session, document))[1]


#: The workspace's files, the one that is opened, and what each of its imports brings, at its place.
BROUGHT = {
    "attached, with what that imports": (
        {
            "CLAUDE.md": "---\nx: y\n---\n`@a.md` and 😀 @a.md#part\n@b.md. @none.md\n\n<div>\n@c.md\n</div>\n",
            "a.md": "A @c.md",
            "b.md": "B",
            "c.md": "C",
        },
        "CLAUDE.md",
        {
            "a.md#part": f"\n\n{CLAUDE}A @c.md\n\n{CLAUDE}C".replace("{name}", "a.md", 1).replace("{name}", "c.md"),
        },
    ),
    "replaced in place": (
        {"GEMINI.md": "`@a.md` @a.md and @none.md @../out.md", "a.md": "A"},
        "GEMINI.md",
        {"a.md": IMPORTED},
    ),
    "none where the file does not load": (
        {".claude/rules/r.md": "---\npaths: src/**\n---\n@../../a.md", "a.md": "A"},
        ".claude/rules/r.md",
        {},
    ),
    "not of other files of the chain": ({"CLAUDE.md": "@a.md", "CLAUDE.local.md": "x", "a.md": "A"}, "CLAUDE.local.md", {}),
}  # fmt: skip


@pytest.mark.parametrize("case", BROUGHT)
async def test_what_an_import_brings(tmp_path: Path, case: str) -> None:
    files, name, expected = BROUGHT[case]
    lay(tmp_path, files)
    async with a_session(tmp_path) as session:
        report, text = await known(session, open_file(session, tmp_path / name))
        brought = {target: one.replace("{folder}", str(tmp_path)) for target, one in expected.items()}
        count = tokenizer(report.encoding).count
        assert {one.target: one.tokens for one in report.imports} == {
            target: count(one) for target, one in brought.items()
        }
        lines = files[name].split("\n")
        for one in report.imports:
            line = lines[one.range.start_line].encode("utf-16-le")
            place = slice(2 * one.range.start_character, 2 * one.range.end_character)
            assert line[place].decode("utf-16-le") == f"@{one.target}"
            assert brought[one.target] in text


async def test_an_import_that_is_typed_over_has_no_number(tmp_path: Path) -> None:
    lay(tmp_path, {"CLAUDE.md": "first\n@a.md\n", "a.md": "A"})
    async with a_session(tmp_path) as session:
        document = open_file(session, tmp_path / "CLAUDE.md")
        assert len((await known(session, document))[0].imports) == 1
        typed(session, document, (0, 5), " more")
        assert [one.range for one in session.report(document).imports] == [Range(1, 0, 1, 5)]
        typed(session, document, (1, 0), "-")
        assert session.report(document).imports == ()


async def test_a_late_result_is_not_shown(tmp_path: Path) -> None:
    lay(tmp_path, {"CLAUDE.md": "one\n"})
    async with a_session(tmp_path) as session:
        document = open_file(session, tmp_path / "CLAUDE.md")
        before = (await known(session, document))[0].tokens
        typed(session, document, (0, 0), "two ")
        session.arriving.start(document)
        await asyncio.sleep(0)
        typed(session, document, (0, 0), "three ")
        running = session.arriving._running[document.uri]
        await running
        assert (document.tokens, document.ready) == (before, False)
        assert "three two one" in (await known(session, document))[1]


async def test_for_a_pause_it_is_found_out_once_and_what_is_the_same_is_not_counted_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[str] = []

    def watched(name: str, path: Path, text: str, *rest: Any, **options: Any) -> Arrived:
        runs.append(text)
        return arrived(name, path, text, *rest, **options)

    monkeypatch.setattr("weighbridge.session.arriving.arrived", watched)
    counted = Counting(tokenizer("o200k_base"))
    monkeypatch.setattr("weighbridge.session.prepare.tokenizer", lambda name: counted)
    lay(tmp_path, {"AGENTS.md": "# Rule\n\nSome words of it.\n\n" * 4_000})
    timers = FakeTimers()
    async with a_session(tmp_path, timers=timers) as session:
        document = open_file(session, tmp_path / "AGENTS.md")
        await known(session, document)
        for line in (10, 15_000):
            counted.asked.clear()
            runs.clear()
            typed(session, document, (line, 0), "x")
            await known(session, document)
            timers.advance(10)
            assert not document.arrival_due
            await known(session, document)
            assert len(runs) == 1
            assert 0 < sum(map(len, counted.asked)) < 5_000


async def test_a_long_text_is_counted_anew_by_another_tokenizer(tmp_path: Path) -> None:
    lay(tmp_path, {"AGENTS.md": "# Rule\n\nSome wörds of it.\n\n" * 1_000})
    async with a_session(tmp_path) as session:
        document = open_file(session, tmp_path / "AGENTS.md")
        counts = []
        for encoding in ("o200k_base", "r50k_base"):
            set_layer(session, {"encoding": encoding})
            counts.append((await known(session, document))[0].tokens)
        assert counts[0] != counts[1]


async def test_the_cut_is_where_the_text_ends_that_arrives(tmp_path: Path) -> None:
    lay(tmp_path, {"AGENTS.md": f"{'é' * 16_383}x日本語\n"})
    async with a_session(tmp_path) as session:
        report, text = await known(session, open_file(session, tmp_path / "AGENTS.md"))
        ((place, notice),) = report.notices
        lost = tokenizer("o200k_base").count("日本語\n")
        assert (place, notice.code, notice.severity) == (
            Range(0, 16_384, 0, 16_387),
            Code.TRUNCATED,
            "warning",
        )
        assert (
            notice.message
            == f"{lost:,} tokens never arrive: Codex reads 32,768 bytes of all project files together"
        )
        assert text.count("é") == 16_383


@pytest.mark.parametrize(
    ("settings", "text", "expected"),
    [
        ({}, "x", ("claude-code", "claude-4.8", "reconstruction")),
        ({"encoding": "cl100k_base"}, "x", ("claude-code", "cl100k_base", "exact")),
        ({"dialects": {"**": "markdown"}}, "x", ("markdown", "claude-4.8", "reconstruction")),
        ({}, "<!-- weighbridge: dialect=codex -->\n", ("codex", "claude-4.8", "reconstruction")),
        ({}, "<!-- weighbridge: dialect=markdown -->\n@[file:a.md]", ("markdown", "claude-4.8", "reconstruction")),
        ({"dialects": {"**": "markdown"}}, "<!-- weighbridge: dialect=text -->", ("text", "claude-4.8", "reconstruction")),
    ],
)  # fmt: skip
async def test_the_dialect_is_chosen(
    tmp_path: Path, settings: dict[str, object], text: str, expected: tuple[str, str, str]
) -> None:
    lay(tmp_path, {"CLAUDE.md": text})
    async with a_session(tmp_path, settings) as session:
        report, _ = await known(session, open_file(session, tmp_path / "CLAUDE.md"))
        assert (report.dialect, report.encoding, report.exactness.value) == expected


async def test_another_dialect_takes_effect_at_once(tmp_path: Path) -> None:
    lay(tmp_path, {"CLAUDE.md": "{{x:y}}\n"})
    async with a_session(tmp_path) as session:
        document = open_file(session, tmp_path / "CLAUDE.md")
        assert "{{x:y}}" in (await known(session, document))[1]
        set_layer(session, {"dialects": {"**": "markdown"}})
        assert (await known(session, document))[1] == "y\n"
        typed(session, document, (1, 0), "<!-- weighbridge: dialect=claude-code -->")
        assert "{{x:y}}" in (await known(session, document))[1]
        set_layer(session, {})
        assert "{{x:y}}" in (await known(session, document))[1]
