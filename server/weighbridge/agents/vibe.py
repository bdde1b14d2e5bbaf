"""Mistral Vibe: AGENTS.md from the nearest trusted folder down to the session folder.

Rules and recordings: `tests/agents/wire/vibe.jsonl`.
"""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from weighbridge.agents.folders import downwards, lies_in, upwards
from weighbridge.agents.model import Agent, Context, Entry, Files, NotLoaded, Part, Piece, Start
from weighbridge.agents.skills import is_name, split_at_borders
from weighbridge.agents.text import mapping_of, pyyaml_value, read_text, toml_table, unix_lines

_NAME = "AGENTS.md"
_LONGEST_DESCRIPTION = 1024
#: Of a file that a prompt names: its lines, and bytes.
_MENTIONED_LINES = 2_000
_MENTIONED_BYTES = 64_000
#: A path in a prompt, in quotes or without.
_MENTION = re.compile(r"""@(?<!\w@)(?:'([^']+)'|"([^"]+)"|([\w./\\\-()\[\]{}~]+))""")
#: Endings of files that are sent as images.
_IMAGES = (".png", ".jpg", ".jpeg", ".gif", ".webp")
#: Skills of Vibe's own, whose names are taken.
_BUILT_IN = ("vibe", "skill-creator")


def load(start: Start, files: Files) -> Context:
    """What Vibe puts into its first request."""
    return _Loader(start, files).context()


