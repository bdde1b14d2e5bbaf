"""Completion inside references: what is offered, what it costs, and what stands there once it is chosen."""

from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from tests.editors.editor import Editor, editor
from tests.editors.recording import NEOVIM, VSCODE, Recording

from weighbridge.lsp.features.suggestions import Suggestion, matching
from weighbridge.tokens.registry import tokenizer

count = tokenizer("cl100k_base").count
VALUE_SET = "textDocument.completion.completionItemKind.valueSet"


def fill(session: Editor) -> None:
    session.write("docs/style guide.md", "# Töne\n\nShort words.\n\n## Why [so]\n\nmore\n")
    session.write("docs/notes.md", "one two three")
    session.write("docs/.hidden.md", "hidden")
    session.write("docs/build/out.md", "ignored")
    session.write("src/a.py", "one\ntwo\nthree\n")
    session.write("src/again.md", "# Same\n\n# Same\n")
    session.write("docs/deep/a.md", "deep")
    session.write(".gitignore", "build/\n")
    session.write("a.prompt.md.vars.toml", 'beside = "from the file"\n')
    session.write(
        "weighbridge.toml", '[variables]\nset = "from settings"\n[apis.issues]\nurl = "https://h.example"\n'
    )


async def offered(session: Editor, text: str) -> tuple[str, list[Any]]:
    """Open a text, and ask at its `^`. Returns the text without that."""
    plain = text.replace("^", "", 1)
    uri = await session.open("a.prompt.md", plain)
    marked = text.index("^")
    line_start = text.rfind("\n", 0, marked) + 1
    place = {"line": text.count("\n", 0, marked), "character": 0}
    units = {
        "utf-8": lambda s: len(s.encode()),
        "utf-16": lambda s: len(s.encode("utf-16-le")) // 2,
        "utf-32": len,
    }
    place["character"] = units[session.encoding](text[line_start:marked])
    found = await session.ask(types.TEXT_DOCUMENT_COMPLETION, session.at(uri, place))
    session.tell(types.TEXT_DOCUMENT_DID_CLOSE, {"textDocument": {"uri": uri}})
    return plain, [] if found is None else found["items"]


