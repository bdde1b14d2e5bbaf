"""9. A workspace of twenty thousand prompts: what is asked about all of them, and the command line over it.

Figures are processor time: of the server from a question to its answer, and of the command from its start to its end.
`python -m bench.crowd FOLDER [PROMPTS]` only writes such a workspace.
"""

import os
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from bench.baseline import quantile
from bench.client import Server
from bench.corpora import prose
from bench.figures import Results

PROMPTS: Final = 20_000
#: Prompts of one folder; files that many of them include; notes that are no prompts and name some of them.
_IN_A_FOLDER, _SHARED, _NOTES = 50, 400, 500
_TEXT: Final = 1_200
_CAPABILITIES: Final = {
    "diagnostic": {},
    "codeAction": {
        "codeActionLiteralSupport": {"codeActionKind": {"valueSet": [""]}},
        "dataSupport": True,
        "resolveSupport": {"properties": ["edit"]},
    },
}


def write_workspace(folder: Path, prompts: int = PROMPTS) -> Path:
    """Write prompts that include shared files and each other, and others that refer to nothing; one in a hundred is broken.

    Returns a prompt with references to all kinds of things.
    """
    chance = random.Random(f"crowd {prompts}")
    texts = [prose(_TEXT, seed) for seed in range(50)]

    def write(name: str, text: str) -> Path:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    write("weighbridge.toml", '[variables]\nteam = "crowd"\n')
    for number in range(_SHARED):
        nested = f"\n@[file:part-{number + 1}.md]\n" if number % 4 == 0 else ""
        write(f"shared/part-{number}.md", f"# Shared {number}\n\n{chance.choice(texts)[:500]}{nested}\n")
    for number in range(prompts):
        name, depth = _name(number), "../../"
        text = f"# Prompt {number}\n\n{chance.choice(texts)}\n\n## Rules of {number % 97}\n\nBe short, {number}.\n"
        if number % 2:
            text += f"\n@[file:{depth}shared/part-{chance.randrange(_SHARED)}.md] for {{{{team:x}}}}\n"
        if number % 10 == 1:
            text += f"\nSee @[file:{depth}{_name(chance.randrange(prompts))}].\n"
        if number % 100 == 3:
            text += f"\n@[file:{depth}shared/prat-{number}.md]\n"
        write(name, text)
    for number in range(_NOTES):
        write(
            f"notes/{number}.md", f"# Note {number}\n\nSee @[file:../{_name(chance.randrange(prompts))}].\n"
        )
    return write(
        "asked.prompt.md",
        "# Asked\n\n@[file:shared/part-7.md] {{team:x}}\n@[file:shared/prat-8.md]\n\n## Rules of it\n",
    )


def _name(number: int) -> str:
    folder = number // _IN_A_FOLDER
    return f"team-{folder // 20:02}/area-{folder:03}/part-{number:05}.prompt.md"


def run(results: Results, folder: Path) -> None:
    """Measure."""
    count = 2_000 if results.quick else PROMPTS
    place = folder / "crowd"
    results.tell("crowd: writing files")
    asked = write_workspace(place, count)
    what = f"{count:,} prompts"
    _run_the_command(results, place, what)
    server = Server.spawn(place, folder / "crowd-cache")
    try:
        server.start(place, {"workspaceDiagnostics": True}, text_document=_CAPABILITIES)
        uri, text = asked.as_uri(), asked.read_text(encoding="utf-8")
        server.open(uri, text)
        server.count(uri)
        results.tell("crowd: weighing all")
        before = time.perf_counter(), server.processor_seconds()
        server.ask("workspace/diagnostic", {"previousResultIds": []})
        _add(results, "weighed", what, "all weighed once", before, server)
        _ask_all(results, server, place, what, uri, results.quick)
        results.add("9/memory", what, "memory of the server", server.resident_mb(), "MB")
    finally:
        server.stop()


def _ask_all(results: Results, server: Server, place: Path, what: str, uri: str, quick: bool) -> None:
    document = {"textDocument": {"uri": uri}}
    shared = {**document, "position": {"line": 2, "character": 10}}
    broken = {"start": {"line": 3, "character": 3}, "end": {"line": 3, "character": 3}}
    (item,) = server.ask("textDocument/prepareCallHierarchy", shared)
    moved = {
        "oldUri": (place / "shared/part-7.md").as_uri(),
        "newUri": (place / "shared/moved.md").as_uri(),
    }
    questions: dict[str, tuple[str, Any]] = {
        "a shared file's references": (
            "textDocument/references",
            {**shared, "context": {"includeDeclaration": True}},
        ),
        "who includes it": ("callHierarchy/incomingCalls", {"item": item}),
        "what it includes": ("callHierarchy/outgoingCalls", {"item": item}),
        "symbols": ("workspace/symbol", {"query": "rules of 96"}),
        "symbols, letters apart": ("workspace/symbol", {"query": "pmt199"}),
        "what can be done about a broken reference": (
            "textDocument/codeAction",
            {**document, "range": broken, "context": {"diagnostics": []}},
        ),
        "a document's diagnostics": ("textDocument/diagnostic", document),
        "a move": ("workspace/willRenameFiles", {"files": [moved]}),
    }
    for who, (method, params) in questions.items():
        results.tell(f"crowd: {who}")
        begun = time.perf_counter(), server.processor_seconds()
        server.ask(method, params)
        _add(results, f"{method}/{who}/first", what, f"{who}, first", begun, server)
        costs: list[float] = []
        start = time.perf_counter()
        while len(costs) < (5 if quick else 20) and time.perf_counter() - start < 30:
            before = server.processor_seconds()
            server.ask(method, params)
            costs.append(server.processor_seconds() - before)
        note = f"most {max(costs) * 1000:.1f}, {len(costs)} times"
        results.add(f"9/{method}/{who}", what, who, quantile(costs, 0.5) * 1000, "ms", None, note)


def _add(results: Results, key: str, what: str, who: str, begun: tuple[float, float], server: Server) -> None:
    seconds, cost = time.perf_counter() - begun[0], server.processor_seconds() - begun[1]
    results.add(f"9/{key}", what, who, cost * 1000, "ms", None, f"{seconds * 1000:.0f} ms by the clock")


def _run_the_command(results: Results, place: Path, what: str) -> None:
    environment = {**os.environ, "XDG_CACHE_HOME": str(place.parent / "crowd-command-cache")}
    for key, arguments in (
        ("first", ["count", "--format", "json", "."]),
        ("table", ["count", "."]),
        ("json", ["count", "--format", "json", "."]),
        ("check", ["check", "."]),
    ):
        results.tell(f"crowd: weighbridge {' '.join(arguments)}")

        def work(arguments: list[str] = arguments) -> object:
            return subprocess.run(
                [sys.executable, "-m", "weighbridge.cli", *arguments],
                cwd=place,
                env=environment,
                stdout=subprocess.DEVNULL,
                check=True,
            )

        cost, seconds = seconds_of_children(work)
        who = f"weighbridge {' '.join(arguments)}, {'cold' if key == 'first' else 'warm'}"
        results.add(f"9/command/{key}", what, who, cost, "s", None, f"{seconds:.1f} s by the clock")


def seconds_of_children(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds of processor time that children took for some work, and seconds by the clock."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    work()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cost = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cost, time.perf_counter() - start


if __name__ == "__main__":
    write_workspace(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else PROMPTS)
