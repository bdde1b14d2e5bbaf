"""Drive the real language server over its standard streams, and print what an editor would show.

    python examples/demo.py [--svg PICTURE]

It serves the example's API on this machine, opens the example's prompts as an editor does, shows each with its hints
in place and its diagnostics, types a paragraph into one, and changes a file that others include. It checks what it
shows: anything but the expected ends it with a message and exit code 1.
"""

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

from weighbridge.tokens.registry import tokenizer

HERE = Path(__file__).resolve().parent
API_HOST = "127.0.0.1:8877"
#: Lines shown of each document, those with something to see first of all.
MOST_LINES = 14
SECONDS = 30
#: What each document's diagnostics say.
EXPECTED = {
    "release-notes.prompt.md": {"reference.cycle", "reference.not-found", "variable.undefined"},
    "review.prompt.md": {"budget"},
    "triage.prompt.md": set(),
    "CLAUDE.md": set(),
}

PICTURE = Path(sys.argv[2]) if sys.argv[1:2] == ["--svg"] else None
T = TypeVar("T")

console = Console(
    highlight=False,
    markup=False,
    soft_wrap=PICTURE is None,
    record=PICTURE is not None,
    width=132 if PICTURE is not None else None,
)


class Unexpected(Exception):  # noqa: N818  what it says, not an error of the demo's
    """Something was not as it should be."""


