"""Hovers: what a reference, a section and a document weigh, in the client's own markup, with nothing that could do harm."""

from pathlib import Path

import pytest
from lsprotocol import types
from markdown_it import MarkdownIt
from tests.editors.editor import Editor, editor
from tests.editors.recording import EGLOT, VSCODE, Recording

from weighbridge.analysis.wording import age_text, size_text
from weighbridge.lsp import backend
from weighbridge.lsp.features.hover_cards import Card, CardRow
from weighbridge.tokens.registry import tokenizer

count = tokenizer("cl100k_base").count
TEXT = "# 😀 Öne @[file:docs/a.md]\n\n## Two\n\n{{name}} {{env.WEIGHBRIDGE_CANARY}} @[file:absent.md] @[api:x]\n\n### Three\n\n## Four\n"


async def hovered(session: Editor, uri: str, line: int, character: int) -> str:
    found = await session.ask(
        types.TEXT_DOCUMENT_HOVER, session.at(uri, {"line": line, "character": character})
    )
    value: str = found["contents"]["value"]
    return value


async def test_a_reference(folder: Path, recording: Recording, encoding: str) -> None:
    async with editor(recording, folder, encodings=[encoding]) as session:
        session.write("docs/a.md", "intro [click](command:x) ``` <b>\n@b.md\n")
        session.write("docs/b.md", "nested")
        uri = await session.open("a.prompt.md", TEXT)
        place = session.place(TEXT, "@[file:docs", 3)
        value = await hovered(session, uri, place["line"], place["character"])
        resolved = "intro [click](command:x) ``` <b>\nnested\n"
        facts = [
            f"{count(resolved)} tokens, <0.1% of the budget",
            f"{count(resolved) - count('nested')} tokens of its own, the rest is nested in it",
            f"{len(resolved) - len('nested') + len('@b.md')} bytes",
        ]
        if "markdown" in (recording.declares("textDocument.hover.contentFormat") or []):
            head, table, lines = value.split("\n\n")
            assert head.startswith("**docs/a.md**  \n")
            assert head.replace("\\", "").split("  \n")[1:] == facts
            assert table.split("\n")[2].replace("\\", "") == "| 1 | <0.1% | b.md |"
            # The fence is longer than any in the content: nothing in it is a link.
            assert lines == "````text\nintro [click](command:x) ``` <b>\n@b.md\n````"
        else:
            head, table, lines = value.split("\n\n")
            assert head.split("\n") == ["docs/a.md", *facts]
            assert table == "1  <0.1%  b.md"
            assert lines == "intro [click](command:x) ``` <b>\n@b.md"


async def test_a_part_of_a_file_has_a_size_of_its_own(folder: Path) -> None:
    async with editor(VSCODE, folder) as session:
        session.write("a.md", "# One\n\n## Zwei ß😀\n\n@b.md\n\n# Three\n")
        session.write("b.md", "nested\n")
        uri = await session.open("a.prompt.md", "@[file:a.md#L3-L5]\n")
        part = "## Zwei ß😀\n\n@b.md\n"
        whole = count(part.replace("@b.md", "nested\n"))
        facts = (await hovered(session, uri, 0, 3)).split("\n\n")[0].replace("\\", "").split("  \n")
        assert facts[1:] == [
            f"{whole} tokens, <0.1% of the budget",
            f"{whole - count('nested' + chr(10))} tokens of its own, the rest is nested in it",
            f"{len(part.encode())} bytes",
        ]


