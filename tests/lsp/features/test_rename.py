"""Names and files that change: whatever refers to them follows, in open and in closed documents."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from tests.clock import settle
from tests.editors.editor import Editor, ResponseError, editor
from tests.editors.recording import EGLOT, NEOVIM, VSCODE, Recording
from tests.lsp.features.test_code_actions import applied
from tests.patience import HANGS_AFTER

from weighbridge.lsp.backend import Backend
from weighbridge.uris import path_of


async def changed(session: Editor, edit: Any, texts: dict[str, str]) -> dict[str, str]:
    """The texts of files after an edit, by their names in the workspace; only those that change."""
    root = session.folder.as_uri() + "/"
    changes = [*edit.get("changes", {}).items()]
    changes += [(one["textDocument"]["uri"], one["edits"]) for one in edit.get("documentChanges", [])]
    return {
        uri.removeprefix(root): applied(session, texts[uri.removeprefix(root)], edits)
        for uri, edits in changes
    }


def write(session: Editor, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        session.write(name, text)


MOVED = {
    "open.prompt.md": "ß😀 @docs/a.md and @[file:docs/a.md#Part] and @other.md\n",
    "prompts/closed.md": "@[file:../docs/a.md] @included.md\n",
    "prompts/included.md": "nested 😀 @../docs/deep/b.md\n",
    "docs/a.md": "# Part\n@deep/b.md @../other.md\n",
    "docs/deep/b.md": "leaf\n",
    "other.md": "other\n",
}


async def test_a_folder_is_moved(folder: Path, encoding: str) -> None:
    async with editor(VSCODE, folder, encodings=[encoding]) as session:
        write(session, MOVED)
        await session.open("open.prompt.md")
        files = [{"oldUri": session.uri("docs"), "newUri": session.uri("papers/old")}]
        edit = await session.ask(types.WORKSPACE_WILL_RENAME_FILES, {"files": files})
        assert await changed(session, edit, MOVED) == {
            "open.prompt.md": "ß😀 @papers/old/a.md and @[file:papers/old/a.md#Part] and @other.md\n",
            "prompts/closed.md": "@[file:../papers/old/a.md] @included.md\n",
            "prompts/included.md": "nested 😀 @../papers/old/deep/b.md\n",
            "docs/a.md": "# Part\n@deep/b.md @../../other.md\n",
        }
        versions = {
            one["textDocument"]["uri"].rpartition("/")[2]: one["textDocument"]["version"]
            for one in edit["documentChanges"]
        }
        assert versions == {"open.prompt.md": 1, "closed.md": None, "included.md": None, "a.md": None}


async def test_context_files_that_are_ignored_or_links_are_known_to_all(folder: Path) -> None:
    texts = {
        "CLAUDE.local.md": "@docs/a.md\n",
        ".claude/rules/b.md": "@../../docs/a.md\n",
        "AGENTS.md": "# For agents\n@docs/a.md\n",
        "docs/a.md": "words\n",
        "drafts/c.prompt.md": "@../docs/a.md\n",
        ".gitignore": "CLAUDE.local.md\n.claude/\ndrafts/\n",
    }
    async with editor(VSCODE, folder, settings={"dialects": {"**": "markdown"}}) as session:
        write(session, texts)
        (folder / "CLAUDE.md").symlink_to("AGENTS.md")
        uri = await session.open("docs/a.md", texts["docs/a.md"])
        at = {"textDocument": {"uri": uri}, "position": {"line": 0, "character": 0}}
        asked = {**at, "context": {"includeDeclaration": False}}
        found = await session.ask(types.TEXT_DOCUMENT_REFERENCES, asked)
        names = ["CLAUDE.local.md", ".claude/rules/b.md", "AGENTS.md"]
        assert {one["uri"] for one in found} == {session.uri(name) for name in names}
        symbols = await session.ask(types.WORKSPACE_SYMBOL, {"query": "claude"})
        assert [one["name"].partition(" ")[0] for one in symbols] == ["CLAUDE.local.md", "CLAUDE.md"]
        files = [{"oldUri": uri, "newUri": session.uri("docs/z.md")}]
        edit = await session.ask(types.WORKSPACE_WILL_RENAME_FILES, {"files": files})
        moved = {name: texts[name].replace("a.md", "z.md") for name in names}
        assert await changed(session, edit, texts) == moved


async def test_prompts_that_are_not_weighed_yet_follow_too(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nobody waits for them.
    monkeypatch.setattr(Backend.weighed, "__defaults__", (0,))
    texts = {f"prompts/{number}.md": f"@../docs/{number % 3}.md\n" for number in range(40)}
    async with editor(VSCODE, folder) as session:
        write(session, texts | {f"docs/{number}.md": "words\n" for number in range(3)})
        files = [{"oldUri": session.uri("docs/1.md"), "newUri": session.uri("docs/one.md")}]
        edit = await session.ask(types.WORKSPACE_WILL_RENAME_FILES, {"files": files})
        expected = {name: text.replace("1.md", "one.md") for name, text in texts.items()}
        assert await changed(session, edit, texts) == {
            name: text for name, text in expected.items() if text != texts[name]
        }


async def test_a_text_that_changed_since_the_last_move_is_read_again(folder: Path) -> None:
    async with editor(VSCODE, folder) as session:
        write(session, {"docs/a.md": "words\n", "notes.md": "nothing\n"})
        files = [{"oldUri": session.uri("docs/a.md"), "newUri": session.uri("docs/b.md")}]
        assert await session.ask(types.WORKSPACE_WILL_RENAME_FILES, {"files": files}) is None
        texts = {"notes.md": "@docs/a.md\n", "more.md": "@docs/a.md\n"}
        write(session, texts)
        edit = await session.ask(types.WORKSPACE_WILL_RENAME_FILES, {"files": files})
        assert await changed(session, edit, texts) == dict.fromkeys(texts, "@docs/b.md\n")


async def test_a_move_that_touches_nothing(folder: Path) -> None:
    async with editor(VSCODE, folder) as session:
        write(session, MOVED)
        files = [{"oldUri": session.uri("elsewhere.md"), "newUri": session.uri("x.md")}]
        assert await session.ask(types.WORKSPACE_WILL_RENAME_FILES, {"files": files}) is None


async def test_what_was_moved_counts_at_once(folder: Path) -> None:
    async with editor(VSCODE, folder) as session:
        session.write("a.md", "some words here and more of them")
        uri = await session.open("open.prompt.md", "@b.md")
        before = await session.count(uri)
        (folder / "a.md").rename(folder / "b.md")
        files = [{"oldUri": session.uri("a.md"), "newUri": session.uri("b.md")}]
        session.tell(types.WORKSPACE_DID_RENAME_FILES, {"files": files})
        # Until the file is looked at, what was known counts.
        async with asyncio.timeout(HANGS_AFTER):
            while await session.count(uri) == before:
                await settle(1)


async def test_only_clients_that_ask_are_told_of_it(folder: Path) -> None:
    for recording in (VSCODE, NEOVIM):
        async with editor(recording, folder) as session:
            operations = session.server_capabilities["workspace"]["fileOperations"]
            wanted = bool(recording.declares("workspace.fileOperations.willRename"))
            assert (operations.get("willRename") is not None) is wanted


NAMES = {
    "a.prompt.md": "---\nvariables:\n  front: 1\n---\n# Öne two\n{{front}} 😀 {{ front :x }} {{set}}\n",
    "b.prompt.md": "{{front:mine}} {{set}} @[file:a.prompt.md#Öne two] @a.prompt.md#%C3%B6ne-two\n",
    "weighbridge.toml": '[variables]\nset = "value"\n',
}


async def renamed(session: Editor, uri: str, needle: str, new: str) -> dict[str, str]:
    place = session.at(uri, session.place(NAMES["a.prompt.md"], needle, 3))
    edit = await session.ask(types.TEXT_DOCUMENT_RENAME, place | {"newName": new})
    return await changed(session, edit, NAMES)


async def test_names_are_changed_where_they_are_meant(
    folder: Path, recording: Recording, encoding: str
) -> None:
    async with editor(recording, folder, encodings=[encoding]) as session:
        write(session, NAMES)
        uri = await session.open("a.prompt.md")
        place = session.at(uri, session.place(NAMES["a.prompt.md"], "{{front}}", 4))
        prepared = await session.ask(types.TEXT_DOCUMENT_PREPARE_RENAME, place)
        assert prepared == {
            "range": {
                "start": session.place(NAMES["a.prompt.md"], "{{front}}", 2),
                "end": session.place(NAMES["a.prompt.md"], "{{front}}", 7),
            },
            "placeholder": "front",
        }
        # One document's own name is nobody else's.
        assert await renamed(session, uri, "{{front}}", "first") == {
            "a.prompt.md": "---\nvariables:\n  first: 1\n---\n# Öne two\n{{first}} 😀 {{ first :x }} {{set}}\n"
        }
        assert await renamed(session, uri, "{{set}}", "other") == {
            "a.prompt.md": NAMES["a.prompt.md"].replace("{{set}}", "{{other}}"),
            "b.prompt.md": NAMES["b.prompt.md"].replace("{{set}}", "{{other}}"),
            "weighbridge.toml": '[variables]\nother = "value"\n',
        }
        assert await renamed(session, uri, "# Öne", "Three") == {
            "a.prompt.md": NAMES["a.prompt.md"].replace("Öne two", "Three"),
            "b.prompt.md": NAMES["b.prompt.md"]
            .replace("#Öne two", "#Three")
            .replace("#%C3%B6ne-two", "#three"),
        }


@pytest.mark.parametrize("name", ["two words", "", "9", "env.HOME", "a:b"])
async def test_names_that_can_not_be(folder: Path, name: str) -> None:
    async with editor(EGLOT, folder) as session:
        write(session, NAMES)
        uri = await session.open("a.prompt.md")
        with pytest.raises(ResponseError) as caught:
            await renamed(session, uri, "{{front}}", name)
        assert caught.value.code == -32602


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@[var:a]", (6, 7)),
        ("@[var: var:r]", (7, 10)),
        ("{{ a :a }}", (3, 4)),
        (r"@[var:a\]b]", None),
        ("# # # #", (2, 5)),
        ("## # ##", (3, 4)),
        ("# a", (2, 3)),
    ],
)
async def test_where_a_name_stands(folder: Path, text: str, expected: tuple[int, int] | None) -> None:
    async with editor(VSCODE, folder) as session:
        uri = await session.open("b.prompt.md", f"{text}\n")
        found = await session.ask(
            types.TEXT_DOCUMENT_PREPARE_RENAME, session.at(uri, {"line": 0, "character": 2})
        )
        place = found and (found["range"]["start"]["character"], found["range"]["end"]["character"])
        assert place == expected


async def test_what_has_no_name(folder: Path) -> None:
    async with editor(EGLOT, folder) as session:
        session.write("a.md", "x")
        uri = await session.open("b.prompt.md", "@a.md {{env.HOME}} words\n")
        for character in (2, 9, 22):
            place = session.at(uri, {"line": 0, "character": character})
            assert await session.ask(types.TEXT_DOCUMENT_PREPARE_RENAME, place) is None
            with pytest.raises(ResponseError, match="only variables and headings"):
                await session.ask(types.TEXT_DOCUMENT_RENAME, place | {"newName": "x"})


async def after_rename(
    session: Editor, texts: dict[str, str], uri: str, name: str, needle: str, new: str
) -> dict[str, str]:
    """The texts that change when what stands at a needle is renamed."""
    place = session.at(uri, session.place(texts[name], needle))
    edit = await session.ask(types.TEXT_DOCUMENT_RENAME, place | {"newName": new})
    return await changed(session, edit, texts)


SHARED = {
    "a.prompt.md": "---\nvariables:\n  who: a\n---\n{{who}} @[file:part.md]\n",
    "b.prompt.md": "@[file:part.md] @[var:who]\n",
    "b.prompt.md.vars.json": '{"other": "who", "who": "b"}\n',
    "c.prompt.md": "---\nvariables:\n  who: c\n---\n{{who}} for itself\n",
    "d.prompt.md": "{{who:d}} @[file:part.md]\n",
    "part.md": "ß😀 {{who}} {{ who :you }}\n",
}


@pytest.mark.parametrize(
    ("name", "needle"), [("a.prompt.md", "{{who}}"), ("part.md", "{{who}}"), ("b.prompt.md", "@[var:who]")]
)
async def test_a_variable_is_renamed_with_all_that_share_it(
    folder: Path, encoding: str, name: str, needle: str
) -> None:
    async with editor(VSCODE, folder, encodings=[encoding]) as session:
        write(session, SHARED)
        uri = await session.open(name)
        assert await after_rename(session, SHARED, uri, name, needle, "whom") == {
            "a.prompt.md": "---\nvariables:\n  whom: a\n---\n{{whom}} @[file:part.md]\n",
            "b.prompt.md": "@[file:part.md] @[var:whom]\n",
            "b.prompt.md.vars.json": '{"other": "who", "whom": "b"}\n',
            "part.md": "ß😀 {{whom}} {{ whom :you }}\n",
        }


HEADINGS = {
    "doc.md": "# Top\n\n## Notes\n\n## Notes\n\nTwo\nlines\n---\n\n## Closed ##\n",
    "a.prompt.md": "@doc.md#notes @doc.md#notes-1 @[file:doc.md#Notes] @[file:doc.md#Closed]\n",
}


@pytest.mark.parametrize(
    ("needle", "new", "expected"),
    [
        # The first of two goes: what was the second's number means nothing any more.
        (
            "Notes",
            "First",
            {
                "doc.md": HEADINGS["doc.md"].replace("Notes", "First", 1),
                "a.prompt.md": "@doc.md#first @doc.md#notes @[file:doc.md#First] @[file:doc.md#Closed]\n",
            },
        ),
        (
            "Closed",
            "a]b",
            {
                "doc.md": HEADINGS["doc.md"].replace("Closed", "a]b"),
                "a.prompt.md": HEADINGS["a.prompt.md"].replace("#Closed", "#a\\]b"),
            },
        ),
        ("Top", "Notes", None),
        ("Top", "x #", None),
    ],
)
async def test_headings_are_renamed_and_none_is_mistaken(
    folder: Path, needle: str, new: str, expected: dict[str, str] | None
) -> None:
    async with editor(VSCODE, folder) as session:
        write(session, HEADINGS)
        uri = await session.open("doc.md")
        if new == "x #":
            with pytest.raises(ResponseError, match="would not be read as a heading's title"):
                await after_rename(session, HEADINGS, uri, "doc.md", needle, new)
            return
        if expected is None:
            # All that meant another heading still does.
            found = await after_rename(session, HEADINGS, uri, "doc.md", needle, new)
            assert found["a.prompt.md"].startswith("@doc.md#notes-1 @doc.md#notes-2 @[file:doc.md#notes-1] ")
            return
        assert await after_rename(session, HEADINGS, uri, "doc.md", needle, new) == expected


async def test_an_underlined_heading(folder: Path) -> None:
    async with editor(VSCODE, folder) as session:
        texts = {"doc.md": "Old # one\n===\n", "a.prompt.md": "@[file:doc.md#Old # one]\n"}
        write(session, texts)
        uri = await session.open("doc.md")
        assert await after_rename(session, texts, uri, "doc.md", "Old", "New") == {
            "doc.md": "New\n===\n",
            "a.prompt.md": "@[file:doc.md#New]\n",
        }


async def test_each_file_is_edited_once_however_its_uri_is_written(folder: Path) -> None:
    inside = folder / "a (1)"
    async with editor(VSCODE, inside) as session:
        session.write("weighbridge.toml", "[variables]\nset = 1\n")
        session.write("b (2).prompt.md", "{{set}} @[file:c.md#Two]\n")
        session.write("c.md", "# One\n\n## Two\n")
        uris = [f"file://{str(inside).replace(' ', '%20')}/{name}" for name in ("b%20(2).prompt.md", "c.md")]
        for uri, name in zip(uris, ("b (2).prompt.md", "c.md"), strict=True):
            text = (inside / name).read_text()
            item = {"uri": uri, "languageId": "markdown", "version": 7, "text": text}
            session.tell(types.TEXT_DOCUMENT_DID_OPEN, {"textDocument": item})
            await session.count(uri)
        for uri, line, new in ((uris[0], 0, "put"), (uris[1], 2, "Three")):
            asked = session.at(uri, {"line": line, "character": 3}) | {"newName": new}
            edit = await session.ask(types.TEXT_DOCUMENT_RENAME, asked)
            named = [one["textDocument"] for one in edit["documentChanges"]]
            assert {"uri": uris[0], "version": 7} in named
            assert len({path_of(one["uri"]) for one in named}) == len(named) == 2
        files = [{"oldUri": (inside / "c.md").as_uri(), "newUri": (inside / "d.md").as_uri()}]
        edit = await session.ask(types.WORKSPACE_WILL_RENAME_FILES, {"files": files})
        assert [one["textDocument"] for one in edit["documentChanges"]] == [{"uri": uris[0], "version": 7}]


TEXTS = {
    "notes.md": "see @docs/a.md, 😀 @[file:docs/a.md#x] and @docs/b.md\n",
    "docs/a.md": "# x\n@../notes.md @b.md\n",
    "docs/b.md": "b\n",
    "README.md": "nothing of it\n",
    "code.py": "@docs/a.md\n",
    "build/notes.md": "@../docs/a.md\n",
    ".gitignore": "build/\n",
}


async def test_texts_that_are_no_prompts_follow_as_well(folder: Path, encoding: str) -> None:
    async with editor(VSCODE, folder, encodings=[encoding]) as session:
        write(session, TEXTS)
        moved = {
            "oldUri": session.uri("docs/a.md"),
            "newUri": session.uri("papers/new/a b.md"),
        }
        edit = await session.ask(types.WORKSPACE_WILL_RENAME_FILES, {"files": [moved]})
        assert await changed(session, edit, TEXTS) == {
            "notes.md": "see @[file:papers/new/a b.md], 😀 @[file:papers/new/a b.md#x] and @docs/b.md\n",
            "docs/a.md": "# x\n@../../notes.md @../../docs/b.md\n",
        }
