"""8. What an editor asks while one types: each feature's answer when all is warm."""

import time
from pathlib import Path
from typing import Any

from bench.baseline import quantile
from bench.client import Server
from bench.figures import Results

_SECTIONS = 100
#: What is told of an item, and what an action does, is worked out when it is asked for.
_RESOLVES = {
    "inlayHint": {"resolveSupport": {"properties": ["tooltip", "label.location"]}},
    "completion": {"completionItem": {"resolveSupport": {"properties": ["detail"]}}},
    "codeAction": {
        "codeActionLiteralSupport": {"codeActionKind": {"valueSet": [""]}},
        "dataSupport": True,
        "resolveSupport": {"properties": ["edit"]},
    },
}


def run(results: Results, folder: Path) -> None:
    """Measure."""
    place = folder / "answers"
    (place / "docs").mkdir(parents=True)
    for number in range(100):
        (place / "docs" / f"{number}.md").write_text(f"# Part {number}\n\n" + "some words of it\n" * 20)
    text = "".join(
        f"## Section {number}\n\n" + "words and words\n" * 30 + f"@[file:docs/{number}.md] {{{{name:x}}}}\n\n"
        for number in range(_SECTIONS)
    )
    path = place / "asked.prompt.md"
    path.write_text(text)
    server = Server.spawn(place, folder / "answers-cache")
    try:
        server.start(place, {"codeLens": True}, text_document=_RESOLVES)
        uri = path.as_uri()
        server.open(uri, text)
        server.count(uri)
        document = {"textDocument": {"uri": uri}}
        line = next(number for number, one in enumerate(text.split("\n")) if one.startswith("@[file:docs/50"))
        at = {**document, "position": {"line": line, "character": 14}}
        screen = {"start": {"line": line - 30, "character": 0}, "end": {"line": line + 30, "character": 0}}
        (item,) = server.ask("textDocument/prepareCallHierarchy", at)
        hint = server.ask("textDocument/inlayHint", {**document, "range": screen})[0]
        choice = server.ask("textDocument/completion", at)["items"][-1]
        selected = {"start": at["position"], "end": at["position"]}
        (action, *_) = server.ask(
            "textDocument/codeAction", {**document, "range": selected, "context": {"diagnostics": []}}
        )
        variable = {**document, "position": {"line": line, "character": len("@[file:docs/50.md] {{n")}}
        moved = {
            "oldUri": (place / "docs" / "50.md").as_uri(),
            "newUri": (place / "docs" / "51a.md").as_uri(),
        }
        asked: dict[str, Any] = {
            "textDocument/hover": at,
            "textDocument/inlayHint": {**document, "range": screen},
            "textDocument/codeLens": document,
            "textDocument/completion": at,
            "textDocument/definition": at,
            "textDocument/documentLink": document,
            "textDocument/documentSymbol": document,
            "textDocument/references": {**at, "context": {"includeDeclaration": True}},
            "callHierarchy/incomingCalls": {"item": item},
            "textDocument/codeAction": {
                **document,
                "range": selected,
                "context": {"diagnostics": []},
            },
            "textDocument/prepareRename": at,
            "textDocument/semanticTokens/range": {**document, "range": screen},
            "textDocument/semanticTokens/full": document,
            "textDocument/diagnostic": document,
            "textDocument/prepareCallHierarchy": at,
            "callHierarchy/outgoingCalls": {"item": {**item, "uri": uri}},
            "inlayHint/resolve": hint,
            "completionItem/resolve": choice,
            "codeAction/resolve": action,
            "textDocument/rename": {**variable, "newName": "other"},
            "workspace/willRenameFiles": {"files": [moved]},
            "workspace/symbol": {"query": "part"},
            "weighbridge/report": document,
            "weighbridge/count": {**document, "ranges": [screen]},
        }
        server.ask("workspace/executeCommand", {"command": "weighbridge.toggleTokens", "arguments": []})
        server.ask("workspace/symbol", {"query": ""})
        times = 50 if results.quick else 300
        for method, params in asked.items():
            results.tell(f"answers: {method}")
            seconds = []
            for _ in range(times):
                start = time.perf_counter()
                server.ask(method, params)
                seconds.append(time.perf_counter() - start)
            note = f"median {quantile(seconds, 0.5) * 1000:.2f} ms, most {max(seconds) * 1000:.1f}"
            what = f"{_SECTIONS} sections, 100 files"
            results.add(f"8/{method}", what, method, quantile(seconds, 0.95) * 1000, "ms", None, note)
    finally:
        server.stop()
