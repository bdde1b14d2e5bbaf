"""Cline's command line: rules of the session folder and of the user's folders, by name, equal names once.

Rules and recordings: `tests/agents/wire/cline.jsonl`.
"""

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from weighbridge.agents.collation import locale_order
from weighbridge.agents.model import Agent, Context, Entry, Files, NotLoaded, Part, Piece, Start
from weighbridge.agents.text import JS_SPACE_CLASS, js_trim, js_trim_end, read_text
from weighbridge.agents.yaml_values import Yaml, yaml_value

_ENDINGS = (".md", ".markdown", ".txt")
_FRONT_MATTER = re.compile(r"---\r?\n([\s\S]*?)\r?\n---(?:\r?\n)?")

#: A file that the first prompt names, with the signs around it that are none of its name's.
_MENTION = re.compile(rf"(?:(?<![\s\S])|(?<=[{JS_SPACE_CLASS}]))@[(`'\"]*([^{JS_SPACE_CLASS}]+)")
_NOT_INDEXED = {
    *(".git", "node_modules", "dist", "build", ".next", "coverage", ".turbo", ".cache", "target", "out"),
}
_AROUND = "),.:;!?`'\""


def load(start: Start, files: Files) -> Context:
    """What Cline puts into its first request."""
    return _Loader(start, files).context()


@dataclass(frozen=True, slots=True)
class _Rule:
    """A rule or a workflow. `is_on`: whether its front matter does not switch it off."""

    name: str
    path: Path
    text: str
    is_on: bool


