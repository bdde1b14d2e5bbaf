"""What in a file looks like an import and brings nothing, with the reason and what to write instead: for agents that splice."""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePath

from weighbridge.agents.claude_ignored import CANDIDATE, MOST_LOOKED_AT, TEXTS, bare, mark_reason, spaced
from weighbridge.agents.folders import lies_in
from weighbridge.agents.model import Files, Ignored, Importance, Imports

#: The characters that most paths are made of.
_USUAL = re.compile(r"[\w./ +@-]*")


@dataclass(frozen=True, slots=True)
class Tried:
    """An import that an agent finds in a text. `why`: why nothing comes if it names a file, empty if something comes."""

    target: str
    why: str | None


def passed_over(
    path: Path,
    text: str,
    imports: Imports | None,
    tried: Mapping[int, Tried],
    files: Files,
    top: Path,
    overlooked: Callable[[int, str], tuple[str, Importance]],
) -> Iterator[Ignored]:
    """The places in a file's text that look like imports and bring nothing.

    `imports`: how such a file imports others, None where it can't. `tried`: those that the agent finds, by where they start.
    `top`: the folder in which they must lie. `overlooked`: why the agent finds no import of a file where one seems to start,
    and how sure it is meant.
    """
    folder = files.real(path).parent

    def is_there(name: str) -> bool:
        return files.size(Path(os.path.normpath(folder / name))) is not None

    def is_importable(name: str) -> bool:
        inside = lies_in(files.real(Path(os.path.normpath(folder / name))), top)
        return bool(name) and inside and is_there(name)

    for found in islice(CANDIDATE.finditer(text), MOST_LOOKED_AT):
        start, one = found.start(), tried.get(found.start())
        if one is not None and one.why == "":
            continue
        plain = found[1].strip('"').replace("\\ ", " ")
        usual = _USUAL.match(plain)
        name = next(filter(is_importable, (bare(plain), bare(usual[0] if usual else ""))), None)
        if one is not None:
            why = one.why if one.why and is_there(one.target) else None
            yield from _tried_in_vain(path, found, one.target, why, name)
        elif name is not None:
            reason, importance = overlooked(start, name)
            written = None if imports is None or name.startswith("/") else imports.written(name)
            end = start + 1 + len(name)
            if importance is not Importance.HINT and "\\ " in found[1]:
                reason, importance = "a space ends the path here", Importance.CERTAIN
                end = found.end()
            elif found[1].startswith('"'):
                end = found.end()
            if importance is Importance.HINT:
                written = None
            instead = None if written is None else spaced(written, text, start, end)
            yield Ignored(path, start, end, reason, importance, instead)


def _tried_in_vain(
    path: Path, found: re.Match[str], target: str, why: str | None, name: str | None
) -> Iterator[Ignored]:
    """Why an import that an agent finds brings nothing. `name`: the file that seems to be meant, None where there is none."""
    start, end = found.start(), found.start() + 1 + len(target)
    if why is not None:
        yield Ignored(path, start, end, why, Importance.CERTAIN)
    elif name is None:
        if PurePath(target).suffix.lower() in TEXTS:
            reason = f"no such file: {target} is looked for beside {path.name}"
            yield Ignored(path, start, end, reason, Importance.HINT)
    elif target.startswith(name):
        instead = f"@{name} {found[1][len(name) :]}"
        yield Ignored(path, start, found.end(), mark_reason(found[1], name), Importance.CERTAIN, instead)
    else:
        stop = name[len(target.rstrip("\\")) :][:1]
        reason = f"the path ends before {'the space' if stop == ' ' else stop} here"
        yield Ignored(path, start, found.end(), reason, Importance.CERTAIN)
