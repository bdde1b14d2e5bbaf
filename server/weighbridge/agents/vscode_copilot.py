"""VS Code's Copilot chat: instruction files as attachments. Read in its source, not recorded.

Rules and derived cases: `tests/agents/wire/vscode-copilot.jsonl`.
"""

from dataclasses import dataclass, field
from pathlib import Path

from weighbridge.agents.folders import git_root
from weighbridge.agents.model import Agent, Context, Entry, Files, NotLoaded, Part, Piece, Start
from weighbridge.agents.skills import front_matter
from weighbridge.agents.text import anywhere, js_trim, read_text, unix_lines

_NAMES = (".github/copilot-instructions.md", "AGENTS.md", "CLAUDE.md", ".claude/CLAUDE.md", "CLAUDE.local.md")
_ALWAYS = ("**", "**/*", "*")


def load(start: Start, files: Files) -> Context:
    """What Copilot chat puts into its first request, as far as files decide it."""
    folder = files.real(start.folder)
    root = git_root(folder, files) or folder
    loader = _Loader(files, root)
    for name in _NAMES:
        loader.attach(root / name, "project")
    loader.attach(start.home / ".claude" / "CLAUDE.md", "user")
    holder = root / ".github" / "instructions"
    for name in files.names(holder):
        if name.endswith(".instructions.md"):
            loader.rule(holder / name)
    where = "system (setting customInstructionsInSystemMessage, default true)"
    attached = (Piece("<instructions>\n"), *loader.pieces, Piece("</instructions>")) if loader.pieces else ()
    parts = (Part(where, attached), Part(where, tuple(loader.index)))
    return Context(tuple(part for part in parts if part.pieces), tuple(loader.not_loaded))


@dataclass(slots=True)
class _Loader:
    """One start: the texts that were met, and the index of instruction files."""

    files: Files
    root: Path
    pieces: list[Piece] = field(default_factory=list)
    index: list[Piece] = field(default_factory=list)
    not_loaded: list[NotLoaded] = field(default_factory=list)
    _texts: set[str] = field(default_factory=set)

    def attach(self, path: Path, kind: str) -> None:
        text = js_trim(read_text(self.files, path) or "")
        if text in self._texts:
            self.not_loaded.append(NotLoaded(path, "the same text as another file, which is sent once"))
        elif text:
            self._texts.add(text)
            entry = Entry(path, kind, text)
            self.pieces += [
                Piece(f'<attachment filePath="{path}">\n'),
                Piece(text, entry),
                Piece("\n</attachment>\n"),
            ]

    def rule(self, path: Path) -> None:
        text = read_text(self.files, path)
        if text is None:
            return
        values = front_matter(unix_lines(text), lenient=True) or {}
        pattern = values.get("applyTo")
        if isinstance(pattern, str) and any(part.strip() in _ALWAYS for part in pattern.split(",")):
            self.attach(path, "rule")
        else:
            self.not_loaded.append(
                NotLoaded(
                    path, f"applies to {pattern}", patterns=anywhere(pattern.split(",")), folder=self.root
                )
                if isinstance(pattern, str)
                else NotLoaded(path, "has no applyTo: never by itself")
            )
        described = values.get("description")
        description = f"<description>{described}</description>\n" if isinstance(described, str) else ""
        applies = f"<applyTo>{pattern}</applyTo>\n" if isinstance(pattern, str) else ""
        between = "\n" if self.index else ""
        self.index.append(
            Piece(f"{between}<instruction>\n{description}<file>{path}</file>\n{applies}</instruction>")
        )


VSCODE_COPILOT = Agent("vscode-copilot", "Copilot in VS Code", "0.42.0", load, (".claude",), recorded=False)
