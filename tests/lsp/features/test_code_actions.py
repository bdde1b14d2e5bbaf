"""What can be done at a place: offered where it helps, done as the client can, and nothing counts differently by it."""

from copy import deepcopy
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from lsprotocol import types
from tests.editors.editor import Editor, ResponseError, editor
from tests.editors.recording import EGLOT, HELIX, VSCODE, Recording
from tests.lsp.features.test_diagnostics import told


async def offered(
    session: Editor, uri: str, place: Any, *, only: list[str] | None = None
) -> list[dict[str, Any]]:
    range_ = place if "start" in place else {"start": place, "end": place}
    diagnostics: list[Any] = []
    if session.recording.pulls:
        report = await session.ask(types.TEXT_DOCUMENT_DIAGNOSTIC, {"textDocument": {"uri": uri}})
        diagnostics = report["items"]
    else:
        told = [
            params["diagnostics"]
            for _, params in session.sent
            if params and params.get("uri") == uri and "diagnostics" in params
        ]
        diagnostics = told[-1] if told else []
    lines = range(range_["start"]["line"], range_["end"]["line"] + 1)
    context: dict[str, Any] = {
        "diagnostics": [one for one in diagnostics if one["range"]["start"]["line"] in lines]
    }
    if only is not None:
        context["only"] = only
    found: list[dict[str, Any]] = await session.ask(
        types.TEXT_DOCUMENT_CODE_ACTION,
        {"textDocument": {"uri": uri}, "range": range_, "context": context},
    )
    return found


async def done(session: Editor, uri: str, action: dict[str, Any], text: str) -> tuple[str, dict[str, str]]:
    """Resolve an action and apply its edit: the document's text then, and the files made by it."""
    if "edit" not in action:
        action = await session.ask(types.CODE_ACTION_RESOLVE, action)
    edit, files = action["edit"], {}
    changes = [(changed, edits) for changed, edits in edit.get("changes", {}).items()]
    for change in edit.get("documentChanges", []):
        if change.get("kind") == "create":
            files[unquote(change["uri"]).rpartition("/")[2]] = ""
        else:
            changes.append((change["textDocument"]["uri"], change["edits"]))
    for changed, edits in changes:
        if changed == uri:
            text = applied(session, text, edits)
        else:
            name = unquote(changed).rpartition("/")[2]
            files[name] = applied(session, files[name], edits)
    return text, files


def applied(session: Editor, text: str, edits: list[Any]) -> str:
    name, width = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}[
        session.encoding
    ]

    def offset(position: Any) -> int:
        lines = text.split("\n")
        before = sum(len(line) + 1 for line in lines[: position["line"]])
        return before + len(
            lines[position["line"]].encode(name)[: position["character"] * width].decode(name)
        )

    for edit in sorted(edits, key=lambda one: -offset(one["range"]["start"])):
        start, end = offset(edit["range"]["start"]), offset(edit["range"]["end"])
        text = text[:start] + edit["newText"] + text[end:]
    return text


def titles(actions: list[dict[str, Any]]) -> list[str]:
    return [action["title"] for action in actions]


async def pick(session: Editor, uri: str, text: str, needle: str, title: str) -> dict[str, Any]:
    actions = await offered(session, uri, session.place(text, needle, 1))
    return next(action for action in actions if action["title"] == title)


BROKEN = "ß😀 @[file:docs/stile.md#Tone] {{nobody}} @[file:new/one.md]\n"