@dataclass(slots=True)
class _Loader:
    """One start: what the user trusts, and the files that were met."""

    start: Start
    files: Files
    not_loaded: list[NotLoaded] = field(default_factory=list)

    def context(self) -> Context:
        folder = self.files.real(self.start.folder)
        own = Path(self.start.environment.get("VIBE_HOME") or self.start.home / ".vibe")
        config = toml_table(self.files.read(own / "config.toml"))
        if config.get("include_project_context") is False:
            reason = "include_project_context is false: AGENTS.md is dropped too"
            return Context(not_loaded=(NotLoaded(folder / _NAME, reason),))
        pieces: list[Piece] = []
        user = self._entry(own / _NAME, "user")
        if user is not None:
            label = f"## User instructions\n\nContents of {user.path} (user-level instructions):\n\n"
            pieces += [Piece(label), Piece(user.text, user)]
        roots = self._roots(folder, own)
        chain = [place / _NAME for root, top in roots.items() for place in downwards(top, root)]
        first = True
        for entry in (self._entry(path, "project") for path in dict.fromkeys(chain)):
            if entry is not None:
                head = "## Project instructions (checked into the codebase)\n\n" if first else ""
                between = "\n\n" if pieces else ""
                pieces += [Piece(f"{between}{head}Contents of {entry.path}:\n\n"), Piece(entry.text, entry)]
                first = False
        parts = [Part("system", tuple(pieces)), self._skills(roots, own), *self._mentioned(folder, roots)]
        return Context(tuple(part for part in parts if part.pieces), tuple(self.not_loaded))

    def _roots(self, folder: Path, own: Path) -> dict[Path, Path]:
        """Folders whose files count, and for each the folder where its chain begins: the session folder, if the user trusts it,
        and those that are added.
        """
        table = toml_table(self.files.read(own / "trusted_folders.toml"))
        trusted, untrusted = set(_strings(table.get("trusted"))), set(_strings(table.get("untrusted")))
        if self.start.flag("--trust"):
            trusted.add(str(folder))

        def top_of(place: Path) -> Path | None:
            """The nearest trusted folder upwards; None where a nearer one is not trusted, or none is."""
            for above in upwards(place):
                if str(above) in trusted:
                    return above
                if str(above) in untrusted:
                    return None
            return None

        roots: dict[Path, Path] = {}
        top = top_of(folder)
        if self.files.real(folder / ".vibe") == self.files.real(own):
            self.not_loaded.append(NotLoaded(folder / _NAME, "Vibe reads no project files in its own home"))
        elif top is not None:
            roots[folder] = top
        else:
            reason = "Vibe does not trust this folder: no project file is read"
            self.not_loaded.append(NotLoaded(folder / _NAME, reason))
        for name in self.start.options("--add-dir"):
            added = self.files.real(Path(os.path.normpath(folder / name)))
            roots.setdefault(added, top_of(added) or added)
        return roots

    def _mentioned(self, folder: Path, roots: Iterable[Path]) -> Iterator[Part]:
        """The files that the first prompt names with `@`, if they lie in the folders of the session."""
        seen: set[Path] = set()
        for match in _MENTION.finditer(self.start.prompt):
            name = match[1] or match[2] or match[3]
            written = re.sub("^~(?=/|$)", str(self.start.home), name)
            path = self.files.real(Path(os.path.normpath(folder / written)))
            inside = any(lies_in(path, root) for root in (folder, *roots))
            image = path.suffix.lower() in _IMAGES
            data = self.files.read(path, own=False) if inside and not image and path not in seen else None
            seen.add(path)
            if data is None:
                continue
            lines = data.split(b"\n", _MENTIONED_LINES)
            beyond = len(lines[-1]) if len(lines) > _MENTIONED_LINES else 0
            excerpt = data[: len(data) - beyond][:_MENTIONED_BYTES]
            text = "\n".join(_guessed(excerpt).splitlines())
            text += "" if len(excerpt) == len(data) else "\n\n[File mention truncated to fit context limits.]"
            fence = "`" * max(4, *(len(run) + 1 for run in re.findall("`{4,}", text)), 4)
            head = f"\n\nResource: {escape(path.as_uri())}\n{fence}\n"
            entry = Entry(path, "attached", text)
            yield Part("user message", (Piece(head), Piece(text, entry), Piece(f"\n{fence}")))

    def _entry(self, path: Path, kind: str) -> Entry | None:
        data = self.files.read(path)
        text = "" if data is None else unix_lines(_guessed(data)).strip()
        return Entry(path, kind, text) if text else None

    def _skills(self, roots: Iterable[Path], own: Path) -> Part:
        """The listing of skills, in each folder's own order; of equal names the first."""
        holders = [root / name / "skills" for root in roots for name in (".vibe", ".agents")]
        holders += [own / "skills", self.start.home / ".agents" / "skills"]
        pieces: list[Piece] = []
        for path, name, description in self._described(holders):
            shown = escape(description)
            pieces += [
                Piece(
                    f"{chr(10) if pieces else ''}  <skill>\n    <name>{escape(name)}</name>\n    <description>"
                ),
                Piece(shown, Entry(path, "skill", shown)),
                Piece(f"</description>\n    <path>{path}</path>\n  </skill>"),
            ]
        return Part("system (skills)", tuple(pieces))

    def _described(self, holders: Iterable[Path]) -> Iterator[tuple[Path, str, str]]:
        names = set(_BUILT_IN)
        for holder in dict.fromkeys(map(self.files.real, holders)):
            for folder in self.files.names(holder):
                path = self.files.real(holder / folder) / "SKILL.md"
                data = self.files.read(path)
                parts = None if data is None else split_at_borders(unix_lines(_guessed(data)))
                values = None if parts is None else mapping_of(pyyaml_value(parts[0]))
                if values is None:
                    continue
                name, description = values.get("name"), values.get("description")
                if not isinstance(name, str) or not isinstance(description, str):
                    continue
                if not is_name(name) or not 1 <= len(description) <= _LONGEST_DESCRIPTION:
                    reason = "its name or description is not allowed: left out silently"
                    self.not_loaded.append(NotLoaded(path, reason))
                elif name in names:
                    self.not_loaded.append(NotLoaded(path, f"there is another skill called {name}"))
                else:
                    names.add(name)
                    if values.get("disable-model-invocation") is not True and self._is_offered(path):
                        yield path, name, description

    def _is_offered(self, path: Path) -> bool:
        """Whether the model may use a skill by itself, as the file says that skills have for OpenAI's agents."""
        text = read_text(self.files, path.parent / "agents" / "openai.yaml")
        values = {} if text is None else mapping_of(pyyaml_value(text))
        policy = {} if values is None else values.get("policy") or {}
        if values is None or not isinstance(policy, dict):
            return False
        allowed = policy.get("allow_implicit_invocation")
        return allowed is None or allowed is True


def _guessed(data: bytes) -> str:
    """Text as Vibe decodes it: UTF-16 by its mark, else UTF-8, else what the bytes look like."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _strings(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


VIBE = Agent("mistral-vibe", "Mistral Vibe", "3.0.2", load, (".vibe", ".agents"), aliases=("vibe",))
