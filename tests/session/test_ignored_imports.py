"""What of a context file does not arrive is told where it stands; what only looks like a reference is left alone."""

from pathlib import Path

import pytest
from tests.session.harness import a_session, open_file, set_layer, typed
from tests.session.test_arriving import home, lay

from weighbridge.errors import Code
from weighbridge.lsp.abilities import ClientAbilities
from weighbridge.lsp.features.diagnostics import diagnostics

__all__ = ["home"]

FILES = {"docs/a.md": "A", "b c.md": "B", "logo.png": "", "../outside.md": "O"}

#: A text, and what is told of it: the stretch, how severely, how the message begins.
TOLD = {
    "it is imported": ("see @docs/a.md now @b\\ c.md", ()),
    "a full stop": (
        "see @docs/a.md.",
        (("@docs/a.md.", "warning", "not imported: the full stop belongs to the path here"),),
    ),
    "a comma, later imported": ("@docs/a.md, and @docs/a.md", (("@docs/a.md,", "warning", "not imported: the comma"),)),
    "in a code span": ("`@docs/a.md`", (("@docs/a.md", "hint", "not imported: it stands in a code span"),)),
    "in a code block": ("```\n@docs/a.md\n```", (("@docs/a.md", "hint", "not imported: it stands in a code block"),)),
    "in a comment": ("text\n\n<!--\n@docs/a.md\n-->", (("@docs/a.md", "hint", "not imported: it stands in a comment"),)),
    "in HTML": (
        "<context>\n@docs/a.md\n</context>",
        (("@docs/a.md", "information", "not imported: it stands in HTML: put empty lines"),),
    ),
    "in HTML, with other words": (
        "<context>\n  see @docs/a.md, @b\\ c.md now\n</context>",
        (("see @docs/a.md, @b\\ c.md now", "information", "not imported: it stands in HTML: put empty lines"),),
    ),
    "in brackets": ("(@docs/a.md)", (("@docs/a.md", "information", "not imported: imports stand at a line's start"),)),
    "quoted": ('@"b c.md"', (('@"b c.md"', "warning", "not imported: quotes are not understood"),)),
    "outside": ("@../outside.md", (("@../outside.md", "warning", "not imported: outside the folder"),)),
    "no text": ("@logo.png", (("@logo.png", "warning", "not imported: Claude Code imports no .png files"),)),
    "no such file": ("@docs/none.md", (("@docs/none.md", "hint", "not imported: no such file: docs/none.md"),)),
    "in front matter": ("---\nx: '@docs/a.md'\n---\ntext", ()),
}  # fmt: skip


@pytest.mark.parametrize("case", TOLD)
async def test_what_is_ignored_is_told(tmp_path: Path, case: str) -> None:
    text, expected = TOLD[case]
    folder = tmp_path / "work"
    lay(folder, {**FILES, "CLAUDE.md": text})
    async with a_session(folder) as session:
        report = await session.queries.whole_report(open_file(session, folder / "CLAUDE.md"))
        lines = text.split("\n")
        found = [
            (
                lines[place.start_line][place.start_character : place.end_character],
                notice.severity,
                notice.message,
            )
            for place, notice in report.notices
            if notice.code is not Code.REMOVED
        ]
        assert [(stretch, severity) for stretch, severity, _ in found] == [one[:2] for one in expected]
        for (*_, message), (*_, begins) in zip(found, expected, strict=True):
            assert message.startswith(begins)


#: What everyday context files hold and nobody means as a reference of ours.
EVERYDAY = (
    "Answer in {{language}}.",
    "{% if plan %}{{ plan }}{% endif %}",
    "Hello, {{ name }}!",
    "Check whether {{story_file}} exists",
    "Task: {{ARGUMENTS}}",
    "{{this}} {{else}} {{/if}} {{@index}} {{loop.index}} {{#each @root.tools}}",
    "${{ secrets.TOKEN }} Budget: ${{budget}}",
    "see @.clinerules/net.md in a rule, @package.json in a command",
    "@types/node @scope/design.md pkg@16.0.x",
    "@gmail.com me@corp.example @alice @john.doe @Next.js",
    "remove @pytest.mark.asyncio, @app.route, @Override, @param x, @media print",
    "write @path/to/file.md",
    "@~/.claude/x.md @$HOME/x.md",
    "style={{ color: 'red' }} {{ user.name | upper }}",
    '<Box style={{ width: "100%" }} /> {{date:YYYY-MM-DD}} {{ref:intro}}',
    "@[file:nothing.md] @[var:x] @[api:y]",
)