async def test_what_is_broken_can_be_mended(folder: Path, recording: Recording, encoding: str) -> None:
    async with editor(recording, folder, encodings=[encoding]) as session:
        session.write("docs/style.md", "# Tone\n")
        session.write("other/stile.md", "# Tone\n")
        uri = await session.open("a.prompt.md", BROKEN)
        actions = await offered(session, uri, session.place(BROKEN, "@[file:docs", 3))
        assert titles(actions)[:2] == ["Change to other/stile.md", "Change to docs/style.md"]
        assert [action.get("isPreferred") for action in actions[:2]] == [True, None]
        text, _ = await done(session, uri, actions[1], BROKEN)
        assert text == BROKEN.replace("stile", "style")
        define = await pick(session, uri, BROKEN, "{{nobody}}", "Define nobody in the front matter")
        text, _ = await done(session, uri, define, BROKEN)
        assert text == "---\nvariables:\n  nobody: \n---\n" + BROKEN
        actions = await offered(session, uri, session.place(BROKEN, "@[file:new", 3))
        creates = "create" in (recording.declares("workspace.workspaceEdit.resourceOperations") or [])
        assert ("Create new/one.md" in titles(actions)) is creates
        if creates:
            create = next(action for action in actions if action["title"] == "Create new/one.md")
            assert await done(session, uri, create, BROKEN) == (BROKEN, {"one.md": ""})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("---\ntitle: x\n---\n{{v}}\n", "---\ntitle: x\nvariables:\n  v: \n---\n{{v}}\n"),
        ("---\nvariables:\n  a: 1\n---\n{{v}}\n", "---\nvariables:\n  v: \n  a: 1\n---\n{{v}}\n"),
        (
            "---\nvariables:\n    # far in\n    a: 1\n---\n{{v}}\n",
            "---\nvariables:\n    v: \n    # far in\n    a: 1\n---\n{{v}}\n",
        ),
        (
            "---\nvariables: # mine\n a: 1\nb: 2\n---\n{{v}}\n",
            "---\nvariables: # mine\n v: \n a: 1\nb: 2\n---\n{{v}}\n",
        ),
        ("---\r\na: 1\r\n---\r\n{{v}}\r\n", "---\r\na: 1\r\nvariables:\r\n  v: \r\n---\r\n{{v}}\r\n"),
        ("{{v}}\r\n", "---\r\nvariables:\r\n  v: \r\n---\r\n{{v}}\r\n"),
        ("---\n---\n{{v}}\n", "---\nvariables:\n  v: \n---\n{{v}}\n"),
        ("---\nglobs: *.ts\n---\n{{v}}\n", None),
        ("---\nvariables: {a: 1}\n---\n{{v}}\n", None),
        ("---\nvariables:\n  {a: 1}\n---\n{{v}}\n", None),
    ],
)
async def test_a_variable_joins_what_is_there(folder: Path, before: str, after: str | None) -> None:
    async with editor(VSCODE, folder) as session:
        uri = await session.open("a.prompt.md", before)
        action = await pick(session, uri, before, "{{v}}", "Define v in the front matter")
        if after is None:
            with pytest.raises(ResponseError, match="by hand"):
                await done(session, uri, action, before)
        else:
            assert (await done(session, uri, action, before))[0] == after


@pytest.mark.parametrize("name", ["true", "null", "a: b", "# x", "- x", '"x', "ß.語"])
async def test_any_name_is_defined_as_it_is(folder: Path, name: str) -> None:
    text = f"@[var:{name}]\n" if ": " not in name else "@[var:no]\n"
    async with editor(VSCODE, folder) as session:
        uri = await session.open("a.prompt.md", text)
        shown = text[len("@[var:") : -2]
        action = await pick(session, uri, text, "@[var", f"Define {shown} in the front matter")
        new, _ = await done(session, uri, action, text)
        session.edit(uri, 2, new.replace(": \n---", ": worth\n---"))
        rendered = await session.ask("weighbridge/render", {"textDocument": {"uri": uri}})
        assert rendered["text"].endswith("---\nworth\n")


async def test_all_that_is_broken_in_a_selection_can_be_mended(folder: Path) -> None:
    text = "@[file:docs/stile.md] and\n{{nobody}}\n\n{{other}}\n"
    async with editor(VSCODE, folder) as session:
        session.write("docs/style.md", "# Tone\n")
        uri = await session.open("a.prompt.md", text)
        chosen = {"start": {"line": 0, "character": 25}, "end": {"line": 2, "character": 0}}
        assert titles(await offered(session, uri, chosen, only=["quickfix"])) == [
            "Define nobody in the front matter",
        ]
        # One that begins with a reference can be a file as well.
        chosen = {"start": {"line": 0, "character": 0}, "end": {"line": 2, "character": 0}}
        assert titles(await offered(session, uri, chosen, only=["refactor.extract"])) == [
            "Extract to a file and refer to it"
        ]


@pytest.mark.parametrize("knows", [True, False])
async def test_kinds_are_told_to_those_who_know_actions(folder: Path, *, knows: bool) -> None:
    literals = "textDocument.codeAction.codeActionLiteralSupport"
    recording = HELIX if knows else HELIX.with_(literals, None)
    async with editor(recording, folder) as session:
        told = session.server_capabilities["codeActionProvider"]
        assert (told is True) is not knows


async def test_nothing_outside_is_created(folder: Path) -> None:
    text = "@[file:../outside.md]\n"
    async with editor(VSCODE, folder) as session:
        uri = await session.open("a.prompt.md", text)
        assert [
            title
            for title in titles(await offered(session, uri, {"line": 0, "character": 3}))
            if "../" in title
        ] == []


