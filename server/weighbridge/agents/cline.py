"""Cline's command line: rules of the session folder and of the user's folders, by name, equal names once.

Rules and recordings: `tests/agents/wire/cline.jsonl`.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from weighbridge.agents.model import Agent, Context, Entry, Files, NotLoaded, Part, Piece, Start
from weighbridge.agents.text import js_trim, locale_order, read_text, yaml_value

_ENDINGS = (".md", ".markdown", ".txt")
_FRONT_MATTER = re.compile(r"---\r?\n([\s\S]*?)\r?\n---(?:\r?\n|$)")


def load(start: Start, files: Files) -> Context:
    """What Cline puts into its first request."""
    return _Loader(start, files).context()


@dataclass(slots=True)
class _Loader:
    """One start: the rules that were met, by name."""

    start: Start
    files: Files
    rules: dict[str, tuple[str, Path, str]] = field(default_factory=dict)
    not_loaded: list[NotLoaded] = field(default_factory=list)

    def context(self) -> Context:
        folder = self.files.real(self.start.folder)
        home = self.start.home
        self._rule(folder / "AGENTS.md", "Workspace AGENTS.md")
        self._rule(home / ".agents" / "AGENTS.md", "Global AGENTS.md")
        if self.files.is_folder(folder / ".clinerules"):
            self._folder(folder / ".clinerules")
        else:
            self._rule(folder / ".clinerules", ".clinerules")
        self._folder(folder / ".cline" / "rules")
        for place in (".cline/rules", "Cline/Rules", "Documents/Cline/Rules"):
            self._folder(home / place)
        pieces: list[Piece] = []
        for name, path, text in sorted(self.rules.values(), key=lambda rule: locale_order(rule[0])):
            head = "\n\n" if pieces else "\n\n# Rules\n"
            pieces += [Piece(f"{head}## {name}\n"), Piece(text, Entry(path, "rule", text))]
        parts = [*self._prompt(folder), Part("system", tuple(pieces))]
        return Context(tuple(part for part in parts if part.pieces), tuple(self.not_loaded))

    def _folder(self, holder: Path) -> None:
        for name in self.files.names(holder):
            path = holder / name
            if name.lower().endswith(_ENDINGS) and not self.files.is_link(path):
                self._rule(path, path.stem)

    def _rule(self, path: Path, name: str) -> None:
        text = read_text(self.files, path)
        if text is None:
            return
        match = _FRONT_MATTER.match(text)
        values: dict[str, Any] = {}
        if match is not None:
            front_matter = yaml_value(match[1])
            if front_matter is None or (
                isinstance(front_matter, dict) and not isinstance(front_matter.get("name", ""), str)
            ):
                self.not_loaded.append(
                    NotLoaded(path, "its front matter can't be read: the whole file is dropped")
                )
                return
            # A sentence between two lines `---` is YAML too: a string.
            values, text = front_matter if isinstance(front_matter, dict) else {}, text[match.end() :]
        text = js_trim(text)
        if values.get("disabled") is True or values.get("enabled") is False:
            self.not_loaded.append(NotLoaded(path, "its front matter switches it off"))
            return
        if not text:
            self.not_loaded.append(NotLoaded(path, "it is blank"))
            return
        name = str(values.get("name") or name)
        before = self.rules.get(name.lower())
        if before is not None:
            self.not_loaded.append(NotLoaded(before[1], f"{path} has the same name and replaces it"))
        self.rules[name.lower()] = (name, path, text)

    def _prompt(self, folder: Path) -> Iterator[Part]:
        """A workflow's text, or the files that the first prompt names with `@`."""
        prompt = self.start.prompt
        if prompt.startswith("/"):
            name, _, arguments = prompt[1:].partition(" ")
            for place in (folder / ".clinerules" / "workflows", folder / ".cline" / "workflows"):
                text = read_text(self.files, place / f"{name}.md")
                if text is not None:
                    match = _FRONT_MATTER.match(text)
                    body = js_trim(text[match.end() :] if match else text)
                    body += f" {arguments}" if arguments else ""
                    yield Part("user message", (Piece(body, Entry(place / f"{name}.md", "command", body)),))
                    return
        for name in re.findall(r"(?:^|\s)@([^\s/]\S*)", prompt):
            path = Path(os.path.normpath(folder / name))
            text = read_text(self.files, path, own=False)
            if text is not None:
                head, tail = f'<file_content path="{path}">\n', "\n\n</file_content>"
                content = text.removesuffix("\n")
                yield Part(
                    "user message",
                    (Piece(head), Piece(content, Entry(path, "attached", content)), Piece(tail)),
                )


def _removed(text: str, kind: str) -> Iterator[tuple[int, int]]:
    """A rule's front matter."""
    match = _FRONT_MATTER.match(text) if kind == "rule" else None
    if match is not None:
        yield match.span()


CLINE = Agent(
    "cline",
    "Cline",
    "3.0.65",
    load,
    (".agents", ".cline", "Cline/Rules", "Documents/Cline/Rules"),
    removed=_removed,
)
