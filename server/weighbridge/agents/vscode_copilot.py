"""VS Code's Copilot chat: instruction files as attachments. Read in its source, not recorded.

Rules and derived cases: `tests/agents/wire/vscode-copilot.jsonl`.
"""

import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from weighbridge.agents.folders import git_root, lies_in
from weighbridge.agents.model import Agent, Context, Entry, Files, NotLoaded, Part, Piece, Start
from weighbridge.agents.skills import front_matter
from weighbridge.agents.text import (
    JS_SPACE_CLASS,
    anywhere,
    js_trim,
    json_object,
    read_text,
    split_patterns,
    unix_lines,
)

_USER = ".config/Code/User"
#: Files by their folder in the workspace and their name, in any letter case; and the setting that each hangs on.
_NAMES = (
    (".github", "copilot-instructions.md", "github.copilot.chat.codeGeneration.useInstructionFiles"),
    ("", "AGENTS.md", "chat.useAgentsMdFile"),
    ("", "CLAUDE.md", "chat.useClaudeMdFile"),
    (".claude", "CLAUDE.md", "chat.useClaudeMdFile"),
    ("", "CLAUDE.local.md", "chat.useClaudeMdFile"),
)
_ALWAYS = ("**", "**/*", "*")
#: Endings of the files whose own links are followed.
_LINKING = (".prompt.md", ".instructions.md", ".agent.md", ".chatmode.md")
_LINE_ENDS = re.compile(r"[\r\n\u2028\u2029]")
_FILE = re.compile(f"#file:([^{JS_SPACE_CLASS}#]+)", re.IGNORECASE)
_SCHEME = re.compile("[a-zA-Z]+:/")
_COMMAND = re.compile(f"[{JS_SPACE_CLASS}]*/([^{JS_SPACE_CLASS}/]+)(.*)", re.DOTALL)
_BORDER = re.compile(f"[\r\n]---[{JS_SPACE_CLASS}]*")


def load(start: Start, files: Files) -> Context:
    """What Copilot chat puts into its first request, as far as files decide it."""
    folder = files.real(start.folder)
    root = git_root(folder, files) or folder
    settings = json_object(files.read(start.home / _USER / "settings.json"))
    settings |= json_object(files.read(root / ".vscode" / "settings.json"))
    applying = settings.get("chat.includeApplyingInstructions") is not False
    loader = _Loader(files, root, linked=settings.get("chat.includeReferencedInstructions") is True)
    holder = root / ".github" / "instructions"
    rules = [holder / name for name in files.names(holder) if name.endswith(".instructions.md")]
    loader.follow([path for path in rules if loader.rule(path, applying=applying)])
    for below, name, setting in _NAMES:
        if settings.get(setting) is False:
            continue
        places = [(root / below, "project")]
        places += [(start.home / below, "user")] if below == ".claude" else []
        for place, kind in places:
            # Usual spellings: a folder that is listed is looked at anew whenever anything in it changes.
            spelled = (place / form for form in dict.fromkeys((name, name.lower(), name.capitalize())))
            path = next((path for path in spelled if files.size(path) is not None), None)
            if path is not None:
                loader.attach(path, kind)
                loader.follow([path] if below == ".github" else [])
    where = "system (setting customInstructionsInSystemMessage, default true)"
    attached = (Piece("<instructions>\n"), *loader.pieces, Piece("</instructions>")) if loader.pieces else ()
    parts = (
        Part(where, attached),
        Part(where, tuple(loader.index)),
        Part("user message", _prompt(start, files, root)),
    )
    return Context(tuple(part for part in parts if part.pieces), tuple(loader.not_loaded))