async def test_a_reference_is_replaced_by_its_content_and_counts_the_same(
    folder: Path, encoding: str
) -> None:
    async with editor(VSCODE, folder, encodings=[encoding], settings={"variables": {"v": "x"}}) as session:
        session.write("a.md", "ß nested @b.md, {{v}}")
        session.write("b.md", "😀 leaf")
        text = "# 😀 @[file:a.md] and @[file:b.md]\n"
        uri = await session.open("a.prompt.md", text)
        tokens = await session.count(uri)
        action = await pick(session, uri, text, "@[file:a.md]", "Replace by its content")
        new, _ = await done(session, uri, action, text)
        assert new == "# 😀 ß nested 😀 leaf, x and @[file:b.md]\n"
        session.edit(uri, 2, new)
        assert await session.count(uri) == tokens


@pytest.mark.parametrize("content", ["```\nopen", "<!-- open", "{{v}}", "text @b.md"])
async def test_content_that_would_mean_more_here_is_not_put_here(folder: Path, content: str) -> None:
    async with editor(VSCODE, folder) as session:
        # A source file's text is literal: what looks like a reference in it is none.
        session.write("a.py", content)
        session.write("b.md", "leaf")
        text = "@[file:a.py]\n\n@[file:b.md] {{v:1}}\n"
        uri = await session.open("a.prompt.md", text)
        action = await pick(session, uri, text, "@[file:a.py]", "Replace by its content")
        with pytest.raises(ResponseError, match="would be read as more than text"):
            await done(session, uri, action, text)


async def test_a_secret_is_never_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEIGHBRIDGE_CANARY", "canary")
    async with editor(VSCODE, folder, settings={"env": ["WEIGHBRIDGE_CANARY"]}) as session:
        session.write("a.md", "{{env.WEIGHBRIDGE_CANARY}}")
        text = "{{env.WEIGHBRIDGE_CANARY}} @[file:a.md]\n"
        uri = await session.open("a.prompt.md", text)
        for needle in ("{{env", "@[file"):
            actions = await offered(session, uri, session.place(text, needle, 1))
            assert "Replace by its content" not in titles(actions)


async def test_a_selection_becomes_a_file_and_counts_the_same(folder: Path, encoding: str) -> None:
    async with editor(VSCODE, folder, encodings=[encoding]) as session:
        session.write("b.md", "leaf")
        session.write("tone-of-voice.md", "taken")
        text = "😀 first\n\n## Tone of voice!\n\nß @[file:b.md] words\n\nlast {{v:x}}\n"
        uri = await session.open("a.prompt.md", text)
        tokens = await session.count(uri)
        chosen = {"start": {"line": 2, "character": 0}, "end": {"line": 5, "character": 0}}
        (action,) = await offered(session, uri, chosen, only=["refactor"])
        new, files = await done(session, uri, action, text)
        assert new == "😀 first\n\n@[file:tone-of-voice-2.md]\n\nlast {{v:x}}\n"
        assert files == {"tone-of-voice-2.md": "## Tone of voice!\n\nß @[file:b.md] words"}
        session.write("tone-of-voice-2.md", files["tone-of-voice-2.md"])
        session.edit(uri, 2, new)
        assert await session.count(uri) == tokens


async def test_half_a_fence_is_no_file(folder: Path) -> None:
    async with editor(VSCODE, folder) as session:
        text = "words\n```\n{{v:1}}\n```\n{{v:2}}\n"
        uri = await session.open("a.prompt.md", text)
        chosen = {"start": {"line": 2, "character": 0}, "end": {"line": 3, "character": 3}}
        actions = await offered(session, uri, chosen, only=["refactor.extract"])
        with pytest.raises(ResponseError, match="can't be a file of its own"):
            await done(session, uri, actions[0], text)


