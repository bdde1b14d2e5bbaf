"""What agents load in a folder, counted: `weighbridge context`."""

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from weighbridge.agents import AGENTS
from weighbridge.agents.folders import git_root
from weighbridge.agents.model import Agent, Context, Start
from weighbridge.content.agent_files import AgentFiles
from weighbridge.session.prepared import Choice
from weighbridge.tokens.base import Exactness
from weighbridge.tokens.registry import tokenizer as tokenizer_of


@dataclass(frozen=True, slots=True)
class Loaded:
    """An agent's context in a folder, and the paths that it would have read and Weighbridge does not open."""

    agent: Agent
    folder: Path
    context: Context
    refused: tuple[Path, ...]


def load(
    agents: Iterable[Agent],
    folder: Path,
    home: Path,
    *,
    environment: Mapping[str, str] | None = None,
    arguments: tuple[str, ...] = (),
    file_roots: Sequence[Path] = (),
) -> list[Loaded]:
    """What each agent loads when it is started in a folder.

    Files are opened in the folder's repository (the folder alone without one), in `file_roots`, in the agents' folders of
    the home; and above those, files that the agents' rules name themselves.
    """
    loaded: list[Loaded] = []
    for agent in agents:
        trusted = tuple(home / name for name in agent.home_folders)
        files = AgentFiles((folder, *file_roots), trusted)
        root = git_root(files.real(folder), files) or folder
        files.roots = (root, folder, *file_roots)
        start = Start(folder, home, os.environ if environment is None else environment, arguments)
        context = agent.load(start, files)
        loaded.append(Loaded(agent, folder, context, tuple(dict.fromkeys(files.refused))))
    return loaded


def rendered(context: Context) -> bytes:
    """The context's parts, byte for byte, with a line feed between two parts."""
    return "\n".join(part.text for part in context.parts).encode("utf-8", "surrogatepass")


def counted(contexts: Iterable[Loaded], choice: Choice | None, *, texts: bool) -> list[dict[str, Any]]:
    """Contexts as the JSON that `weighbridge context` and the language server give; `texts`: with what arrives.

    `choice`: by what all are counted; None: each by the encoding of the models that its agent is mostly used with.
    """
    return [_as_json(loaded, choice, texts=texts) for loaded in contexts]


def _as_json(loaded: Loaded, choice: Choice | None, *, texts: bool) -> dict[str, Any]:
    tokenizer = tokenizer_of(loaded.agent.encoding if choice is None else choice.encoding)
    if choice is not None:
        exactness = choice.exactness(tokenizer)
    else:
        exactness = tokenizer.exactness if loaded.agent.exact else Exactness.ESTIMATE
    parts = [
        {"where": part.where, "tokens": tokenizer.count(part.text), **({"text": part.text} if texts else {})}
        for part in loaded.context.parts
    ]
    refused = [
        {"path": str(path), "reason": "outside the folders that Weighbridge may read"}
        for path in loaded.refused
    ]
    return {
        "agent": loaded.agent.name,
        "as_of": loaded.agent.as_of,
        "folder": str(loaded.folder),
        "tokens": sum(part["tokens"] for part in parts),
        "model": None if choice is None else choice.name,
        "encoding": tokenizer.name,
        "exactness": exactness.value,
        "parts": parts,
        "entries": [
            {
                "path": str(entry.path),
                "kind": entry.kind,
                "tokens": tokenizer.count(entry.text),
                "imported_by": None if entry.imported_by is None else str(entry.imported_by),
                "lost": None
                if entry.lost is None
                else {
                    "code": entry.lost.code.value,
                    "line": entry.lost.line,
                    "character": entry.lost.character,
                    "tokens": tokenizer.count(entry.lost.text),
                },
            }
            for entry in loaded.context.entries
        ],
        "not_loaded": [
            *({"path": str(one.path), "reason": one.reason} for one in loaded.context.not_loaded),
            *refused,
        ],
    }


def print_contexts(contexts: Sequence[Mapping[str, Any]]) -> None:
    """A table for people: each agent's files with their tokens, what is lost and what does not load."""
    write = sys.stdout.write
    for at, context in enumerate(contexts):
        agent = AGENTS[context["agent"]]
        about = "" if context["exactness"] == "exact" else "≈"
        source = agent.as_of if agent.recorded else f"{agent.as_of}, as read, not recorded"
        write(f"{chr(10) if at else ''}{agent.title} ({source})  {about}{context['tokens']:,} tokens\n")
        folder = Path(context["folder"])
        for entry in context["entries"]:
            lost = entry["lost"]
            note = (
                ""
                if lost is None
                else f"  cut at line {lost['line'] + 1}: {lost['tokens']:,} tokens never arrive"
            )
            via = (
                ""
                if entry["imported_by"] is None
                else f"  (imported by {_shown(entry['imported_by'], folder)})"
            )
            write(f"{entry['tokens']:>10,}  {_shown(entry['path'], folder)}{via}{note}\n")
        for one in context["not_loaded"]:
            write(f"{'-':>10}  {_shown(one['path'], folder)}: {one['reason']}\n")


def _shown(path: str, folder: Path) -> str:
    try:
        return str(Path(path).relative_to(folder))
    except ValueError:
        return path