async def test_what_is_broken_and_what_is_secret(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEIGHBRIDGE_CANARY", "canary-3c")
    settings = {
        "env": ["WEIGHBRIDGE_CANARY"],
        "variables": {"name": "value"},
        "apis": {"x": {"url": "https://h.example", "sample": "a sample"}},
    }
    async with editor(EGLOT, folder, settings=settings) as session:
        uri = await session.open("a.prompt.md", TEXT)

        async def of(needle: str) -> str:
            place = session.place(TEXT, needle, 2)
            return await hovered(session, uri, place["line"], place["character"])

        assert "value" in await of("{{name}}")
        secret = await of("{{env")
        assert "its value is not shown" in secret
        assert "canary" not in secret
        assert "absent.md" in await of("@[file:absent")
        sampled = await of("@[api:x]")
        assert "of the budget, counted from its sample" in sampled
        assert "before" not in sampled
        whole = await hovered(session, uri, 0, 0)
        assert whole.startswith("≈")
        assert "references: 1 from a sample" in whole


async def test_a_section_and_the_document(folder: Path, encoding: str) -> None:
    async with editor(EGLOT, folder, encodings=[encoding], settings={"model": "gpt-4o"}) as session:
        uri = await session.open("a.prompt.md", TEXT)
        report = await session.report(uri)
        sections = {one["title"]: one["tokens"] for one in report["sections"]}
        two = await hovered(session, uri, 2, 1)
        assert two.startswith(f"Two\n{sections['Two']} tokens, ")
        assert f"{sections['Three']}  <0.1%  Three" in two.replace("\\", "")
        whole = await hovered(session, uri, 0, 0)
        assert whole.split("\n")[0] == f"{report['tokens']:,} / 128,000 tokens"
        assert "o200k_base for gpt-4o, exact" in whole
        assert "$0." in whole
        nowhere = session.at(uri, {"line": 1, "character": 0})
        assert await session.ask(types.TEXT_DOCUMENT_HOVER, nowhere) is None


async def test_contents_open_in_the_editor_are_shown_as_they_are_there(folder: Path) -> None:
    async with editor(VSCODE, folder, settings={"debounce": 0}) as session:
        included = await session.open("docs/a.md", "on disk")
        session.edit(included, 2, "in the editor")
        await session.count(included)
        uri = await session.open("a.prompt.md", TEXT)
        place = session.place(TEXT, "@[file:docs", 3)
        assert "in the editor" in await hovered(session, uri, place["line"], place["character"])


async def test_names_stand_in_one_line_of_characters_that_can_be_seen(
    folder: Path, recording: Recording
) -> None:
    odd = "a\u202eb\u200bc\x1b[31md"
    text = f"# Top\n\n## {odd}\n\n@[file:docs/{odd}.md]\n@[var:{odd}]\n@[file:a.md#{odd}]\n"
    async with editor(recording, folder) as session:
        session.write(f"docs/{odd}.md", f"# {odd}\n{{{{{'x'}}}}} @[file:{odd}2.md]")
        session.write(f"{odd}.prompt.md", odd)
        session.write("a.md", "a")
        uri = await session.open("a.prompt.md", text)
        document = {"textDocument": {"uri": uri}}
        line = {"start": {"line": 5, "character": 3}, "end": {"line": 5, "character": 3}}
        answers = [
            await session.ask(types.TEXT_DOCUMENT_HOVER, session.at(uri, {"line": at, "character": 4}))
            for at in (0, 2, 4, 5, 6)
        ]
        answers += await session.ask(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, document)
        answers += [
            link.get("tooltip") for link in await session.ask(types.TEXT_DOCUMENT_DOCUMENT_LINK, document)
        ]
        everywhere = {"start": {"line": 0, "character": 0}, "end": {"line": 9, "character": 0}}
        for hint in await session.ask(types.TEXT_DOCUMENT_INLAY_HINT, document | {"range": everywhere}):
            answers.append((await session.ask(types.INLAY_HINT_RESOLVE, hint)).get("tooltip"))
        answers += [one["name"] for one in await session.ask(types.WORKSPACE_SYMBOL, {"query": ""})]
        asked = document | {"range": line, "context": {"diagnostics": []}}
        answers += [one["title"] for one in await session.ask(types.TEXT_DOCUMENT_CODE_ACTION, asked)]
        shown = str(answers)
        assert not set("\u202e\u200b\x1b") & set(shown)
        assert "a\N{REPLACEMENT CHARACTER}b" in shown


def test_a_card_in_both_ways() -> None:
    card = Card(
        "a|b", ("one", "two"), (CardRow("x", "1,000", "1%"), CardRow("long|name", "2")), 3, ("`" * 4,), True
    )
    assert card.text(markdown=True) == (
        "**a\\|b**  \none  \ntwo\n\n| tokens | of the budget | |\n|--:|--:|:--|\n| 1,000 | 1% | x |\n"
        "| 2 |  | long\\|name |\n\nand 3 more\n\n`````text\n````\n…\n`````"
    )
    assert card.text(markdown=False) == (
        "a|b\none\ntwo\n\n1,000  1%  x\n    2      long|name\nand 3 more\n\n````\n…"
    )


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0, "a moment"), (59, "a moment"), (60, "1 min"), (3600, "1 h"), (86_400, "24 h"), (200_000, "2 days")],
)
def test_ages(seconds: float, expected: str) -> None:
    assert age_text(seconds) == expected