async def test_a_budget_that_is_crossed(folder: Path, recording: Recording) -> None:
    async with editor(recording, folder, settings={"budget": 50}) as session:
        session.write("a.md", "words " * 200)
        text = "# One\n\n@[file:a.md]\n\n## Two\n\nmore\n"
        uri = await session.open("a.prompt.md", text)
        if not recording.pulls:
            await session.until(
                lambda: [params for _, params in session.sent if params and params.get("diagnostics")]
            )
        actions = await offered(session, uri, {"line": 0, "character": 0})
        assert titles(actions)[0] == "Set this document's budget to 300 tokens"
        new, _ = await done(session, uri, actions[0], text)
        assert new == "<!-- weighbridge: budget=300 -->\n" + text
        largest = [action for action in actions if action["title"].startswith("Go to ")]
        assert bool(largest) is bool(recording.declares("window.showDocument.support"))
        if largest:
            assert largest[0]["title"].startswith("Go to a.md: 201 tokens, 402%")
            command = largest[0]["command"]
            await session.ask(
                types.WORKSPACE_EXECUTE_COMMAND,
                {"command": command["command"], "arguments": command["arguments"]},
            )
            shown = [params for method, params in session.asked if method == types.WINDOW_SHOW_DOCUMENT]
            assert (shown[0]["uri"], shown[0]["selection"]) == (uri, session.range(text, "@[file:a.md]"))


@pytest.mark.parametrize("matter", ["---\ntitle: x\n---\n", "---\nglobs: *.ts\nx: a: b\n---\n", "---\n---\n"])
async def test_a_directive_goes_below_front_matter_of_any_kind(folder: Path, matter: str) -> None:
    async with editor(VSCODE, folder) as session:
        uri = await session.open("a.prompt.md", f"{matter}some words\n")
        (action,) = await offered(session, uri, {"line": 0, "character": 0}, only=["source"])
        new, _ = await done(session, uri, action, f"{matter}some words\n")
        assert new == f"{matter}<!-- weighbridge: budget=100 -->\nsome words\n"


async def test_a_budget_that_is_there_is_changed(folder: Path) -> None:
    async with editor(VSCODE, folder) as session:
        text = "<!-- weighbridge: model=gpt-4o budget=5 -->\nsome words that are more\n"
        uri = await session.open("a.prompt.md", text)
        actions = await offered(session, uri, {"line": 0, "character": 0})
        assert (await done(session, uri, actions[0], text))[0] == text.replace("budget=5", "budget=100")


FIXABLE = "@docs/a.md#nope @[file:docs/a.md#no words] @docs/a.md#L9 {{gretting}} @nope.md @[file:cafe.md] @[api:x]\n"


@pytest.mark.parametrize(
    ("needle", "expected"),
    [
        (
            "@docs/a.md#nope",
            {"Change to #Notes": "@docs/a.md#Notes", "Change to #Two words": "@[file:docs/a.md#Two words]"},
        ),
        ("@[file:docs/a.md#no words]", {"Change to #Two words": "@[file:docs/a.md#Two words]"}),
        ("@docs/a.md#L9", {}),
        ("{{gretting}}", {"Change to greeting": "{{greeting}}"}),
        ("@nope.md", {}),
    ],
)
async def test_a_fix_changes_something_and_makes_sense(
    folder: Path, needle: str, expected: dict[str, str]
) -> None:
    async with editor(VSCODE, folder, settings={"variables": {"greeting": "x"}}) as session:
        session.write("docs/a.md", "# Notes\n\n# Two words\n")
        session.write("components/pages/move.md", "x")
        uri = await session.open("a.prompt.md", FIXABLE)
        actions = await offered(session, uri, session.place(FIXABLE, needle, 2), only=["quickfix"])
        fixes = {one["title"]: one for one in actions if one["title"].startswith("Change to")}
        assert set(expected) <= set(fixes)
        assert bool(fixes) is bool(expected)
        for title, text in expected.items():
            assert (await done(session, uri, fixes[title], FIXABLE))[0] == FIXABLE.replace(needle, text)


@pytest.mark.parametrize(
    ("needle", "written", "fixed"),
    [
        ("@[File:docs/a.md]", "@[file:docs/a.md]", True),
        ("@[docs/a.md]", "@[file:docs/a.md]", True),
        ("@[docs/b.md]", "@[file:docs/b.md]", False),
        ("@[file:docs/a.md", "@[file:docs/a.md]", True),
        ("@[file:no", "@[file:no]", False),
        (r"@C:\Users\me\x.md", r"@[file:C:\Users\me\x.md]", False),
    ],
)
async def test_a_typo_is_told_of_and_mended_where_it_is_sure(
    folder: Path, recording: Recording, needle: str, written: str, *, fixed: bool
) -> None:
    async with editor(recording, folder) as session:
        session.write("docs/a.md", "# Notes\n")
        text = f"ß😀 {needle} x\n"
        uri = await session.open("a.prompt.md", text)
        (hint,) = await told(session, uri)
        assert (hint["code"], hint["severity"], hint["range"]) == (
            "reference.typo",
            types.DiagnosticSeverity.Hint.value,
            session.range(text, needle),
        )
        assert f"write {written}" in hint["message"]
        actions = await offered(session, uri, session.place(text, needle, 2), only=["quickfix"])
        fixes = [one for one in actions if one["title"] == f"Change to {written}"]
        assert len(fixes) == fixed
        if fixes and "command" not in fixes[0]:
            assert (await done(session, uri, fixes[0], text))[0] == text.replace(needle, written)