@dataclass(slots=True)
class _Loader:
    """One start."""

    start: Start
    files: Files
    not_loaded: list[NotLoaded] = field(default_factory=list)

    def context(self) -> Context:
        start, home = self.start, self.start.home
        folder = self.files.real(start.folder / (start.option("--cwd") or start.option("-c") or ""))
        own = Path(start.option("--config") or start.environment.get("CLINE_DIR") or home / ".cline")
        names = {
            folder / "AGENTS.md": "Workspace AGENTS.md",
            home / ".agents" / "AGENTS.md": "Global AGENTS.md",
        }
        places = (
            *(folder / "AGENTS.md", folder / ".clinerules", folder / ".cline" / "rules"),
            *(home / ".agents" / "AGENTS.md", own / "rules"),
            *(home / "Cline" / "Rules", home / "Documents" / "Cline" / "Rules"),
            *self._managed(folder / ".cline", "rules.md"),
        )
        pieces: list[Piece] = []
        rules = [rule for rule in self._found(places, names, self.not_loaded) if rule.is_on]
        for rule in sorted(rules, key=lambda rule: locale_order(rule.name)):
            head = "\n\n" if pieces else "\n\n# Rules\n"
            pieces += [
                Piece(f"{head}## {rule.name}\n"),
                Piece(rule.text, Entry(rule.path, "rule", rule.text)),
            ]
        parts = [*self._prompt(folder, own), Part("system", tuple(pieces))]
        return Context(tuple(part for part in parts if part.pieces), tuple(self.not_loaded))

    def _managed(self, holder: Path, name: str) -> Iterator[Path]:
        """What an organisation's own folders hold under a name: those with an object in `managed.json`."""
        for folder in sorted(self.files.names(holder), key=locale_order):
            path = holder / folder
            if self.files.is_folder(path) and not self.files.is_link(path):
                try:
                    is_managed = isinstance(
                        json.loads(read_text(self.files, path / "managed.json") or ""), dict | list
                    )
                except (ValueError, RecursionError):
                    continue
                if is_managed:
                    yield path / name

    def _found(
        self, places: Iterable[Path], names: Mapping[Path, str], not_loaded: list[NotLoaded]
    ) -> Iterable[_Rule]:
        """The rules in places, one of each name: the last. `names`: those of files that have others than their own."""
        found: dict[str, _Rule] = {}
        for place in dict.fromkeys(places):
            for path in self._files(place):
                rule = self._rule(path, names.get(path, path.stem), not_loaded)
                if rule is None:
                    continue
                before = found.get(rule.name.lower())
                if before is not None:
                    not_loaded.append(NotLoaded(before.path, f"{path} has the same name and replaces it"))
                found[rule.name.lower()] = rule
        return found.values()

    def _files(self, place: Path) -> Iterator[Path]:
        """A file, or those in a folder."""
        if not self.files.is_folder(place):
            if place.name == ".clinerules" or place.suffix.lower() in _ENDINGS:
                yield place
            return
        for name in self.files.names(place):
            path = place / name
            if path.suffix.lower() in _ENDINGS and not self.files.is_link(path):
                yield path
        if self.files.is_link(place / "AGENTS.md"):
            yield place / "AGENTS.md"

    def _rule(self, path: Path, name: str, not_loaded: list[NotLoaded]) -> _Rule | None:
        text = read_text(self.files, path)
        if text is None:
            return None
        match = _FRONT_MATTER.match(text)
        values: Any = {}
        if match is not None:
            # A sentence between two lines `---` is YAML too: a string.
            values, text = yaml_value(match[1], Yaml.NPM), text[match.end() :]
            if values is not None and not isinstance(values, dict):
                values = {}
        text = js_trim(text)
        switch = "disabled" if values and values.get("disabled") is not None else "enabled"
        if values is None or not (
            isinstance(values.get("name"), str | None) and isinstance(values.get(switch), bool | None)
        ):
            not_loaded.append(NotLoaded(path, "its front matter can't be read: the whole file is dropped"))
            return None
        if not text:
            not_loaded.append(NotLoaded(path, "it is blank"))
            return None
        name = js_trim(values.get("name") or "") or js_trim(name)
        is_on = values.get(switch) is not (switch == "disabled")
        if not is_on:
            not_loaded.append(NotLoaded(path, "its front matter switches it off"))
        return _Rule(name, path, text, is_on) if name else None

    def _prompt(self, folder: Path, own: Path) -> Iterator[Part]:
        """A workflow's text, or the files that the first prompt names with `@`."""
        prompt = js_trim_end(self.start.prompt)
        called = re.match(rf"/([^{JS_SPACE_CLASS}]+)", prompt)
        if called is not None:
            places = (
                folder / ".clinerules" / "workflows",
                self.start.home / "Documents" / "Cline" / "Workflows",
                own / "workflows",
                folder / ".cline" / "workflows",
                *self._managed(folder / ".cline", "workflows"),
            )
            for rule in self._found(places, {}, []):
                if rule.is_on and _command(rule.name) == _command(called[1]):
                    body = rule.text + prompt[called.end() :]
                    yield Part("user message", (Piece(body, Entry(rule.path, "command", body)),))
                    return
        for name in dict.fromkeys(name.rstrip(_AROUND) for name in _MENTION.findall(prompt)):
            path = Path(os.path.normpath(folder / name))
            text = None if "@" in name else self._mentioned(path, folder)
            if text is not None:
                head, tail = f'<file_content path="{path}">\n', "\n</file_content>"
                yield Part(
                    "user message", (Piece(head), Piece(text, Entry(path, "attached", text)), Piece(tail))
                )

    def _mentioned(self, path: Path, folder: Path) -> str | None:
        """The text of a file that the prompt names; None where Cline's index of the folder does not hold it, or it is binary."""
        if not path.is_relative_to(folder) or self.files.is_link(path):
            return None
        if not _NOT_INDEXED.isdisjoint(path.relative_to(folder).parts[:-1]):
            return None
        text = read_text(self.files, path, own=False, keep_mark=True)
        return None if text is None or "\0" in text else text


def _command(name: str) -> str:
    """The command that a workflow of this name is called by."""
    return (
        re.sub("-+", "-", re.sub(r"[^\w.:@-]+", "-", js_trim(name).lower()))
        .removeprefix("-")
        .removesuffix("-")
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
