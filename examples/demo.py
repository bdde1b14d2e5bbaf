"""The language server at work on the example workspace, in a terminal: `make demo`.

It serves the example's API on this machine, opens the example's prompts as an editor does, and shows four screens of at
most 24 lines: a prompt, one key, a file that changes, and faults. At a terminal each waits for Enter. Every number is
checked: anything but the expected ends it with a message and exit code 1.
"""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from examples.editor import SECONDS, Editor, Unexpected
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from weighbridge.tokens.registry import tokenizer

HERE = Path(__file__).resolve().parent
API_HOST = "127.0.0.1:8877"
#: Lines of a document on one screen.
MOST_LINES = 15
SCREENS = 4
#: Columns that the text may take: what is wider is cut, the numbers are not.
WIDEST = 100

console = Console(highlight=False, markup=False)
width = min(console.width, WIDEST)


def begin(number: int, title: str) -> None:
    """A screen's first line."""
    console.print(Text.assemble((f"{number} of {SCREENS}  ", "dim"), (title, "bold")))


def end(number: int) -> None:
    """A screen's end: at a terminal the next one waits until it is wanted."""
    console.print()
    if number < SCREENS and sys.stdin.isatty() and sys.stdout.isatty():
        console.input(Text("Press Enter to go on. ", style="dim"))


async def print_document(editor: Editor, uri: str, wanted: frozenset[int] = frozenset()) -> None:
    """Lines that have a count, as an editor shows them, and those that are `wanted`."""
    lines = editor.texts[uri].split("\n")
    whole = {"start": {"line": 0, "character": 0}, "end": {"line": len(lines), "character": 0}}
    hints = await editor.ask("textDocument/inlayHint", {"textDocument": {"uri": uri}, "range": whole})
    by_line: dict[int, list[dict[str, Any]]] = {}
    for hint in hints:
        by_line.setdefault(hint["position"]["line"], []).append(hint)
    for number in sorted({*(wanted or by_line)})[:MOST_LINES]:
        console.print(line_with_hints(number, lines[number], by_line.get(number, [])))


def line_with_hints(number: int, line: str, hints: list[dict[str, Any]]) -> Text:
    """A line with its counts in place. Too wide a one loses its beginning if it has counts, else its end."""
    shown = Text()
    at = 0
    for hint in hints:
        column = hint["position"]["character"]
        shown.append(line[at:column])
        label = hint["label"]
        text = label if isinstance(label, str) else "".join(part["value"] for part in label)
        shown.append(" ")
        shown.append(f" {text} ", "black on cyan")
        at = column
    shown.append(line[at:])
    room = width - 6
    if len(shown) > room and hints:
        shown = Text.assemble("…", shown[len(shown) - room + 1 :])
    shown.truncate(room, overflow="ellipsis")
    return Text.assemble((f"{number + 1:>4}  ", "dim"), shown)


def print_diagnostics(found: list[dict[str, Any]]) -> None:
    for one in found:
        style = {1: "bold red", 2: "bold yellow"}.get(one["severity"], "bold blue")
        name = {1: "error", 2: "warning"}.get(one["severity"], "information")
        said = Text.assemble((name, style), f" in line {one['range']['start']['line'] + 1}: {one['message']}")
        console.print(Padding(said, (0, 0, 0, 6)), width=width)


async def print_total(editor: Editor, uri: str) -> int:
    """The total, checked: the tokenizer is run on the text that the model receives."""
    report = await editor.ask("weighbridge/report", {"textDocument": {"uri": uri}})
    rendered = await editor.ask("weighbridge/render", {"textDocument": {"uri": uri}})
    counted = tokenizer(report["encoding"]).count(rendered["text"])
    shown: int = report["tokens"]
    if counted != shown:
        raise Unexpected(f"{uri}: {shown:,} tokens shown, {counted:,} in the resolved text")
    console.print(
        Text.assemble(
            "      ",
            (f"{shown:,} tokens", "bold green"),
            f", {report['budget']['used']:.0%} of {report['budget']['limit']:,}; "
            f"{report['encoding']} run on the resolved text says {counted:,}",
        )
    )
    return shown