@pytest.mark.parametrize(
    ("text", "title", "expected"),
    [
        ("ß😀 see @docs/a.md. And x\n", "Write @docs/a.md .", "ß😀 see @docs/a.md . And x\n"),
        (
            "<context>\nß😀 see @docs/a.md now\n</context>\n",
            "Put empty lines around ß😀 see @docs/a.md now",
            "<context>\n\nß😀 see @docs/a.md now\n\n</context>\n",
        ),
    ],
)
async def test_an_import_that_its_agent_passes_over_is_written_so_that_it_counts(
    folder: Path, recording: Recording, text: str, title: str, expected: str
) -> None:
    async with editor(recording, folder) as session:
        session.write("docs/a.md", "# Notes\n")
        uri = await session.open("CLAUDE.md", text)
        # What arrives is known then.
        await session.report(uri)
        await told(session, uri)
        actions = await offered(session, uri, session.place(text, "@docs", 2), only=["quickfix"])
        (fix,) = [one for one in actions if one["title"] == title]
        if "command" not in fix:
            assert (await done(session, uri, fix, text))[0] == expected


async def test_a_short_reference_with_its_kind_is_mended(folder: Path) -> None:
    async with editor(VSCODE, folder) as session:
        session.write("docs/a.md", "# Notes\n")
        text = "@file:docs/a.md x\n"
        uri = await session.open("a.prompt.md", text)
        action = await pick(session, uri, text, "@file", "Change to @[file:docs/a.md]")
        assert (await done(session, uri, action, text))[0] == "@[file:docs/a.md] x\n"


async def test_a_name_that_only_looks_the_same(folder: Path) -> None:
    text = "@[file:caf\u00e9.md]\n"
    async with editor(VSCODE, folder) as session:
        session.write("cafe\u0301.md", "x")
        uri = await session.open("a.prompt.md", text)
        actions = await offered(session, uri, {"line": 0, "character": 3}, only=["quickfix"])
        assert titles(actions)[0] == "Change to cafe\u0301.md (the file's own characters, Unicode NFD)"
        assert (await done(session, uri, actions[0], text))[0] == "@[file:cafe\u0301.md]\n"


async def test_create_says_where(folder: Path) -> None:
    async with editor(VSCODE, folder) as session:
        uri = await session.open(
            "prompts/deep/a.prompt.md", "@[file:../new.md] @[file:../../../outside.md]\n"
        )
        found = titles(await offered(session, uri, {"line": 0, "character": 3}, only=["quickfix"]))
        assert found == ["Create prompts/new.md"]
        assert titles(await offered(session, uri, {"line": 0, "character": 23}, only=["quickfix"])) == []


@pytest.mark.parametrize("text", ["# Words\n", "@[file:a.md]\n", "@[api:x]\n"])
async def test_no_light_bulb_where_nothing_is_wrong(folder: Path, text: str) -> None:
    settings = {"apis": {"x": {"url": "https://h.example", "sample": "s"}}, "apiAllow": ["h.example"]}
    async with editor(VSCODE, folder, settings=settings | {"trusted": True}) as session:
        session.write("a.md", "x")
        uri = await session.open("a.prompt.md", text.replace("@[api:x]", "{{v:x}}"))
        everywhere = {"start": {"line": 0, "character": 0}, "end": {"line": 1, "character": 0}}
        for place in ({"line": 0, "character": 3}, everywhere):
            range_ = place if "start" in place else {"start": place, "end": place}
            params = {
                "textDocument": {"uri": uri},
                "range": range_,
                "context": {"diagnostics": [], "triggerKind": 2},
            }
            assert await session.ask(types.TEXT_DOCUMENT_CODE_ACTION, params) == []


