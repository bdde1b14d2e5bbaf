"""Drive the real language server over its standard streams, and print what an editor would show.

    python examples/demo.py [--svg PICTURE]

It serves the example's API on this machine, opens the example's prompts as an editor does, shows each with its hints
in place and its diagnostics, types a line into one, and changes a file that another includes.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

HERE = Path(__file__).resolve().parent
API_HOST = "127.0.0.1:8877"
#: Lines shown of each document, those with something to see first of all.
MOST_LINES = 14
SECONDS = 60

PICTURE = Path(sys.argv[2]) if sys.argv[1:2] == ["--svg"] else None
console = Console(
    highlight=False,
    markup=False,
    soft_wrap=PICTURE is None,
    record=PICTURE is not None,
    width=132 if PICTURE is not None else None,
)


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
    async def start(cls, folder: Path, environment: dict[str, str]) -> "Editor":
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
                "initializationOptions": {"apiAllow": [API_HOST]},
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
        """Wait for the document's next status that says `ready` and fits."""

        async def wait() -> dict[str, Any]:
            while True:
                for status in reversed(self.statuses):
                    if status["uri"] == uri and status["state"] == "ready" and fits(status):
                        return status
                self._changed.clear()
                await self._changed.wait()

        return await asyncio.wait_for(wait(), SECONDS)

    async def ask(self, method: str, params: Any) -> Any:
        self._next += 1
        answer = self._answers[self._next] = asyncio.get_running_loop().create_future()
        self._send({"id": self._next, "method": method, "params": params})
        return await asyncio.wait_for(answer, SECONDS)

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
        method, params = message.get("method"), message.get("params")
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


async def show(editor: Editor, uri: str, folder: Path) -> None:
    """Print a document as an editor shows it: hints behind the text, diagnostics below."""
    lines = editor.texts[uri].split("\n")
    whole = {"start": {"line": 0, "character": 0}, "end": {"line": len(lines), "character": 0}}
    hints = await editor.ask("textDocument/inlayHint", {"textDocument": {"uri": uri}, "range": whole})
    by_line: dict[int, list[dict[str, Any]]] = {}
    for hint in hints:
        by_line.setdefault(hint["position"]["line"], []).append(hint)
    found = editor.diagnostics.get(uri, [])
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
    name = Path(status["uri"]).name
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


async def main() -> int:
    with tempfile.TemporaryDirectory(prefix="weighbridge-demo-") as scratch:
        folder = Path(scratch).resolve() / "workspace"
        shutil.copytree(HERE, folder, ignore=shutil.ignore_patterns("__pycache__", "*.py"))
        shutil.copytree(HERE / "src", folder / "src", dirs_exist_ok=True)
        environment = {**os.environ, "XDG_CACHE_HOME": str(Path(scratch) / "cache")}
        api = await asyncio.create_subprocess_exec(
            sys.executable, str(HERE / "serve_api.py"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            return await tour(folder, environment)
        finally:
            api.terminate()
            await api.wait()


async def tour(folder: Path, environment: dict[str, str]) -> int:
    editor = await Editor.start(folder, environment)
    paths = [*sorted((folder / "prompts").glob("*.md")), folder / "CLAUDE.md"]
    uris = [editor.open(path) for path in paths]
    for uri in uris:
        await editor.ready(uri)
        if PICTURE is not None and "review" not in uri:
            continue
        await show(editor, uri, folder)
        for status in [status for status in editor.statuses if status["uri"] == uri]:
            print_status(status)
        console.print()

    uri = uris[0]
    before = await editor.ready(uri)
    console.rule(Text("the user types a line", style="bold"), align="left")
    line = "Be brief, and say so when you don't know."
    console.print(Text(f"      + {line}", style="green"))
    editor.append(uri, 2, f"\n{line}\n")
    print_status(await editor.ready(uri, lambda status: status["version"] == 2))

    console.print()
    console.rule(Text("another program changes an included file", style="bold"), align="left")
    included = await included_file(editor, uri)
    with included.open("a", encoding="utf-8") as file:
        file.write("\nOne more paragraph, written by somebody else while the prompt stays open.\n")
    console.print(Text(f"      + {included.relative_to(folder)}", style="green"))
    editor.tell("workspace/didChangeWatchedFiles", {"changes": [{"uri": included.as_uri(), "type": 2}]})
    after = await editor.ready(uri, lambda status: status["tokens"] > before["tokens"] + 11)
    print_status(after)
    code = await editor.stop()
    console.print(f"\nThe server left with exit code {code}.")
    return code


async def included_file(editor: Editor, uri: str) -> Path:
    """The first whole file that a document includes."""
    report = await editor.ask("weighbridge/report", {"textDocument": {"uri": uri}})
    return next(
        Path(reference["uri"].removeprefix("file://"))
        for reference in report["references"]
        if reference["kind"] == "file" and reference["uri"] and "#" not in reference["target"]
    )


if __name__ == "__main__":
    code = asyncio.run(main())
    if PICTURE is not None:
        # A picture loads nothing from elsewhere: the reader's own fixed-width font will do.
        plain = (
            CONSOLE_SVG_FORMAT.split("@font-face")[0]
            + CONSOLE_SVG_FORMAT[CONSOLE_SVG_FORMAT.index(".{unique_id}-matrix") :]
        )
        console.save_svg(str(PICTURE), title="weighbridge", code_format=plain)
    sys.exit(code)