def chosen(session: Editor, text: str, item: Any) -> str:
    """The text after an item is chosen, replacing what it is over."""
    edit = item["textEdit"]
    range_ = edit.get("range") or edit["replace"]
    units = {"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}[session.encoding]
    width = {"utf-8": 1, "utf-16": 2, "utf-32": 4}[session.encoding]
    lines = text.split("\n")
    line = lines[range_["start"]["line"]].encode(units)
    start, end = (range_[side]["character"] * width for side in ("start", "end"))
    lines[range_["start"]["line"]] = (line[:start] + edit["newText"].encode(units) + line[end:]).decode(units)
    return "\n".join(lines)


#: A text with the place to ask at, what is offered there, and what the first of it makes of the text.
OFFERED: list[tuple[str, list[str], str | None]] = [
    ("ß😀 @[^", ["file:", "api:", "var:"], "ß😀 @[file:"),
    ("ß😀 @[file:docs/^", ["deep/", "notes.md", "style guide.md"], "ß😀 @[file:docs/deep/"),
    ("ß😀 @[file:docs/n^] x", ["notes.md"], "ß😀 @[file:docs/notes.md] x"),
    ("ß😀 @[file:docs/sg^] x", ["style guide.md"], "ß😀 @[file:docs/style guide.md] x"),
    ("ß😀 @[file:docs/no^ne.md#L1] x", ["notes.md"], "ß😀 @[file:docs/notes.md#L1] x"),
    ("@[file:docs/.^", [".hidden.md"], "@[file:docs/.hidden.md]"),
    ("see @docs/^ x", ["deep/", "notes.md"], "see @docs/deep/ x"),
    ("@[file:docs/style guide.md#^", ["Töne", "Why [so]", "L1-L7"], "@[file:docs/style guide.md#Töne]"),
    ("@[file:docs/style guide.md#wh^]", ["Why [so]"], "@[file:docs/style guide.md#Why [so\\]]"),
    ("ß {{se^", ["set"], "ß {{set}}"),
    ("{{b^}} {{other:x}}", ["beside"], "{{beside}} {{other:x}}"),
    (
        "@^",
        [
            "[file:",
            "[api:",
            "[var:",
            "docs/",
            "src/",
            "a.prompt.md.vars.toml",
            "weighbridge.toml",
            # What is elsewhere in the workspace, the nearest first; with a blank in its path it has no short form.
            "docs/notes.md",
            "src/a.py",
            "src/again.md",
            "docs/deep/a.md",
        ],
        "@[file:",
    ),
    # Nothing is left of a path in whose middle another folder or file is chosen.
    (
        "@^docs/notes.md x",
        [
            "docs/",
            "src/",
            "a.prompt.md.vars.toml",
            "weighbridge.toml",
            "docs/notes.md",
            "src/a.py",
            "src/again.md",
            "docs/deep/a.md",
        ],
        "@docs/notes.md x",
    ),
    (
        "@[file:do^cs/deep/a.md#L1] x",
        ["docs/", "docs/notes.md", "docs/style guide.md", "docs/deep/a.md"],
        "@[file:docs/deep/a.md#L1] x",
    ),
    ("@[file:we^src/old name/a.md#L1] x", ["weighbridge.toml"], "@[file:weighbridge.toml#L1] x"),
    ("@[file:docs/de^x/a b] x", ["deep/", "style guide.md"], "@[file:docs/deep/a b] x"),
    ("@docs/n^x/y.md. x", ["notes.md"], "@docs/notes.md. x"),
    ("(@docs/n^x/y.md), x", ["notes.md"], "(@docs/notes.md), x"),
    ("“@docs/n^", ["notes.md"], "“@docs/notes.md"),
    ("@docs/style.md and @[file:docs/sty^le guide.md] x", ["style guide.md"], None),
    ("@[file:docs/^ and [a link](x)", ["deep/", "notes.md", "style guide.md"], None),
    ("@[file:docs/n^ and [a link](x)", ["notes.md"], "@[file:docs/notes.md] and [a link](x)"),
    ("@[file:docs/s^ nothing.md#L1]", ["style guide.md", "notes.md"], "@[file:docs/style guide.md#L1]"),
    ("@[file:src/a.py#^", ["L1-L3"], "@[file:src/a.py#L1-L3]"),
    ("@[file:src/a.py#L2^", ["L2-L3", "L2"], "@[file:src/a.py#L2-L3]"),
    ("@[file:src/a.py#L2-^]", ["L2-L3"], "@[file:src/a.py#L2-L3]"),
    ("@[file:src/a.py#L4^", [], None),
    ("@[file:src/again.md#^", ["Same", "Same", "L1-L3"], "@[file:src/again.md#Same]"),
    ("@[file:src/again.md#same-^", ["Same"], "@[file:src/again.md#same-1]"),
    ("@src/again.md#same-^", ["Same"], "@src/again.md#same-1"),
    ("@[var:^", ["beside", "set"], "@[var:beside]"),
    ("@[api:^", ["issues"], "@[api:issues]"),
    ("plain te^xt", [], None),
    ("`code @[file:docs/^`", [], None),
    ("```\n@[file:docs/^\n```", [], None),
    ("<!-- @[file:docs/^ -->", [], None),
    ("@[file:../^", [], None),
    ("@[file:/etc/^", [], None),
]


async def test_what_is_offered_and_what_it_makes(folder: Path, encoding: str) -> None:
    async with editor(VSCODE, folder, encodings=[encoding]) as session:
        fill(session)
        found = []
        for text, _, first in OFFERED:
            plain, items = await offered(session, text)
            made = chosen(session, plain, items[0]) if first is not None else None
            found.append((text, [item["label"] for item in items], made))
        assert found == OFFERED


async def test_each_item_costs_what_it_would_stand_for(folder: Path, recording: Recording) -> None:
    async with editor(recording, folder) as session:
        fill(session)
        uri = await session.open("a.prompt.md", "@[file:docs/]\n")
        asked = session.at(uri, {"line": 0, "character": 12})
        items = (await session.ask(types.TEXT_DOCUMENT_COMPLETION, asked))["items"]
        details = {}
        for item in items:
            resolved = await session.ask(types.COMPLETION_ITEM_RESOLVE, item)
            details[resolved["label"]] = resolved.get("detail")
        guide = (folder / "docs" / "style guide.md").read_text(encoding="utf-8")
        assert details == {
            "deep/": None,
            "notes.md": "3 tokens",
            "style guide.md": f"{count(guide)} tokens",
        }


async def test_values_are_shown_but_those_of_the_environment(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEIGHBRIDGE_CANARY", "canary-1f")
    async with editor(VSCODE, folder, settings={"env": ["WEIGHBRIDGE_CANARY"]}) as session:
        fill(session)
        uri = await session.open("a.prompt.md", "{{")
        place = session.at(uri, {"line": 0, "character": 2})
        items = (await session.ask(types.TEXT_DOCUMENT_COMPLETION, place))["items"]
        shown = {item["label"]: item.get("labelDetails", {}).get("description") for item in items}
        assert shown == {
            "beside": "from the file",
            "set": "from settings",
            "env.WEIGHBRIDGE_CANARY": "environment",
        }
        resolved = await session.ask(types.COMPLETION_ITEM_RESOLVE, items[-1])
        assert resolved["detail"] == f"{count('canary-1f')} tokens"
        assert "canary-1f" not in str(session.sent) + str(items)


async def test_links_that_lead_out_are_not_offered(folder: Path) -> None:
    outside = folder.parent / "outside"
    outside.mkdir()
    (outside / "secret.md").write_text("secret")
    async with editor(NEOVIM, folder) as session:
        fill(session)
        (folder / "docs" / "link.md").symlink_to(outside / "secret.md")
        (folder / "docs" / "out").symlink_to(outside)
        (folder / "docs" / "in.md").symlink_to(folder / "docs" / "notes.md")
        _, items = await offered(session, "@[file:docs/^")
        assert [item["label"] for item in items] == ["deep/", "in.md", "notes.md", "style guide.md"]
        assert (await offered(session, "@[file:docs/out/^"))[1] == []


async def test_of_very_many_some_are_offered_and_typing_on_asks_again(folder: Path) -> None:
    async with editor(VSCODE, folder) as session:
        for number in range(300):
            session.write(f"many/{number:03}.md", "x")
        uri = await session.open("a.prompt.md", "@[file:many/]\n")
        asked = session.at(uri, {"line": 0, "character": 12})
        found = await session.ask(types.TEXT_DOCUMENT_COMPLETION, asked)
        assert (found["isIncomplete"], len(found["items"])) == (True, 200)


async def complete(session: Editor, uri: str, text: str, needle: str) -> dict[str, Any]:
    """What is offered behind `needle`, by label."""
    place = session.at(uri, session.place(text, needle, after=True))
    found = await session.ask(types.TEXT_DOCUMENT_COMPLETION, place)
    return {item["label"]: item for item in found["items"]}


HEADED = """---
variables:
  front: three words here
---
<!-- weighbridge: encoding=o200k_base -->
@[file:docs/notes.md] @[file:docs/ {{
"""


async def test_an_item_costs_what_it_would_in_the_document_that_it_is_for(folder: Path) -> None:
    async with editor(VSCODE, folder) as session:
        fill(session)
        session.write("docs/word.md", "наприклад")
        assert count("наприклад") != tokenizer("o200k_base").count("наприклад")
        uri = await session.open("a.prompt.md", HEADED)
        front = (await complete(session, uri, HEADED, "{{"))["front"]
        assert front["labelDetails"] == {"description": "three words here"}
        resolved = await session.ask(types.COMPLETION_ITEM_RESOLVE, front)
        assert resolved["detail"] == "3 tokens"
        word = (await complete(session, uri, HEADED, "@[file:docs/ ".rstrip()))["word.md"]
        resolved = await session.ask(types.COMPLETION_ITEM_RESOLVE, word)
        assert resolved["detail"] == f"{tokenizer('o200k_base').count('наприклад')} tokens"


async def test_what_is_known_is_said_at_once(folder: Path) -> None:
    text = "@[file:docs/notes.md] @[file:docs/\n"
    async with editor(VSCODE, folder) as session:
        fill(session)
        uri = await session.open("a.prompt.md", text)
        items = await complete(session, uri, text, "] @[file:docs/")
        assert items["notes.md"]["labelDetails"] == {"description": "3 tokens"}
        assert "data" not in items["notes.md"]
        assert "labelDetails" not in items["style guide.md"]
        # A file that changes is not what was known of it.
        session.write("docs/notes.md", "one two three four")
        session.changed("docs/notes.md")
        resolved = await session.ask(
            types.COMPLETION_ITEM_RESOLVE,
            {"label": "x", "data": {"uri": uri, "reference": "@[file:docs/notes.md]"}},
        )
        assert resolved["detail"] == "4 tokens"


async def test_what_would_include_itself_costs_nothing_that_could_be_said(folder: Path) -> None:
    async with editor(VSCODE, folder) as session:
        session.write("other.md", "other\n")
        uri = await session.open("a.prompt.md", "@[file:\n")
        # The document itself is not offered; an item that names it costs nothing.
        assert [*await complete(session, uri, "@[file:", "@[file:")] == ["other.md"]
        item = {"label": "a.prompt.md", "data": {"uri": uri, "reference": "@[file:a.prompt.md]"}}
        assert await session.ask(types.COMPLETION_ITEM_RESOLVE, item) == item


async def test_lines_are_asked_for_anew_with_each_digit(folder: Path) -> None:
    async with editor(VSCODE, folder) as session:
        session.write("a.py", "one\ntwo\n")
        for text, incomplete in (("@[file:a.py#", True), ("@[file:a.py#L", True), ("@[file:a", False)):
            uri = await session.open("a.prompt.md", text + "\n")
            place = session.at(uri, {"line": 0, "character": len(text)})
            found = await session.ask(types.TEXT_DOCUMENT_COMPLETION, place)
            assert found["isIncomplete"] is incomplete, text
            session.tell(types.TEXT_DOCUMENT_DID_CLOSE, {"textDocument": {"uri": uri}})


@pytest.mark.parametrize(
    ("properties", "before", "detail", "documentation"),
    [
        (None, None, "3 tokens", None),
        (["detail"], None, "3 tokens", None),
        (["details", "documentation"], None, "3 tokens", None),
        (["documentation"], None, None, "3 tokens"),
        (["command"], "3 tokens", "3 tokens", None),
    ],
)
async def test_costs_come_where_the_editor_takes_them(
    folder: Path,
    properties: list[str] | None,
    before: str | None,
    detail: str | None,
    documentation: str | None,
) -> None:
    support = None if properties is None else {"properties": properties}
    recording = NEOVIM.with_("textDocument.completion.completionItem.resolveSupport", support)
    async with editor(recording, folder) as session:
        fill(session)
        uri = await session.open("a.prompt.md", "@[file:docs/\n")
        item = (await complete(session, uri, "@[file:docs/", "docs/"))["notes.md"]
        assert item.get("detail") == before
        resolved = await session.ask(types.COMPLETION_ITEM_RESOLVE, item)
        assert (resolved.get("detail"), resolved.get("documentation")) == (detail, documentation)


async def test_an_editor_that_can_is_made_to_ask_again_behind_a_folder(folder: Path) -> None:
    command = "editor.action.triggerSuggest"
    able = VSCODE.with_("experimental.commands", {"commands": [command]})
    for recording, expected in ((VSCODE, None), (able, {"title": "Suggest", "command": command})):
        async with editor(recording, folder) as session:
            fill(session)
            uri = await session.open("a.prompt.md", "@[file:docs/\n")
            items = await complete(session, uri, "@[file:docs/", "docs/")
            assert (items["deep/"].get("command"), items["notes.md"].get("command")) == (expected, None)


async def test_in_an_untrusted_workspace_no_name_of_the_environment_is_offered(folder: Path) -> None:
    async with editor(VSCODE, folder, settings={"env": ["HOME"], "trusted": False}) as session:
        fill(session)
        uri = await session.open("a.prompt.md", "{{\n")
        assert list(await complete(session, uri, "{{", "{{")) == ["beside", "set"]


async def test_of_an_api_nothing_is_fetched_to_say_what_it_costs(folder: Path) -> None:
    async with editor(VSCODE, folder) as session:
        fill(session)
        uri = await session.open("a.prompt.md", "@[api:\n")
        item = (await complete(session, uri, "@[api:", "api:"))["issues"]
        assert await session.ask(types.COMPLETION_ITEM_RESOLVE, item) == item


def test_the_closest_come_first() -> None:
    suggestions = [
        Suggestion(text, types.CompletionItemKind.File) for text in ("axb", "b", "xab", "abc", "a-b")
    ]
    assert [suggestion.text for suggestion in matching(suggestions, "AB")] == ["abc", "xab", "axb", "a-b"]
    assert matching(suggestions, "") == suggestions
    titled = Suggestion("why-so", types.CompletionItemKind.Reference, label="Why [so]")
    assert [matching([titled], typed) for typed in ("why-", "why [", "how")] == [[titled], [titled], []]


async def test_kinds_that_an_editor_never_heard_of_are_not_sent_to_it(
    folder: Path, recording: Recording
) -> None:
    options = {"env": ["HOME"]}
    async with editor(recording, folder, settings=options) as session:
        fill(session)
        kinds: dict[str, int] = {}
        for text in ("@[file:^", "@[var:^"):
            _, items = await offered(session, text)
            kinds |= {item["label"]: item["kind"] for item in items}
        folders, constants = (19, 21) if recording.declares(VALUE_SET) else (17, 6)
        assert (kinds["docs/"], kinds["env.HOME"], kinds["weighbridge.toml"]) == (folders, constants, 17)


async def test_files_elsewhere_are_found_by_their_names_the_nearest_first(folder: Path) -> None:
    async with editor(VSCODE, folder) as session:
        fill(session)
        session.write("docs/deep/notes of it.md", "near")
        text = "@[file:^"

        async def labels(typed: str) -> list[str]:
            uri = await session.open("docs/deep/own.prompt.md", text.replace("^", typed))
            place = {"line": 0, "character": len(text) - 1 + len(typed)}
            found = await session.ask(types.TEXT_DOCUMENT_COMPLETION, session.at(uri, place))
            session.tell(types.TEXT_DOCUMENT_DID_CLOSE, {"textDocument": {"uri": uri}})
            return [item["label"] for item in found["items"]]

        assert await labels("no") == ["notes of it.md", "../notes.md"]
        assert await labels("aga") == ["../../src/again.md"]
        # Ignored files are offered nowhere, hidden ones by their dot.
        assert await labels("out") == []
        assert await labels(".hid") == ["../.hidden.md"]
        assert (await labels(""))[:4] == ["a.md", "notes of it.md", "../notes.md", "../style guide.md"]