@pytest.mark.parametrize("knows", [False, True])
async def test_a_denied_host_can_be_allowed_where_the_client_writes_the_users_settings(
    folder: Path, *, knows: bool
) -> None:
    commands = {"commands": {"commands": ["weighbridge.allowHost"] if knows else []}}
    recording = VSCODE.with_("experimental", commands)
    async with editor(
        recording, folder, settings={"apis": {"x": {"url": "http://127.0.0.1:8877/x"}}}
    ) as session:
        uri = await session.open("a.prompt.md", "@[api:x]\n")
        actions = await offered(session, uri, {"line": 0, "character": 3}, only=["quickfix"])
        assert [
            (one["title"], one["command"]["command"], one["command"]["arguments"]) for one in actions
        ] == [
            (
                "Allow fetching from 127.0.0.1:8877, in your settings",
                "weighbridge.allowHost",
                ["127.0.0.1:8877"],
            )
        ][: int(knows)]


async def test_an_api_is_fetched_again_by_a_command(folder: Path) -> None:
    settings = {"apis": {"x": {"url": "http://127.0.0.1:9", "sample": "s"}}, "apiAllow": ["127.0.0.1:9"]}
    settings |= {"retry": {"attempts": 1}}
    async with editor(EGLOT, folder, settings=settings) as session:
        uri = await session.open("a.prompt.md", "@[api:x]\n")
        actions = await offered(session, uri, {"line": 0, "character": 3})
        fetch = next(action for action in actions if action["title"] == "Fetch x again")
        assert fetch["command"] == {
            "title": "Fetch x again",
            "command": "weighbridge.refresh",
            "arguments": [uri],
        }


async def test_a_client_without_actions_gets_commands(folder: Path) -> None:
    bare = deepcopy(HELIX).with_("textDocument.codeAction.codeActionLiteralSupport", None)
    async with editor(bare, folder) as session:
        uri = await session.open("a.prompt.md", "{{nobody}}\n")
        actions = await offered(session, uri, {"line": 0, "character": 3})
        define = next(action for action in actions if action["title"].startswith("Define nobody"))
        assert define["command"] == "weighbridge.applyFix"
        applied_ = await session.ask(
            types.WORKSPACE_EXECUTE_COMMAND,
            {"command": define["command"], "arguments": define["arguments"]},
        )
        assert applied_ is True
        edits = [params["edit"] for method, params in session.asked if method == types.WORKSPACE_APPLY_EDIT]
        assert "nobody" in str(edits)


@pytest.mark.parametrize("command", ["report", "render", "refresh", "applyFix", "show"])
@pytest.mark.parametrize(
    "arguments", [[5], [{"uri": 5}], [{"uri": "file:///none"}], ["file:///none"], [None], [[]]]
)
async def test_commands_say_what_they_expect(folder: Path, command: str, arguments: list[Any]) -> None:
    async with editor(VSCODE, folder) as session:
        with pytest.raises(ResponseError) as caught:
            await session.ask(
                types.WORKSPACE_EXECUTE_COMMAND,
                {"command": f"weighbridge.{command}", "arguments": arguments},
            )
        assert caught.value.code == -32602


async def test_an_action_of_another_version_is_refused(folder: Path) -> None:
    async with editor(VSCODE, folder) as session:
        uri = await session.open("a.prompt.md", "{{nobody}}\n")
        action = await pick(session, uri, "{{nobody}}\n", "{{nobody}}", "Define nobody in the front matter")
        session.edit(uri, 2, "other\n")
        with pytest.raises(ResponseError, match="changed since"):
            await session.ask(types.CODE_ACTION_RESOLVE, action)


async def test_commands_ask_an_editor_for_nothing_that_it_lacks(folder: Path) -> None:
    bare = HELIX.with_("workspace.applyEdit", None).with_("window.showDocument", None)
    async with editor(bare, folder) as session:
        uri = await session.open("a.prompt.md", "{{nobody}}\n")
        nowhere = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}
        for command, argument in (
            ("applyFix", {"uri": uri, "version": 1, "id": "define", "name": "nobody"}),
            ("show", {"uri": uri, "range": nowhere}),
        ):
            with pytest.raises(ResponseError, match="this editor doesn't say"):
                await session.ask(
                    types.WORKSPACE_EXECUTE_COMMAND,
                    {"command": f"weighbridge.{command}", "arguments": [argument]},
                )


async def test_a_budget_that_is_right_is_not_proposed(folder: Path) -> None:
    async with editor(VSCODE, folder) as session:
        text = "<!-- weighbridge: budget=100 -->\nsome words\n"
        uri = await session.open("a.prompt.md", text)
        assert titles(await offered(session, uri, {"line": 0, "character": 0})) == []
