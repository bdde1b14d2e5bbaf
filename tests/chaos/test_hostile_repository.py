"""A repository made to harm who opens it: nothing outside is read, nothing is fetched or told, nothing hangs."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.e2e.process import Process, serving

from weighbridge.tokens.registry import tokenizer

SECRET = "canary-7f3a91 outside the folder\n"
count = tokenizer("cl100k_base").count


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
    targets = {
        "up": ("../../outside/secret.txt", "reference.denied"),
        "far-up": (f"{'../' * 30}etc/passwd", "reference.denied"),
        "absolute": (str(outside / "secret.txt"), "reference.denied"),
        "passwd": ("/etc/passwd", "reference.denied"),
        "environ": ("/proc/self/environ", "reference.denied"),
        "memory": ("/proc/self/mem", "reference.denied"),
        "link": ("docs/link", "reference.denied"),
        "folder-link": ("docs/folder/secret.txt", "reference.denied"),
        "nested": ("docs/through.md", "reference.denied"),
        "device": ("docs/zero", "reference.denied"),
        "loop": ("docs/loop", "reference.not-found"),
        "pipe": ("docs/pipe", "reference.denied"),
        "socket": ("docs/socket", "reference.denied"),
        "a-folder": ("docs", "reference.not-text"),
        "binary": ("docs/binary", "reference.not-text"),
        "huge": ("docs/huge", "reference.too-large"),
        "cycle": ("docs/cycle.md", "reference.cycle"),
        "long": ("a/" * 400 + "b", "reference.not-found"),
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


@pytest.mark.parametrize("trusted", [True, False])
async def test_each_trap_is_told_and_nothing_is_given_away(
    tmp_path: Path, listener: Listener, *, trusted: bool
) -> None:
    folder, outside = tmp_path / "repository", tmp_path / "outside"
    folder.mkdir()
    outside.mkdir()
    (outside / "secret.txt").write_text(SECRET)
    prompts = hostile(folder, outside, listener.port)
    canary = {"WEIGHBRIDGE_CANARY": "canary-env-51c0"}
    async with serving(tmp_path, environment=canary) as server:
        await server.initialize(folder, options={"trusted": trusted})
        uris = {name: server.open(folder / name) for name in prompts}
        good = server.open(folder / "good.prompt.md", "two words")
        found = {}
        for name, uri in uris.items():
            await server.report(uri)
            text = (folder / name).read_text(encoding="utf-8")
            rendered = await server.ask("weighbridge/render", {"textDocument": {"uri": uri}})
            # What stands for nothing stays as it is typed, and counts so.
            if name not in {"nested.prompt.md", "cycle.prompt.md"}:
                assert rendered["text"] == text
            assert await server.count(uri) == count(rendered["text"])
            found[name] = await diagnosed(server, uri)
            place = {"textDocument": {"uri": uri}, "position": {"line": 0, "character": 9}}
            assert await server.ask("textDocument/hover", place) is not None
        assert found == {name: [code] for name, code in prompts.items()}
        assert await server.count(good) == 2
        health = server.health()
        for name in ("env", "apiAllow", "fileRoots", "trusted", "cacheUrl", "apis.a.headers"):
            assert f"weighbridge.{name}: never taken from a repository" in health
        assert "workers: 200 is more than a repository may set" in health
        assert await server.leave() == 0
        said = server.said()
    assert [canary for canary in ("canary-7f3a91", "canary-env", "root:x:0") if canary in said] == []
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
    other = server.open(path.with_name("other.prompt.md"), "two words")
    assert await server.count(other) == 2
    rendered: str = (await server.ask("weighbridge/render", {"textDocument": {"uri": uri}}))["text"]
    assert await server.count(uri) == count(rendered)
    server.tell("textDocument/didClose", {"textDocument": {"uri": other}})
    return rendered


async def test_what_grows_without_end_is_stopped(tmp_path: Path) -> None:
    folder = tmp_path / "repository"
    folder.mkdir()
    fan_out = chain(folder)
    bombs = {
        "fan-out": fan_out,
        "front-matter": f"---\nvariables:\n  a: 1\n{LAUGHS}\n---\n{{{{l29}}}}\n",
        "deep-front-matter": f"---\nvariables: {'[' * 60_000}\n---\ntext\n",
        "vars": "{{v}} words\n",
        "brackets": "[" * 200_000 + "\n",
        "braces": "{{" * 100_000 + "\n",
        "stars": "*a_ " * 100_000 + "\n",
        "backticks": "".join("`" * (n % 300) + " " for n in range(3_000)) + "\n",
        "quotes": "> " * 50_000 + "a\n",
        "comments": "<!--" * 50_000 + "\n",
        "ats": "@" * 300_000 + "\n",
    }
    (folder / "vars.prompt.md.vars.yaml").write_text(LAUGHS)
    (folder / "weighbridge.toml").write_text("[variables]\na" + ".a" * 100_000 + " = 1\n")
    async with serving(tmp_path) as server:
        await server.initialize(folder)
        for name, text in bombs.items():
            rendered = await answered(server, folder / f"{name}.prompt.md", text)
            # None of them has anything to include.
            assert rendered == text
        assert "a key of more than 100 parts" in server.health()
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
        for line, character in ((0, 5), (2, 3), (2, 20)):
            place = {"textDocument": {"uri": uri}, "position": {"line": line, "character": character}}
            await server.ask("textDocument/hover", place)
        everything = {"start": {"line": 0, "character": 0}, "end": {"line": 9, "character": 0}}
        await server.ask("textDocument/inlayHint", {"textDocument": {"uri": uri}, "range": everything})
        assert await server.leave() == 0
        assert "canary-env-9d27" not in server.said()
    kept = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert kept != []
    assert [path for path in kept if b"canary-env-9d27" in path.read_bytes()] == []