@pytest.mark.parametrize(
    "name",
    [
        *("CLAUDE.md", ".claude/commands/c.md", ".claude/skills/s/SKILL.md", ".claude/agents/a.md", ".claude/rules/r.md"),
        *("AGENTS.md", "GEMINI.md", "QWEN.md", ".github/copilot-instructions.md", ".github/instructions/x.instructions.md"),
        *(".cursor/rules/r.mdc", ".gemini/commands/c.toml", ".opencode/command/c.md", "a.prompt", "a.j2", "a.poml"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("agents", [None, ["copilot-cli"], ["goose"]])
async def test_everyday_patterns_give_hints_at_most(
    tmp_path: Path, name: str, agents: list[str] | None
) -> None:
    text = "\n\n".join(EVERYDAY)
    lay(tmp_path, {name: text})
    async with a_session(tmp_path) as session:
        set_layer(session, {"agents": agents})
        report = await session.queries.whole_report(open_file(session, tmp_path / name))
        severe = [one for _, one in report.notices if one.severity != "hint"]
        assert (severe, report.references, report.problems) == ([], (), ())


@pytest.mark.parametrize("text", EVERYDAY[:-1])
@pytest.mark.parametrize("before", ["", "---\ninput:\n  schema: {name: string}\n---\n"])
@pytest.mark.parametrize("name", ["a.prompt.md", "prompts/a.mdx", "prompts/a.txt"])
async def test_in_a_prompt_of_ours_they_give_hints_at_most(
    tmp_path: Path, text: str, before: str, name: str
) -> None:
    async with a_session(tmp_path) as session:
        document = session.open((tmp_path / name).as_uri(), 1, before + text)
        report = await session.queries.whole_report(document)
        assert {one.severity for one in report.references if one.problem is not None} <= {"hint"}
        assert report.problems == ()


@pytest.mark.parametrize(
    ("text", "expected", "template"),
    [
        ("@[file:none.md] @[var:x] @docs.md {{x}} @a.md#None", ["error", "warning", "hint", "hint", "error"], False),
        ("{{x}} {% if y %}", ["hint"], True),
        ("{{x}} {{#each y}}", ["hint"], True),
        ("{{x}} {{ y | upper }}", ["hint"], True),
        ("{{x}} {y|z}", ["hint"], False),
    ],
)  # fmt: skip
async def test_explicit_forms_are_meant(
    tmp_path: Path, text: str, expected: list[str], *, template: bool
) -> None:
    lay(tmp_path, {"a.md": "# A\n"})
    async with a_session(tmp_path) as session:
        document = session.open((tmp_path / "a.prompt.md").as_uri(), 1, text)
        report = await session.queries.whole_report(document)
        assert [one.severity for one in report.references] == expected
        assert report.template is template
        shown = diagnostics(report, 0, ClientAbilities())
        assert len(shown) == (0 if template else len(expected))


@pytest.mark.parametrize(
    ("name", "files", "severity", "message"),
    [
        (
            ".claude/rules/r.md",
            {".claude/rules/r.md": "---\npaths: src/**\n---\nrule", "src/a.ts": ""},
            "information",
            "Claude Code does not load this file: loads when a file is read that matches src/**. Its own text",
        ),
        (
            "AGENTS.md",
            {"AGENTS.md": "one", "AGENTS.override.md": "two"},
            "hint",
            "Codex does not load this file: Codex reads one file a folder, here AGENTS.override.md; OpenCode, ",
        ),
        (
            "skills/of-a-library/SKILL.md",
            {"skills/of-a-library/SKILL.md": "---\nname: n\ndescription: d\n---\n"},
            "hint",
            "Claude Code does not load this file when it starts. Its own text",
        ),
        (
            "CLAUDE.md",
            {"CLAUDE.md": "<!-- a comment -->"},
            "hint",
            "Claude Code does not load this file: nothing is left of it but front matter and comments; GitHub C",
        ),
    ],
)
async def test_a_file_that_does_not_load(
    tmp_path: Path, name: str, files: dict[str, str], severity: str, message: str
) -> None:
    lay(tmp_path, files)
    async with a_session(tmp_path) as session:
        report = await session.queries.whole_report(open_file(session, tmp_path / name))
        ((_, notice),) = report.notices
        assert (notice.code, notice.severity) == (Code.NOT_LOADED, severity)
        assert notice.message.startswith(message)
        assert (" and Crush do." in notice.message) == ("; " in notice.message)


@pytest.mark.parametrize("agents", [["codex"], ["codex", "opencode"]])
async def test_a_file_for_which_no_room_is_left(tmp_path: Path, agents: list[str]) -> None:
    """The agent finds it only where it is started below, and drops it there."""
    lay(tmp_path, {"AGENTS.md": "word " * 8_000, "sub/AGENTS.md": "near\n", ".git/HEAD": ""})
    async with a_session(tmp_path) as session:
        set_layer(session, {"agents": agents})
        report = await session.queries.whole_report(open_file(session, tmp_path / "sub/AGENTS.md"))
        ((_, notice),) = report.notices
        assert (notice.code, notice.severity) == (Code.NOT_LOADED, "warning")
        assert notice.message.startswith(
            "Codex does not load this file: the 32,768 bytes that all project files share are used up by "
            f"{tmp_path / 'AGENTS.md'}"
        )


#: A text, and what an agent's user is told of it, with what is proposed.
PASSED_OVER = [
    ("GEMINI.md", "see @docs/a.md, now", "warning", "the comma belongs to the path here", "@docs/a.md ,"),
    ("QWEN.md", "see @docs/a.md.", "warning", "the full stop belongs to the path here", "@docs/a.md ."),
    ("GEMINI.md", "@../outside.md", "warning", "outside the folder that holds the project", None),
    ("QWEN.md", "@../outside.md", "warning", "outside the folder that holds the project", None),
    ("GEMINI.md", "ask @someone", "hint", "no such file: an error that names", None),
    ("QWEN.md", "@none.md", "hint", "no such file: none.md is looked for beside QWEN.md", None),
    ("CLAUDE.md", "see @docs/a.md, now", "warning", "the comma belongs", "@docs/a.md ,"),
    ("CLAUDE.md", "(@docs/a.md)", "information", "imports stand at", " @docs/a.md "),
    ("CLAUDE.md", '"@docs/a.md"', "information", "imports stand at", " @docs/a.md "),
    ("CLAUDE.md", '@"b c.md"', "warning", "quotes are not understood", "@b\\ c.md"),
    ("CLAUDE.md", "`@docs/a.md`", "hint", "it stands in a code span", None),
    ("CLAUDE.md", "<context>\n@docs/a.md\n</context>\n", "information", "it stands in HTML", "\n@docs/a.md\n"),
    ("CLAUDE.md", "<div>\n  see @docs/a.md now\n</div>", "information", "it stands in HTML", "\nsee @docs/a.md now\n"),
    ("CLAUDE.md", "<p>see @docs/a.md now</p>", "information", "it stands in HTML", None),
    ("CLAUDE.md", "<pre>\n@docs/a.md\n</pre>", "information", "it stands in HTML", None),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "severity", "message", "instead"), PASSED_OVER)
async def test_what_to_write_instead(
    tmp_path: Path, name: str, text: str, severity: str, message: str, instead: str | None
) -> None:
    """Where something is proposed, it is an import once it is written."""
    folder = tmp_path / "work"
    lay(folder, {**FILES, name: text})
    async with a_session(folder) as session:
        document = open_file(session, folder / name)
        report = await session.queries.whole_report(document)
        ((place, notice),) = report.notices
        assert (notice.severity, notice.instead) == (severity, instead)
        assert notice.message.startswith(f"not imported: {message}")
        assert report.imports == ()
        if instead is not None:
            start, end = (place.start_line, place.start_character), (place.end_line, place.end_character)
            typed(session, document, start, instead, end)
            report = await session.queries.whole_report(document)
            assert (len(report.imports), report.notices) == (1, ())


@pytest.mark.parametrize(
    "text", ["ask @someone", "@types/node", "@docs", "see @docs/a.md now", "`@docs/a.md.`"]
)
async def test_qwen_leaves_words_alone(tmp_path: Path, text: str) -> None:
    lay(tmp_path / "work", {**FILES, "QWEN.md": text})
    async with a_session(tmp_path / "work") as session:
        report = await session.queries.whole_report(open_file(session, tmp_path / "work" / "QWEN.md"))
        assert [one for _, one in report.notices if one.severity != "hint"] == []
