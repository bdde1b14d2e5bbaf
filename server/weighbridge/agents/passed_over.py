"""What in a file looks like an import and brings nothing, with the reason and what to write instead: for agents that splice."""

import os
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice
from pathlib import Path, PurePath

from weighbridge.agents.claude_ignored import CANDIDATE, MOST_LOOKED_AT, TEXTS, bare, mark_reason, spaced
from weighbridge.agents.folders import lies_in
from weighbridge.agents.model import Files, Ignored, Importance, Imports

#: The characters that most paths are made of.
_USUAL = re.compile(r"[\w./ +@-]*")
_HOME_REASON = "~ is not taken for your home folder here"


@dataclass(frozen=True, slots=True)
class Tried:
    """An import that an agent finds in a text. `why`: why nothing comes if it names a file, empty if something comes.

    `missing`: what comes of it where it names no file, if that is not its own words.
    """

    target: str
    why: str | None
    missing: str = ""


def passed_over(
    path: Path,
    text: str,
    imports: Imports | None,
    tried: Mapping[int, Tried],
    files: Files,
    top: Path,
    overlooked: Callable[[int, str], tuple[str, Importance]],
    regions: Callable[[str], Sequence[tuple[int, int]]] = lambda text: (),
) -> Iterator[Ignored]:
    """The places in a file's text that look like imports and bring nothing.

    `imports`: how such a file imports others, None where it can't. `tried`: those that the agent finds, by where they start.
    `top`: the folder in which they must lie. `overlooked`: why the agent finds no import of a file where one seems to start,
    and how sure it is meant. `regions`: the code in a text, in order.
    """
    folder = files.real(path).parent if imports is None else imports.folder_of(path, files)
    code: Sequence[tuple[int, int]] | None = None

    # The same names stand in a text again and again.
    @cache
    def is_there(name: str) -> bool:
        return files.size(Path(os.path.normpath(folder / name))) is not None

    @cache
    def is_importable(name: str) -> bool:
        inside = lies_in(files.real(Path(os.path.normpath(folder / name))), top)
        return bool(name) and inside and is_there(name)

    def why(start: int, name: str) -> tuple[str, Importance]:
        nonlocal code
        code = regions(text) if code is None else code
        before = bisect_right(code, start, key=lambda region: region[0])
        if before and start < code[before - 1][1]:
            return "it stands in code", Importance.HINT
        return overlooked(start, name)

    for match in islice(CANDIDATE.finditer(text), MOST_LOOKED_AT):
        start, attempt = match.start(), tried.get(match.start())
        if attempt is not None and attempt.why == "":
            continue
        plain = match[1].strip('"').replace("\\ ", " ")
        usual = _USUAL.match(plain)
        name = next(filter(is_importable, (bare(plain), bare(usual[0] if usual else ""))), None)
        if attempt is not None:
            target_is_there = attempt.why and is_there(attempt.target)
            yield from _tried_in_vain(
                path, match, attempt if target_is_there else replace(attempt, why=None), name
            )
        elif name is not None:
            yield _overlooked(path, text, match, name, why(start, name), imports)
        elif plain.startswith("~/") and PurePath(bare(plain)).suffix.lower() in TEXTS:
            reason, importance = why(start, plain)
            shown_reason = _HOME_REASON if imports and importance is not Importance.HINT else reason
            yield Ignored(path, start, match.end(), shown_reason, Importance.HINT)


def _overlooked(
    path: Path,
    text: str,
    match: re.Match[str],
    name: str,
    why: tuple[str, Importance],
    imports: Imports | None,
) -> Ignored:
    """The notice about a place where an agent finds no import of a file, with the reason."""
    (reason, importance), start = why, match.start()
    written = None if imports is None or name.startswith("/") else imports.written(name)
    end = start + 1 + len(name)
    if importance is not Importance.HINT and "\\ " in match[1]:
        reason, importance = "a space ends the path here", Importance.CERTAIN
        end = match.end()
    elif match[1].startswith('"'):
        end = match.end()
    if importance is Importance.HINT:
        written = None
    instead = None if written is None else spaced(written, text, start, end)
    return Ignored(path, start, end, reason, importance, instead)


def _tried_in_vain(path: Path, match: re.Match[str], attempt: Tried, name: str | None) -> Iterator[Ignored]:
    """The notice about an import that an agent finds and that brings nothing.

    `name`: the file that seems to be meant, None where there is none.
    """
    target = attempt.target
    start, end = match.start(), match.start() + 1 + len(target)
    if attempt.why is not None:
        yield Ignored(path, start, end, attempt.why, Importance.CERTAIN)
    elif name is None:
        if attempt.missing:
            yield Ignored(path, start, end, f"no such file: {attempt.missing}", Importance.HINT)
        elif PurePath(target).suffix.lower() in TEXTS:
            reason = f"no such file: {target} is looked for beside {path.name}"
            yield Ignored(path, start, end, reason, Importance.HINT)
    elif target.startswith(name):
        instead = f"@{name} {match[1][len(name) :]}"
        yield Ignored(path, start, match.end(), mark_reason(match[1], name), Importance.CERTAIN, instead)
    else:
        stop = name[len(target.rstrip("\\")) :][:1]
        reason = f"the path ends before {'the space' if stop == ' ' else stop} here"
        yield Ignored(path, start, match.end(), reason, Importance.CERTAIN)