@pytest.mark.parametrize(
    ("size", "expected"), [(0, "0 bytes"), (1, "1 byte"), (1234, "1,234 bytes"), (5_120_000, "5.1 MB")]
)
def test_sizes(size: int, expected: str) -> None:
    assert size_text(size) == expected


HOSTILE = (
    "[click](command:x)",
    "![image](https://h.example/i.png)",
    "<b>bold</b> <script>",
    "https://h.example/x www.h.example me@h.example",
    "# heading",
    "- item",
    "1. item",
    "1) item",
    "1.",
    "9.3% of 2.md",
    "***both*** __under__ ~~gone~~ `code`",
    "a_b_c snake_case.md -x- a-b",
    "[x]: https://h.example",
    "&amp; &lt;",
    "=== ---",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_shown_is_what_was_written(text: str) -> None:
    found = MarkdownIt("gfm-like", {"linkify": False}).parse(Card(text, (text,)).text(markdown=True))
    assert [token.type for token in found] == ["paragraph_open", "inline", "paragraph_close"]
    inline = found[1].children or []
    assert {token.type for token in inline} <= {"strong_open", "text", "strong_close", "hardbreak"}
    shown = "".join(token.content for token in inline if token.type == "text")
    assert shown == text * 2


def test_names_are_shown_without_needless_signs() -> None:
    text = Card("docs/house_style-2.md", ("gpt-4o, o200k_base: 5.1%", "9.3% of it")).text(markdown=True)
    assert text == "**docs/house_style-2.md**  \ngpt-4o, o200k_base: 5.1%  \n9.3% of it"


async def test_a_document_for_several_models(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # However long the machine takes.
    monkeypatch.setattr(backend, "SECONDS_TO_LOOK_UP", 60.0)
    async with editor(VSCODE, folder, settings={"models": ["gpt-4o", "claude-opus-4-8"]}) as session:
        uri = await session.open("a.prompt.md", "It's so many words.\n")
        counts = [tokenizer(name).count("It's so many words.\n") for name in ("o200k_base", "claude-4.8")]
        value = await hovered(session, uri, 0, 0)
        assert f"gpt-4o: {counts[0]} tokens, <0.1% of its window, <$0.0001 as input" in value.replace(
            "\\", ""
        )
        assert f"claude-opus-4-8: ≈{counts[1]} tokens, <0.1% of its window" in value.replace("\\", "")
        report = await session.ask("weighbridge/report", {"textDocument": {"uri": uri}})
        assert [(one["model"], one["tokens"]) for one in report["models"]] == [
            ("gpt-4o", counts[0]),
            ("claude-opus-4-8", counts[1]),
        ]


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("gpt-5", ""),
        ("opus", "measured from outside"),
        ("gemini-2.5-pro", "the provider's own programs count with Gemma 3's"),
        ("glm-4.7", "192 of 2,521 texts differed"),
        ("grok-4", "o200k_base × 1.05, ±15 %"),
        ("gpt-6-sol", "by how much the model's own differs is not"),
    ],
)
async def test_what_is_not_exact_says_what_that_means(folder: Path, model: str, said: str) -> None:
    async with editor(VSCODE, folder, settings={"model": model}) as session:
        lines = (await hovered(session, await session.open("a.prompt.md", "Words.\n"), 0, 0)).split("  \n")
        at = next(number for number, line in enumerate(lines) if f" for {model}, " in line.replace("\\", ""))
        assert said in lines[at + 1].replace("\\", "") if said else lines[at].endswith(", exact")


async def test_a_message_has_a_line_of_its_own(folder: Path) -> None:
    async with editor(VSCODE, folder, settings={"model": "claude-opus-4-8"}) as session:
        text = "It's so many words, @[file:b.md]\n"
        session.write("b.md", "and more")
        uri = await session.open("a.prompt.md", text)
        value = (await hovered(session, uri, 0, 0)).replace("\\", "")
        tokens = tokenizer("claude-4.8").count(text.replace("@[file:b.md]", "and more"))
        assert f"**≈{tokens} / 1,000,000 tokens**" in value
        assert "a message adds 6 tokens around its text (measured)" in value.split("  \n")
        report = await session.ask("weighbridge/report", {"textDocument": {"uri": uri}})
        assert (report["tokens"], report["frame"]) == (tokens, {"tokens": 6, "source": "measured"})
        assert "frame" not in await session.ask(
            "weighbridge/report",
            {
                "textDocument": {
                    "uri": await session.open("c.prompt.md", "<!-- weighbridge: model=gpt-5 -->\n")
                }
            },
        )
