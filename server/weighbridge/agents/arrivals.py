"""What one file causes to arrive: its own entry with its label, and the entries that it imports.

file ──▶ how an agent would be started for it to load ──▶ context ──▶ those of its pieces that the file brings
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from weighbridge.agents.model import Agent, Context, Entry, Files, NotLoaded, Piece, Start

#: Folders whose files an agent looks for below the folder that it is started in.
_BELOW = ("skills", "commands", "rules", "agents", "instructions", "prompts", "output-styles")


@dataclass(frozen=True, slots=True)
class Arrival:
    """What arrives because of a file. `text`: byte for byte; of a file that does not load, the file's own.

    `folder`: the session folder. `entries`: the file's own first, as far as it loads, then those that it imports. `loads`:
    whether any of its own text arrives; `why`: why not, where that is known.
    """

    text: str
    folder: Path
    context: Context
    entries: tuple[Entry, ...] = ()
    loads: bool = True
    why: NotLoaded | None = None


def arrival(
    agent: Agent,
    path: Path,
    text: str,
    workspace: Path | None,
    home: Path,
    files: Files,
    environment: Mapping[str, str],
    load: Callable[[Start], Context] | None = None,
) -> Arrival:
    """What a file, whose text this is, brings to an agent that is started where it loads the file.

    That is the workspace's folder; else the folder that the file is for; else with the command or skill that it is.
    `load`: the agent's context, if others want it too.
    """
    real = files.real(path)
    fallback: Arrival | None = None
    for folder, prompt in dict.fromkeys(_starts(path, workspace)):
        start = Start(
            folder, home, environment, prompt=prompt, prompt_only=bool(prompt), inspected_files=(real,)
        )
        context = agent.load(start, files) if load is None else load(start)
        context = replace(
            context, ignored=tuple(ignored for ignored in context.ignored if files.real(ignored.path) == real)
        )
        own = _own_entries(context, real, files)
        if any(files.real(entry.path) == real for entry in own):
            brought = "\n".join(_brought(context, own))
            when_run = agent.brought_when_run(path, files.real(folder), files)
            context = replace(context, imports=(*context.imports, *when_run))
            return Arrival(brought, folder, context, own)
        why = next((file for file in context.not_loaded if files.real(file.path) == real), None)
        # Started above it, an agent need not know the file at all.
        if fallback is None or (fallback.why is None and why is not None):
            fallback = Arrival(text, folder, context, (), loads=False, why=why)
    assert fallback is not None  # noqa: S101  there is always the file's own folder
    return fallback


def _starts(path: Path, workspace: Path | None) -> Iterator[tuple[Path, str]]:
    """How an agent might be started to load a file: in which folder, with which first words."""
    if workspace is not None:
        yield workspace, ""
    inside_of = workspace if workspace is not None and path.is_relative_to(workspace) else None
    folders = (path if inside_of is None else path.relative_to(inside_of)).parts[:-1]
    of_an_agent = any(name.startswith(".") for name in folders)
    if inside_of is not None and path.name == "SKILL.md" and not of_an_agent:
        # A plugin's, or one to be copied somewhere.
        return
    place, inside = path.parent, False
    for folder in path.parents:
        if folder == inside_of:
            # Whatever it is called.
            break
        if folder.name.startswith(".") or folder.name in _BELOW:
            place, inside = folder.parent, True
        elif inside:
            break
    yield place, ""
    if path.name == "SKILL.md":
        yield place, f"/{path.parent.name}"
    elif "commands" in path.parts:
        at = len(path.parts) - 1 - path.parts[::-1].index("commands")
        yield place, f"/{':'.join([*path.parts[at + 1 : -1], path.stem])}"
    if not of_an_agent:
        # A folder of any name may hold a chain's file.
        yield path.parent, ""


def _own_entries(context: Context, real: Path, files: Files) -> tuple[Entry, ...]:
    """The entries of a file, and those that it imports, however deep; in the order in which they arrive."""
    own: list[Entry] = []
    paths: set[Path] = set()
    for entry in context.entries:
        if files.real(entry.path) == real or entry.imported_by in paths:
            own.append(entry)
            paths.add(entry.path)
    return tuple(own)


def _brought(context: Context, own: Sequence[Entry]) -> Iterator[str]:
    """Of each part that holds any of these entries: their text, with the labels around them."""
    numbers = {id(entry) for entry in own}
    for part in context.parts:
        text = "".join(
            _with_labels([piece for piece in part.pieces if piece.text or piece.entry is not None], numbers)
        )
        if text:
            yield text


def _with_labels(pieces: Sequence[Piece], own: set[int]) -> Iterator[str]:
    """The text of these entries in a part, with their labels.

    A single label between two entries belongs to the second; of several, the first closes the entry before.
    """
    before = False
    labels: list[str] = []
    begun = False
    for piece in pieces:
        if piece.entry is None:
            labels.append(piece.text)
            continue
        mine = id(piece.entry) in own
        closing = 1 if begun and len(labels) > 1 else 0
        yield from labels[:closing] if before else ()
        yield from labels[closing:] if mine else ()
        if mine:
            yield piece.text
        before, labels, begun = mine, [], True
    yield from labels if before else ()


def shown_path(path: Path, folder: Path) -> str:
    """A path as people read it: relative to the session folder if it lies in it."""
    return os.path.relpath(path, folder) if path.is_relative_to(folder) else os.fspath(path)