@dataclass(slots=True)
class _Loader:
    """One start: the files and texts that were met, and the index of instruction files. `linked`: whether links are followed."""

    files: Files
    root: Path
    linked: bool
    pieces: list[Piece] = field(default_factory=list)
    index: list[Piece] = field(default_factory=list)
    not_loaded: list[NotLoaded] = field(default_factory=list)
    _texts: set[str] = field(default_factory=set)
    _paths: set[Path] = field(default_factory=set)

    def attach(self, path: Path, kind: str, importer: Path | None = None) -> None:
        """Attach a file, once. `importer`: the file that links to it."""
        if path in self._paths:
            return
        self._paths.add(path)
        text = js_trim(read_text(self.files, path, own=importer is None) or "")
        if text in self._texts:
            self.not_loaded.append(NotLoaded(path, "the same text as another file, which is sent once"))
        elif text:
            self._texts.add(text)
            self.pieces += [
                Piece(f"<attachment filePath={_quoted(str(path))}>\n"),
                Piece(text, Entry(path, kind, text, importer)),
                Piece("\n</attachment>\n"),
            ]

    def rule(self, path: Path, *, applying: bool) -> bool:
        """Whether an instruction file is attached, which is in the index anyway. `applying`: whether any may be."""
        text = read_text(self.files, path)
        if text is None:
            return False
        # What is not closed is front matter to the end.
        values = front_matter(f"{unix_lines(text)}\n---", lenient=True) or {}
        described, pattern = (
            value if isinstance(value, str) else ""
            for value in (values.get("description"), values.get("applyTo"))
        )
        patterns = [js_trim(part) for part in split_patterns(pattern)]
        attached = applying and any(part in _ALWAYS for part in patterns)
        if attached:
            self.attach(path, "rule")
        elif not applying:
            self.not_loaded.append(NotLoaded(path, "chat.includeApplyingInstructions is off"))
        elif pattern:
            reason = f"applies to {pattern}"
            self.not_loaded.append(NotLoaded(path, reason, patterns=anywhere(patterns), folder=self.root))
        else:
            self.not_loaded.append(NotLoaded(path, "has no applyTo: never by itself"))
        description = f"<description>{described}</description>\n" if described else ""
        applies = f"<applyTo>{pattern}</applyTo>\n" if pattern else ""
        between = "\n" if self.index else ""
        self.index.append(
            Piece(f"{between}<instruction>\n{description}<file>{path}</file>\n{applies}</instruction>")
        )
        return attached

    def follow(self, paths: Sequence[Path]) -> None:
        """Attach what attached files link to, and what such files link to that are instructions themselves."""
        first, todo, seen = frozenset(paths), list(paths), set(paths)
        while todo and self.linked:
            path = todo.pop()
            for target in _links(_body(read_text(self.files, path, own=path in first) or "")):
                place = Path(os.path.normpath(path.parent / target))
                links_on = place.name.endswith(_LINKING) or place.name.lower() == "skill.md"
                if _SCHEME.match(target) or place in seen or not (links_on or lies_in(place, self.root)):
                    continue
                seen.add(place)
                if self.files.size(place) is not None:
                    todo += [place] if links_on else []
                    self.attach(place, "import", path)


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _body(text: str) -> str:
    """A text without its front matter, which goes to the end where it is not closed."""
    lines = unix_lines(text).split("\n")
    if lines[0].rstrip() != "---":
        return text
    ends = (at for at, line in enumerate(lines) if at and line.rstrip() == "---")
    return "\n".join(lines[next(ends, len(lines)) + 1 :])


def _links(text: str) -> Iterator[str]:
    """What a text's links name, code or not: `[text](target)` without `!` before it, and `#file:target` outside these."""
    for line in _LINE_ENDS.split(text):
        found: list[tuple[int, str]] = []
        spans: list[tuple[int, int]] = []
        at = line.find("[")
        while at >= 0:
            middle = line.find("](", at + 1)
            end = line.find(")", middle + 3)
            if middle < 0 or end < 0:
                break
            if line[at - 1 : at] != "!":
                found.append((middle + 2, line[middle + 2 : end]))
                spans.append((at, end + 1))
            at = line.find("[", end + 1)
        number = 0
        for match in _FILE.finditer(line):
            while number < len(spans) and spans[number][1] < match.start():
                number += 1
            if number == len(spans) or match.end() < spans[number][0]:
                found.append((match.start(1), match[1]))
        yield from (target for _, target in sorted(found))


def _prompt(start: Start, files: Files, root: Path) -> tuple[Piece, ...]:
    """The prompt file that a typed `/name` names, with what is said in its place; empty where there is none."""
    typed = _COMMAND.fullmatch(start.prompt)
    name = "" if typed is None else f"{typed[1]}.prompt.md"
    for path in (root / ".github" / "prompts" / name, start.home / _USER / "prompts" / name):
        text = read_text(files, path) if typed else None
        if typed is None or text is None:
            continue
        border = _BORDER.search(text, 3) if text[:3] == "---" and text[3:4].isspace() else None
        body = text if border is None else text[border.end() :]
        arguments = js_trim(typed[2])
        said = f" with these arguments: {arguments}" if arguments else ""
        return (
            Piece(f"<attachment id={_quoted(f'prompt:{name}')} filePath={_quoted(str(path))}>\n"),
            Piece("Prompt instructions file:\n"),
            Piece(body, Entry(path, "prompt", body)),
            Piece(f"\n</attachment>\nFollow instructions in #prompt:{name}{said}"),
        )
    return ()


VSCODE_COPILOT = Agent(
    "vscode-copilot", "Copilot in VS Code", "0.42.0", load, (".claude", _USER), recorded=False
)