async def show_prompt(editor: Editor, uri: str) -> None:
    begin(1, "A prompt. After each heading and reference stand its tokens.")
    status = await editor.ready(uri)
    if status["references"]["failed"]:
        raise Unexpected(f"{uri}: {status['references']['failed']} references failed")
    console.print()
    await print_document(editor, uri)
    await print_total(editor, uri)
    end(1)


async def type_one_key(editor: Editor, uri: str) -> None:
    begin(2, "One key is typed.")
    line = len(editor.texts[uri].split("\n")) - 2
    before = editor.statuses[uri]["tokens"]
    console.print()
    await print_document(editor, uri, frozenset({0, line}))
    began = time.perf_counter()
    editor.type(uri, 2, line, "!")
    answer = await editor.ask("weighbridge/count", {"textDocument": {"uri": uri}})
    took = time.perf_counter() - began
    await editor.ready(uri, lambda status: status["version"] == 2)
    console.print()
    await print_document(editor, uri, frozenset({0, line}))
    after = await print_total(editor, uri)
    if answer["tokens"] != after:
        raise Unexpected(f"{answer['tokens']:,} tokens at once, {after:,} later")
    console.print(f"      {after - before:+,} by this key; its count was there {1000 * took:.1f} ms after it")
    end(2)


async def change_file(editor: Editor, uri: str, folder: Path) -> None:
    begin(3, "Another program writes to docs/style.md, which the prompt refers to.")
    before = editor.statuses[uri]["tokens"]
    included = folder / "docs" / "style.md"
    rule = "- One more rule, written by somebody else while the prompt is open."
    with included.open("a", encoding="utf-8") as file:
        file.write(f"{rule}\n")
    editor.tell("workspace/didChangeWatchedFiles", {"changes": [{"uri": included.as_uri(), "type": 2}]})
    await editor.ready(uri, lambda status: bool(status["tokens"] > before))
    console.print(f"\n      + {rule}\n", style="green")
    reference = editor.texts[uri].split("\n").index("@../docs/style.md")
    await print_document(editor, uri, frozenset({0, reference}))
    await print_total(editor, uri)
    end(3)


async def show_faults(editor: Editor, release_notes: str, review: str) -> None:
    begin(4, "What is wrong is said where it is.")
    for uri, codes in (
        (release_notes, {"reference.cycle", "reference.not-found", "variable.undefined"}),
        (review, {"budget"}),
    ):
        await editor.ready(uri)
        found = await editor.told(uri, codes)
        console.print(f"\n      prompts/{uri.rpartition('/')[2]}", style="dim")
        await print_document(editor, uri, frozenset(one["range"]["start"]["line"] for one in found))
        print_diagnostics(found)
    end(4)


NEXT = """\
Next:
  see it in your editor     README.md says how; then open the folder examples/
  count your own prompts    .venv/bin/weighbridge count FOLDER
  hold a budget in CI       .venv/bin/weighbridge check FOLDER --budget 8000"""


async def main() -> int:
    console.print(
        "Weighbridge shows how many tokens a model receives, while you type the prompt,\n"
        "with every file, API response and variable that the prompt refers to.\n"
    )
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
            code = await tour(folder, api_host, environment)
        finally:
            if api.returncode is None:
                api.terminate()
            await api.communicate()
    if not code:
        console.print(NEXT)
    return code


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
    triage, release_notes, review = (
        editor.open(folder / "prompts" / f"{name}.prompt.md")
        for name in ("triage", "release-notes", "review")
    )
    try:
        await show_prompt(editor, triage)
        await type_one_key(editor, triage)
        await change_file(editor, triage, folder)
        await show_faults(editor, release_notes, review)
        return await editor.stop()
    except Unexpected as error:
        raise Unexpected(f"{error}\n{editor.log()}".rstrip()) from error


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(main()))
    except Unexpected as error:
        sys.exit(f"demo: {error}")
