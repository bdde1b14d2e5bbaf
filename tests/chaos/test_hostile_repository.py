"""A repository made to harm who opens it: nothing outside is read, nothing is fetched or told, nothing hangs."""

import asyncio
import os
import socket
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.e2e.process import Process, serving
from tests.tokens.reference import tokens

from weighbridge.cache import digest

SECRET = "canary-7f3a91 outside the folder\n"
GOOD = "# A good document\n\nWörds, 漢字 and 😀.\n"
#: Prompts whose reference stands for a file that can be read; what is nested in it can't.
NESTED = {"nested.prompt.md", "cycle.prompt.md", "circle.prompt.md", "strange-cycle.prompt.md"}


def count(text: str) -> int:
    """tiktoken's own count."""
    return len(tokens("cl100k_base", text))


class Listener:
    """A port of this machine that counts who comes."""

    def __init__(self) -> None:
        self.visits = 0
        self.port = 0

    def visit(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.visits += 1
        writer.close()


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    found = Listener()
    server = await asyncio.start_server(found.visit, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    yield found
    server.close()
    await server.wait_closed()


def hostile(folder: Path, outside: Path, port: int) -> dict[str, str]:
    """Fill a repository; returns each of its prompts with the code that its only reference must get."""
    docs = folder / "docs"
    docs.mkdir()
    (folder / "weighbridge.toml").write_text(
        f'env = ["WEIGHBRIDGE_CANARY", "HOME"]\napiAllow = ["127.0.0.1:{port}", "*"]\nfileRoots = ["/", ".."]\n'
        f'trusted = true\ncacheUrl = "sqlite:///{folder}/mine.sqlite3"\nworkers = 200\nmaxFileBytes = 1099511627776\n'
        f"cacheEntries = 9999999\ndebounce = 60000\nretry = {{ attempts = 20, delay = 3600 }}\n"
        f'[apis.a]\nurl = "http://127.0.0.1:{port}/a"\nheaders = {{ X = "y" }}\n'
    )
    (docs / "link").symlink_to(outside / "secret.txt")
    (docs / "folder").symlink_to(outside)
    (docs / "through.md").write_text("@[file:link]\n")
    (docs / "loop").symlink_to("loop")
    os.mkfifo(docs / "pipe")
    with socket.socket(socket.AF_UNIX) as unix:
        here = Path.cwd()
        os.chdir(docs)
        unix.bind("socket")
        os.chdir(here)
    (docs / "binary").write_bytes(bytes(range(256)) * 10)
    (docs / "zero").symlink_to("/dev/zero")
    (docs / "huge").touch()
    os.truncate(docs / "huge", 3 * 1024**3)
    (docs / "cycle.md").write_text("@[file:cycle.md]\n")
    (docs / "one.md").write_text("@[file:other.md]\n")
    (docs / "other.md").write_text("@[file:one.md]\n")
    (docs / "\x1b[2Jcycle.md").write_text("@[file:\x1b[2Jcycle.md]\n")
    # What is found by name alone: ignore files, variables files, prompts.
    (folder / ".gitignore").symlink_to(outside / "secret.txt")
    os.mkfifo(docs / ".gitignore")
    (folder / "vars-link.prompt.vars.yaml").symlink_to(outside / "secret.yaml")
    os.mkfifo(folder / "vars-pipe.prompt.vars.yaml")
    (folder / "CLAUDE.md").symlink_to(outside / "secret.txt")
    os.mkfifo(folder / "AGENTS.md")
    # Names that would forge a log's lines, or turn a line around.
    (docs / "\u202e\x1b[31m.md").write_text("words of a strange file", encoding="utf-8")
    targets = {
        "up": ("../../outside/secret.txt", "reference.denied"),
        "far-up": (f"{'../' * 30}etc/passwd", "reference.denied"),
        "absolute": (str(outside / "secret.txt"), "reference.denied"),
        "passwd": ("/etc/passwd", "reference.denied"),
        "environ": ("/proc/self/environ", "reference.denied"),
        "zero": ("/dev/zero", "reference.denied"),
        "network": ("//127.0.0.1/share/a.md", "reference.denied"),
        "home": ("~/.ssh/id_rsa", "reference.denied"),
        "memory": ("/proc/self/mem", "reference.denied"),
        "link": ("docs/link", "reference.denied"),
        "folder-link": ("docs/folder/secret.txt", "reference.denied"),
        "nested": ("docs/through.md", "reference.denied"),
        "device": ("docs/zero", "reference.denied"),
        "loop": ("docs/loop", "reference.failed"),
        "pipe": ("docs/pipe", "reference.denied"),
        "socket": ("docs/socket", "reference.denied"),
        "a-folder": ("docs", "reference.not-text"),
        "binary": ("docs/binary", "reference.not-text"),
        "huge": ("docs/huge", "reference.too-large"),
        "cycle": ("docs/cycle.md", "reference.cycle"),
        "circle": ("docs/one.md", "reference.cycle"),
        "strange-cycle": ("docs/\x1b[2Jcycle.md", "reference.cycle"),
        "long": ("a/" * 400 + "b", "reference.not-found"),
        "long-name": ("b" * 300, "reference.not-found"),
        "longer-name": ("c" * 1_500, "reference.not-found"),
        "controls": ("docs/\u202e\u0007\x1b[31m.md", "reference.not-found"),
    }
    prompts = {}
    for name, (target, code) in targets.items():
        (folder / f"{name}.prompt.md").write_text(f"before @[file:{target}] after\n", encoding="utf-8")
        prompts[f"{name}.prompt.md"] = code
    for name, reference in {
        "api": "@[api:a]",
        "url": f"@[api:http://127.0.0.1:{port}/b]",
        "metadata": "@[api:http://169.254.169.254/latest/meta-data]",
    }.items():
        (folder / f"{name}.prompt.md").write_text(f"before {reference} after\n")
        prompts[f"{name}.prompt.md"] = "reference.denied"
    (folder / "closed.prompt.md").write_text("# Closed\n\n@[file:../outside/secret.txt]\n")
    for name in ("vars-link", "vars-pipe"):
        (folder / f"{name}.prompt.md").write_text("before {{v}} after\n")
        prompts[f"{name}.prompt.md"] = "reference.denied"
    (folder / "env.prompt.md").write_text("before {{env.WEIGHBRIDGE_CANARY}} after\n")
    prompts["env.prompt.md"] = "variable.undefined"
    return prompts


async def diagnosed(server: Process, uri: str) -> list[str]:
    """The codes of a document's diagnostics, as pushed last."""

    def pushed() -> list[list[str]]:
        return [
            [one["code"] for one in params["diagnostics"]]
            for method, params in server.sent
            if method == "textDocument/publishDiagnostics" and params["uri"] == uri
        ]

    found: list[list[str]] = await server.until(pushed)
    return found[-1]


async def asked_everything(server: Process, uri: str, place: dict[str, int]) -> None:
    """Ask all that an editor may ask of a place and its document. Every request is answered, and none with an error."""
    document = {"textDocument": {"uri": uri}}
    at = {**document, "position": place}
    everything = {"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}}
    (item,) = await server.ask("textDocument/prepareCallHierarchy", at) or [
        {"name": "", "kind": 1, "uri": uri}
    ]
    item |= {"range": everything, "selectionRange": everything}
    asked = [
        ("textDocument/hover", at),
        ("textDocument/completion", at),
        ("textDocument/definition", at),
        ("textDocument/references", {**at, "context": {"includeDeclaration": True}}),
        ("callHierarchy/incomingCalls", {"item": item}),
        ("callHierarchy/outgoingCalls", {"item": item}),
        ("textDocument/inlayHint", {**document, "range": everything}),
        ("textDocument/codeAction", {**document, "range": {"start": place, "end": place}, "context": {"diagnostics": []}}),
        ("textDocument/codeLens", document),
        ("textDocument/diagnostic", document),
        ("textDocument/documentLink", document),
        ("textDocument/documentSymbol", document),
        ("textDocument/semanticTokens/full", document),
        ("weighbridge/report", document),
    ]  # fmt: skip
    replies = await asyncio.gather(*(server.reply(method, params) for method, params in asked))
    failed = [(method, reply) for (method, _), reply in zip(asked, replies, strict=True) if "error" in reply]
    assert failed == []
    found = {method: reply["result"] for (method, _), reply in zip(asked, replies, strict=True)}
    for hint in found["textDocument/inlayHint"]:
        await server.ask("inlayHint/resolve", hint)
    for completion in (found["textDocument/completion"] or {"items": []})["items"]:
        await server.ask("completionItem/resolve", completion)


@pytest.mark.parametrize("trusted", [True, False])
async def test_each_trap_is_told_and_nothing_is_given_away(
    tmp_path: Path, listener: Listener, *, trusted: bool
) -> None:
    folder, outside = tmp_path / "repository", tmp_path / "outside"
    folder.mkdir()
    outside.mkdir()
    (outside / "secret.txt").write_text(SECRET)
    (outside / "secret.yaml").write_text(f"v: {SECRET}")
    (outside / "canary-name.md").write_text(SECRET)
    prompts = hostile(folder, outside, listener.port)
    canary = {"WEIGHBRIDGE_CANARY": "canary-env-51c0"}
    async with serving(tmp_path, environment=canary) as server:
        await server.initialize(folder, options={"trusted": trusted})
        uris = {name: server.open(folder / name) for name in prompts}
        good = server.open(folder / "good.prompt.md", GOOD)
        found = {}
        for name, uri in uris.items():
            report = await server.report(uri)
            text = (folder / name).read_text(encoding="utf-8")
            rendered = await server.ask("weighbridge/render", {"textDocument": {"uri": uri}})
            # What stands for nothing stays as it is typed, and counts so.
            if name not in NESTED:
                assert rendered["text"] == text
                assert (name, [one["tokens"] for one in report["references"]]) == (name, [None])
            assert report["tokens"] == await server.count(uri) == count(rendered["text"])
            found[name] = await diagnosed(server, uri)
            await asked_everything(server, uri, {"line": 0, "character": 9})
        assert found == {name: [code] for name, code in prompts.items()}

        # What is written bit by bit: every folder on the way out, and what is in it, stays unknown.
        for half in (
            "../",
            "../outside/",
            "docs/folder/",
            f"{outside}/",
            "/proc/self/",
            "docs/through.md#",
            "docs/link#",
        ):
            uri = server.open(folder / "half.md", f"@[file:{half}\n")
            await asked_everything(server, uri, {"line": 0, "character": len(f"@[file:{half}")})
            server.tell("textDocument/didClose", {"textDocument": {"uri": uri}})

        # The workspace as a whole, with links and pipes of prompts' names among its files.
        symbols = await server.ask("workspace/symbol", {"query": ""})
        found_names = {Path(one["location"]["uri"]).name for one in symbols}
        assert found_names == {*prompts, "closed.prompt.md", "good.prompt.md"}

        strange = server.open(folder / "strange.prompt.md", "@[file:docs/\u202e\x1b[31m.md]\n")
        assert await server.count(strange) == count("words of a strange file\n")
        assert await server.count(good) == count(GOOD)
        health = server.health()
        for name in ("env", "apiAllow", "fileRoots", "trusted", "cacheUrl", "apis.a.headers"):
            assert f"weighbridge.{name}: never taken from a repository" in health
        for told in (
            "workers: 200",
            "cacheEntries: 9,999,999",
            "debounce: 60,000",
            "retry.attempts: 20",
            "retry.delay: 3,600",
        ):
            assert f"weighbridge.{told} is more than a repository may set" in health
        assert "weighbridge.maxFileBytes: 1,099,511,627,776 is more than a repository may set" in health
        assert await server.leave() == 0
        said = server.said()
    assert [
        canary for canary in ("canary-7f3a91", "canary-env", "canary-name", "root:x:0") if canary in said
    ] == []
    messages = [
        one["message"]
        for method, params in server.sent
        if method == "textDocument/publishDiagnostics"
        for one in params["diagnostics"]
    ]
    assert [one for one in messages if not one.isprintable() or len(one) > 300] == []
    assert all(line.isprintable() for line in server.log.read_text(encoding="utf-8").splitlines())
    assert listener.visits == 0
    assert not (folder / "mine.sqlite3").exists()


def chain(folder: Path) -> str:
    """Files that include ten others each, ten deep: ten thousand million in all."""
    for level in range(10):
        for number in range(10):
            nested = "".join(f"@[file:l{level + 1}-{one}.md]\n" for one in range(10))
            (folder / f"l{level}-{number}.md").write_text(nested)
    for number in range(10):
        (folder / f"l10-{number}.md").write_text("leaf\n")
    return "@[file:l0-0.md]\n"


LAUGHS = "\n".join(
    ["l0: &l0 [lol]", *(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 30))]
)


async def answered(server: Process, path: Path, text: str) -> str:
    """Open a text, and see that it counts as it renders and that another document is served as well."""
    uri = server.open(path, text)
    other = server.open(path.with_name("other.prompt.md"), GOOD)
    assert await server.count(other) == count(GOOD)
    rendered: str = (await server.ask("weighbridge/render", {"textDocument": {"uri": uri}}))["text"]
    assert await server.count(uri) == count(rendered)
    server.tell("textDocument/didClose", {"textDocument": {"uri": other}})
    return rendered


#: Variables files that are more than they seem, by the end of their name.
BOMBS = {
    "laughs.yaml": LAUGHS,
    "deep.yaml": f"v: {'[' * 100_000}",
    "deep.json": f'{{"v": {"[" * 100_000}',
    "deep-objects.json": '{"v":' * 40_000,
    "deep.toml": f"v = {'[' * 100_000}",
    "dotted.toml": f"v{'.a' * 100_000} = 1",
    "number.toml": f"v = 0x{'f' * 100_000}",
    "number.json": f'{{"v": {"9" * 100_000}}}',
    "anchors.yaml": "".join(f"a{n}: &a{n} {{k: *a{n - 1}}}\n" if n else "a0: &a0 x\n" for n in range(9_000)),
}  # fmt: skip


async def test_what_grows_without_end_is_stopped(tmp_path: Path) -> None:
    folder, large = tmp_path / "repository", tmp_path / "large"
    folder.mkdir()
    large.mkdir()
    fan_out = chain(folder)
    prompts = {
        "fan-out": fan_out,
        "front-matter": f"---\nvariables:\n  a: 1\n{LAUGHS}\n---\n{{{{l29}}}}\n",
        "deep-front-matter": f"---\nvariables: {'[' * 60_000}\n---\ntext\n",
        "brackets": "[" * 200_000 + "\n",
        "braces": "{{" * 100_000 + "\n",
        "references": "@[file:" * 50_000 + "\n",
        "stars": "*a_ " * 100_000 + "\n",
        "backticks": "".join("`" * (n % 300) + " " for n in range(3_000)) + "\n",
        "quotes": "> " * 50_000 + "a\n",
        "lists": "".join(f"{'  ' * (n % 500)}- a\n" for n in range(3_000)),
        "comments": "<!--" * 50_000 + "\n",
        "headings": "#" * 100_000 + "\n" + "# a\n" * 5_000,
        "ats": "@" * 300_000 + "\n",
    }
    for name, text in BOMBS.items():
        stem, _, ending = name.rpartition(".")
        (folder / f"{stem}-{ending}.prompt.md.vars.{ending}").write_text(text)
    # A hundred megabytes each, that take no room on the disk.
    for name in ("weighbridge.toml", "huge.prompt.md.vars.yaml", ".gitignore"):
        (large / name).touch()
        os.truncate(large / name, 100 * 1024**2)
    (folder / "weighbridge.toml").write_text(
        '[variables]\nself = "{{self}}{{self}}"\none = "{{two}}{{two}}"\ntwo = "{{one}}{{one}}"\n'
        f"workers = 0x{'f' * 20_000}\n"
    )
    async with serving(tmp_path) as server:
        await server.initialize(folder, large)
        for name, text in prompts.items():
            # None of them has anything to include.
            assert await answered(server, folder / f"{name}.prompt.md", text) == text
        uri = (folder / "fan-out.prompt.md").as_uri()
        assert await diagnosed(server, uri) == ["reference.depth"]
        for name in BOMBS:
            path = folder / f"{name.replace('.', '-')}.prompt.md"
            assert await answered(server, path, "{{v}} words\n") == "{{v}} words\n"
            assert await diagnosed(server, path.as_uri()) == ["reference.failed"]
        path = large / "huge.prompt.md"
        assert await answered(server, path, "{{v}} words\n") == "{{v}} words\n"
        assert await diagnosed(server, path.as_uri()) == ["reference.too-large"]
        health = server.health()
        assert "weighbridge.toml: not TOML: a number too long, or nested too deeply; ignored" in health
        assert "weighbridge.toml: 104,857,600 bytes, more than 262,144; ignored" in health

        # Values are literal: what they name is not looked up.
        (folder / "weighbridge.toml").write_text(
            '[variables]\nself = "{{self}}{{self}}"\none = "{{two}}{{two}}"\ntwo = "{{one}}{{one}}"\n'
        )
        changed = {"uri": (folder / "weighbridge.toml").as_uri(), "type": 2}
        server.tell("workspace/didChangeWatchedFiles", {"changes": [changed]})
        uri = server.open(folder / "laughing.prompt.md", "{{self}} {{one}} {{two}}\n")
        laughing = "{{self}}{{self}} {{two}}{{two}} {{one}}{{one}}\n"
        await server.until(
            lambda: any(
                params.get("tokens") == count(laughing)
                for method, params in server.sent
                if method == "weighbridge/status" and params["uri"] == uri
            )
        )
        rendered = await server.ask("weighbridge/render", {"textDocument": {"uri": uri}})
        assert rendered["text"] == laughing
        check = {"command": "weighbridge.checkWorkspace", "arguments": []}
        await server.ask("workspace/executeCommand", check)
        await server.ask("workspace/diagnostic", {"previousResultIds": []})
        assert server.peak_megabytes() < 400
        assert await server.leave() == 0


async def test_a_hundred_thousand_references_are_served(tmp_path: Path) -> None:
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "a.md").write_text("included")
    variables = "".join(f"{{{{v{number}:x}}}}\n" for number in range(1_000))
    async with serving(tmp_path) as server:
        await server.initialize(folder)
        rendered = await answered(server, folder / "many.prompt.md", "@[file:a.md]\n" * 99_000 + variables)
        assert rendered == "included\n" * 99_000 + "x\n" * 1_000
        assert await server.leave() == 0


async def test_the_value_of_an_environment_variable_is_counted_and_never_told(tmp_path: Path) -> None:
    folder = tmp_path / "repository"
    folder.mkdir()
    secret = "canary-env-9d27 with some words"
    (folder / "a.md").write_text("nested {{env.WEIGHBRIDGE_CANARY}}\n")
    path = folder / "a.prompt.md"
    path.write_text("# {{env.WEIGHBRIDGE_CANARY}}\n\n@[file:a.md] {{env.WEIGHBRIDGE_CANARY}}\n")
    async with serving(tmp_path, environment={"WEIGHBRIDGE_CANARY": secret}) as server:
        await server.initialize(folder, options={"env": ["WEIGHBRIDGE_CANARY"], "budget": 5})
        uri = server.open(path)
        assert await server.count(uri) == count(f"# {secret}\n\nnested {secret}\n {secret}\n")
        await server.report(uri)
        await server.ask("workspace/executeCommand", {"command": "weighbridge.toggleTokens", "arguments": []})
        for line, character in ((0, 5), (0, 12), (2, 3), (2, 20)):
            await asked_everything(server, uri, {"line": line, "character": character})
        check = {"command": "weighbridge.checkWorkspace", "arguments": []}
        await server.ask("workspace/executeCommand", check)
        await server.ask("workspace/diagnostic", {"previousResultIds": []})
        await server.ask("workspace/symbol", {"query": ""})
        assert await server.leave() == 0
        assert "canary-env-9d27" not in server.said()
    kept = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert kept != []
    assert [path for path in kept if b"canary-env-9d27" in path.read_bytes()] == []
    # Nor is there anything that tells whether a guess is right.
    with closing(sqlite3.connect(tmp_path / "cache" / "weighbridge" / "counts.sqlite3")) as connection:
        digests = {one for (one,) in connection.execute("SELECT digest FROM weighbridge_token_counts")}
    assert {digest(secret), digest(f"nested {secret}\n")} & digests == set()
    assert digests != set()