class Editor:
    """A language client of a few lines: what any editor does, without the screen."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._next = 0
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._changed = asyncio.Event()
        self._reader = asyncio.create_task(self._read())
        self.texts: dict[str, str] = {}
        self.statuses: list[dict[str, Any]] = []
        self.diagnostics: dict[str, list[dict[str, Any]]] = {}

    @classmethod
    async def start(cls, folder: Path, api_host: str, environment: dict[str, str]) -> "Editor":
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "weighbridge.cli",
            "serve",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            limit=2**26,
        )
        editor = cls(process)
        await editor.ask(
            "initialize",
            {
                "processId": os.getpid(),
                "clientInfo": {"name": "demo"},
                "rootUri": folder.as_uri(),
                "workspaceFolders": [{"uri": folder.as_uri(), "name": folder.name}],
                "capabilities": {
                    "general": {"positionEncodings": ["utf-32", "utf-16"]},
                    "workspace": {"configuration": True, "inlayHint": {"refreshSupport": True}},
                    "textDocument": {"publishDiagnostics": {"relatedInformation": True}},
                    "experimental": {"weighbridge": {"status": True}},
                },
                "initializationOptions": {"apiAllow": [api_host]},
            },
        )
        editor.tell("initialized", {})
        return editor

    def open(self, path: Path) -> str:
        uri = path.as_uri()
        self.texts[uri] = path.read_text(encoding="utf-8")
        self.tell(
            "textDocument/didOpen",
            {"textDocument": {"uri": uri, "languageId": "markdown", "version": 1, "text": self.texts[uri]}},
        )
        return uri

    def append(self, uri: str, version: int, text: str) -> None:
        """Type a text at the document's end."""
        lines = self.texts[uri].split("\n")
        end = {"line": len(lines) - 1, "character": len(lines[-1])}
        self.texts[uri] += text
        self.tell(
            "textDocument/didChange",
            {
                "textDocument": {"uri": uri, "version": version},
                "contentChanges": [{"range": {"start": end, "end": end}, "text": text}],
            },
        )

    async def ready(
        self, uri: str, fits: Callable[[dict[str, Any]], bool] = lambda status: True
    ) -> dict[str, Any]:
        """Wait for the document's last status to say `ready` and to fit."""

        def look() -> dict[str, Any] | None:
            last = next((status for status in reversed(self.statuses) if status["uri"] == uri), None)
            return last if last is not None and last["state"] == "ready" and fits(last) else None

        return await self._until(look, f"{name_of(uri)} to be ready")

    async def told(self, uri: str, codes: set[str], severity: int | None = None) -> list[dict[str, Any]]:
        """Wait for the document's diagnostics to have these codes, and this severity if one is given."""

        def look() -> list[dict[str, Any]] | None:
            found = self.diagnostics.get(uri, [])
            fits = severity is None or {one["severity"] for one in found} == {severity}
            return found if fits and {one["code"] for one in found} == codes else None

        return await self._until(look, f"the diagnostics {sorted(codes)} of {name_of(uri)}")

    async def ask(self, method: str, params: Any) -> Any:
        self._next += 1
        answer = self._answers[self._next] = asyncio.get_running_loop().create_future()
        self._send({"id": self._next, "method": method, "params": params})
        return await self._in_time(answer, f"the answer to {method}")

    async def _until(self, look: Callable[[], T | None], what: str) -> T:
        async def wait() -> T:
            while (found := look()) is None:
                self._changed.clear()
                await self._changed.wait()
            return found

        return await self._in_time(wait(), what)

    async def _in_time(self, work: Awaitable[T], what: str) -> T:
        """The work's result; it fails at once if the server is gone."""
        task = asyncio.ensure_future(work)
        await asyncio.wait({task, self._reader}, timeout=SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        task.cancel()
        if self._reader.done():
            why = self._reader.exception() or "it left"
            raise Unexpected(f"the server can't be read from any more, waiting for {what}: {why}")
        raise Unexpected(f"waited {SECONDS} seconds for {what}")

    def tell(self, method: str, params: Any) -> None:
        self._send({"method": method, "params": params})

    async def stop(self) -> int:
        await self.ask("shutdown", None)
        self.tell("exit", None)
        code = await self._process.wait()
        self._reader.cancel()
        return code

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    async def _read(self) -> None:
        assert self._process.stdout is not None
        while header := await self._process.stdout.readline():
            length = int(header.split(b":")[1])
            await self._process.stdout.readline()
            self._take(json.loads(await self._process.stdout.readexactly(length)))
            self._changed.set()

    def _take(self, message: dict[str, Any]) -> None:
        method = message.get("method")
        params: Any = message.get("params")
        if method is None:
            answer = self._answers.pop(message["id"])
            if "error" in message:
                answer.set_exception(RuntimeError(message["error"]["message"]))
            else:
                answer.set_result(message["result"])
        elif method == "workspace/configuration":
            self._send({"id": message["id"], "result": [None for _ in params["items"]]})
        elif "id" in message:
            self._send({"id": message["id"], "result": None})
        elif method == "weighbridge/status":
            self.statuses.append(params)
        elif method == "textDocument/publishDiagnostics":
            self.diagnostics[params["uri"]] = params["diagnostics"]


def name_of(uri: str) -> str:
    return Path(uri).name


async def show(editor: Editor, uri: str, folder: Path) -> None:
    """Print a document as an editor shows it: hints behind the text, diagnostics below."""
    found = await editor.told(uri, EXPECTED[name_of(uri)])
    lines = editor.texts[uri].split("\n")
    whole = {"start": {"line": 0, "character": 0}, "end": {"line": len(lines), "character": 0}}
    hints = await editor.ask("textDocument/inlayHint", {"textDocument": {"uri": uri}, "range": whole})
    by_line: dict[int, list[dict[str, Any]]] = {}
    for hint in hints:
        by_line.setdefault(hint["position"]["line"], []).append(hint)
    console.rule(Text(str(Path(uri.removeprefix("file://")).relative_to(folder)), style="bold"), align="left")
    worth = sorted({*by_line, *(one["range"]["start"]["line"] for one in found)})[:MOST_LINES]
    before = -1
    for number in worth:
        if number > before + 1:
            console.print(Text("      ⋮", style="dim"))
        console.print(line_with_hints(number, lines[number], by_line.get(number, [])))
        before = number
    if before + 1 < len(lines):
        console.print(Text("      ⋮", style="dim"))
    print_diagnostics(found)


def print_diagnostics(found: list[dict[str, Any]]) -> None:
    for one in found:
        style = {1: "bold red", 2: "bold yellow"}.get(one["severity"], "bold blue")
        name = {1: "error", 2: "warning"}.get(one["severity"], "information")
        console.print(
            Text.assemble(
                (f"  {name:>7} ", style),
                f"line {one['range']['start']['line'] + 1}: {one['message']} [{one['code']}]",
            )
        )
        for related in one.get("relatedInformation") or ():
            console.print(Text(f"            {related['message']}", style="dim"))


def line_with_hints(number: int, line: str, hints: list[dict[str, Any]]) -> Text:
    shown = Text.assemble((f"{number + 1:>5} ", "dim"))
    at = 0
    for hint in hints:
        column = hint["position"]["character"]
        shown.append(line[at:column])
        shown.append(f" {hint['label']} ", "black on cyan")
        at = column
    shown.append(line[at:])
    shown.truncate(150, overflow="ellipsis")
    return shown


def print_status(status: dict[str, Any]) -> None:
    used = status["budget"]["used"]
    name = name_of(status["uri"])
    references = status["references"]
    console.print(
        Text.assemble(
            ("  status  ", "bold"),
            (f"{status['state']:<9}", "green" if status["state"] == "ready" else "yellow"),
            f"{name}: {status['tokens']:,} tokens ({status['own_tokens']:,} as typed), {used:.1%} of "
            f"{status['budget']['limit']:,}; references: {references['resolved']} of {references['total']} resolved, "
            f"{references['pending']} pending, {references['failed']} failed",
        )
    )


async def check_exact(editor: Editor, uri: str) -> None:
    """Run the tokenizer on the text that the model receives: it counts what was shown."""
    report = await editor.ask("weighbridge/report", {"textDocument": {"uri": uri}})
    rendered = await editor.ask("weighbridge/render", {"textDocument": {"uri": uri}})
    counted = tokenizer(report["encoding"]).count(rendered["text"])
    if counted != report["tokens"]:
        raise Unexpected(
            f"{name_of(uri)}: {report['tokens']:,} tokens shown, {counted:,} in the rendered text"
        )
    console.print(
        Text.assemble(
            ("  exact   ", "bold green"),
            f"{report['encoding']} counts {counted:,} tokens in the {len(rendered['text']):,} characters of the "
            "rendered text",
        )
    )


async def main() -> int:
    with tempfile.TemporaryDirectory(prefix="weighbridge-demo-") as scratch:
        folder = Path(scratch).resolve() / "workspace"
        shutil.copytree(HERE, folder, ignore=shutil.ignore_patterns("__pycache__", "*.py"))
        shutil.copytree(HERE / "src", folder / "src", dirs_exist_ok=True)
        api_host = f"127.0.0.1:{free_port()}"
        settings = folder / "weighbridge.toml"
        settings.write_text(
            settings.read_text(encoding="utf-8").replace(API_HOST, api_host), encoding="utf-8"
        )
        environment = {**os.environ, "XDG_CACHE_HOME": str(Path(scratch) / "cache")}
        api = await asyncio.create_subprocess_exec(
            sys.executable,
            str(HERE / "serve_api.py"),
            "--port",
            api_host.rpartition(":")[2],
            stderr=subprocess.PIPE,
        )
        try:
            await answering(api, api_host)
            return await tour(folder, api_host, environment)
        finally:
            if api.returncode is None:
                api.terminate()
            await api.communicate()


def free_port() -> int:
    """A port that nobody listens on: 8877 may be taken."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def answering(api: asyncio.subprocess.Process, host: str) -> None:
    """Wait until the tracker takes connections."""
    name, _, port = host.partition(":")
    for _ in range(SECONDS * 20):
        if api.returncode is not None:
            assert api.stderr is not None
            raise Unexpected(
                f"the tracker did not start:\n{(await api.stderr.read()).decode(errors='replace')}"
            )
        try:
            _, writer = await asyncio.open_connection(name, int(port))
        except ConnectionRefusedError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            await writer.wait_closed()
            return
    raise Unexpected(f"the tracker did not start in {SECONDS} seconds")


async def tour(folder: Path, api_host: str, environment: dict[str, str]) -> int:
    editor = await Editor.start(folder, api_host, environment)
    paths = [*sorted((folder / "prompts").glob("*.md")), folder / "CLAUDE.md"]
    uris = {path.name: editor.open(path) for path in paths}
    for uri in uris.values():
        status = await editor.ready(uri)
        if not EXPECTED[name_of(uri)] and status["references"]["failed"]:
            raise Unexpected(f"{name_of(uri)}: {status['references']['failed']} references failed")
        if PICTURE is not None and "review" not in uri:
            continue
        await show(editor, uri, folder)
        for one in [one for one in editor.statuses if one["uri"] == uri]:
            print_status(one)
        await check_exact(editor, uri)
        console.print()
    await check_tracker(editor, uris["triage.prompt.md"])
    await typing(editor, uris["review.prompt.md"])
    await changing(editor, folder, list(uris.values()))
    code = await editor.stop()
    console.print(f"\nThe server left with exit code {code}.")
    return code


async def check_tracker(editor: Editor, uri: str) -> None:
    """What the tracker said counts, not the sample of the settings."""
    report = await editor.ask("weighbridge/report", {"textDocument": {"uri": uri}})
    states = {
        one["target"]: (one["state"], one["reason"]) for one in report["references"] if one["kind"] == "api"
    }
    if states != {"issues": ("resolved", None)}:
        raise Unexpected(f"the tracker's answers: {states}")


async def typing(editor: Editor, uri: str) -> None:
    """Type until the budget is used up: the warning becomes an error."""
    console.rule(Text("the user types a paragraph, and the budget is used up", style="bold"), align="left")
    paragraph = (
        "Begin with the fault that would hurt a customer most. Quote the line, give an input and what comes of it,\n"
        "and write the test that shows it before you write the change. Where two faults have one cause, report the\n"
        "cause once and name both places. End with one sentence on what you did not look at, and why.\n"
    )
    for line in paragraph.splitlines():
        console.print(Text(f"      + {line}", style="green"))
    editor.append(uri, 2, f"\n{paragraph}")
    print_status(await editor.ready(uri, lambda status: status["version"] == 2))
    print_diagnostics(await editor.told(uri, {"budget"}, severity=1))
    await check_exact(editor, uri)
    console.print()


def more_than(before: dict[str, Any]) -> Callable[[dict[str, Any]], bool]:
    return lambda status: bool(status["tokens"] > before["tokens"])


async def changing(editor: Editor, folder: Path, uris: list[str]) -> None:
    """Change a file that three of the documents include, as another program does."""
    console.rule(Text("another program changes an included file", style="bold"), align="left")
    before = {uri: await editor.ready(uri) for uri in uris}
    included = folder / "docs" / "style.md"
    with included.open("a", encoding="utf-8") as file:
        file.write("- One more rule, written by somebody else while the prompts stay open.\n")
    console.print(Text(f"      + {included.relative_to(folder)}", style="green"))
    editor.tell("workspace/didChangeWatchedFiles", {"changes": [{"uri": included.as_uri(), "type": 2}]})
    for uri in uris:
        if "review" not in uri:
            print_status(await editor.ready(uri, more_than(before[uri])))
            await check_exact(editor, uri)


if __name__ == "__main__":
    try:
        code = asyncio.run(main())
    except Unexpected as error:
        sys.exit(f"demo: {error}")
    if PICTURE is not None:
        # A picture loads nothing from elsewhere: the reader's own fixed-width font will do.
        plain = (
            CONSOLE_SVG_FORMAT.split("@font-face")[0]
            + CONSOLE_SVG_FORMAT[CONSOLE_SVG_FORMAT.index(".{unique_id}-matrix") :]
        )
        console.save_svg(str(PICTURE), title="weighbridge", code_format=plain)
    sys.exit(code)
