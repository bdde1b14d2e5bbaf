"""Kilo, a fork of OpenCode: texts hold `{file:…}` and `{env:…}`, rules lie in folders of its own.

Rules and recordings: `tests/agents/wire/kilo.jsonl`; only what differs from `opencode` stands here.
"""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from weighbridge.agents.folders import lies_in
from weighbridge.agents.model import Agent, NotLoaded
from weighbridge.agents.opencode import ENV, OpenCodeLoader
from weighbridge.agents.text import read_text

_FILE = re.compile(r"\{file:([^}]+)\}")


@dataclass(slots=True)
class KiloLoader(OpenCodeLoader):
    """Kilo: as OpenCode, but without git only the session folder counts, and texts hold `{file:…}` and `{env:…}`."""

    def without_git(self) -> Path:
        return self.folder

    def config_folder(self) -> Path:
        return Path(self.start.environment.get("XDG_CONFIG_HOME") or self.start.home / ".config") / "kilo"

    def configs(self) -> Iterator[tuple[Path, bool]]:
        for name in ("kilo.json", "kilo.jsonc"):
            yield self.config_folder() / name, True
        for place in reversed(self.chain()):
            for name in ("kilo.json", "kilo.jsonc", "opencode.json", "opencode.jsonc", ".kilo/kilo.json"):
                yield place / name, False

    def skill_folders(self) -> Sequence[Path]:
        names = (".kilocode/skills", ".kilo/skills", ".claude/skills", ".agents/skills")
        return tuple(place / name for place in (*self.chain(), self.start.home) for name in names)

    def more_files(self) -> Iterator[tuple[Path, str, bool]]:
        """Rules: the user's, then those of the session folder, whatever the mode; of equal names Kilo's folder wins."""
        own, older = self.folder / ".kilo" / "rules", self.folder / ".kilocode" / "rules"
        paths = [*self._markdown(self.start.home / ".kilo" / "rules"), *self._markdown(own)]
        names = {path.name for path in self._markdown(own)}
        for path in self._markdown(older):
            if path.name in names:
                self.not_loaded.append(NotLoaded(path, f"a rule of this name is in {own}"))
            else:
                paths.append(path)
        paths.append(self.folder / ".kilocoderules")
        for holder in (own.parent, older.parent):
            for mode in self.files.names(holder):
                paths += self._markdown(holder / mode) if mode.startswith("rules-") else ()
        paths += [
            self.folder / name for name in self.files.names(self.folder) if name.startswith(".kilocoderules-")
        ]
        return ((path, "rule", True) for path in paths)

    def _markdown(self, folder: Path) -> list[Path]:
        paths = [folder / name for name in self.files.names(folder) if name.endswith(".md")]
        return [path for path in paths if self.files.size(path) is not None]

    def matching(self, entry: str, *, by_user: bool) -> Iterator[Path]:
        for path in OpenCodeLoader.matching(self, entry, by_user=by_user):
            if by_user or lies_in(self.files.real(path), self.root):
                yield path
            else:
                self.not_loaded.append(NotLoaded(path, "outside the project"))

    def text_of(self, path: Path, text: str, kind: str) -> str | None:
        outside = not lies_in(self.files.real(path), self.root) and not lies_in(
            path, self.start.home / ".kilo"
        )
        if outside and kind not in {"user", "instructions"}:
            self.not_loaded.append(NotLoaded(path, "a link leads out of the project"))
            return None
        if ENV.search(text):
            if kind != "user":
                self.not_loaded.append(
                    NotLoaded(path, "holds {env:…}: Kilo drops the whole file without a word")
                )
                return None
            text = ENV.sub(self.variable, text)
        for target in _FILE.findall(text):
            place = Path(os.path.normpath(path.parent / target))
            if target.startswith("~/") or (kind != "user" and not lies_in(place, self.root)):
                reason = (
                    f"holds {{file:{target}}}, outside the project: Kilo drops the whole file without a word"
                )
                self.not_loaded.append(NotLoaded(path, reason))
                return None
        return _FILE.sub(lambda match: self._file_text(path.parent / match[1]), text)

    def _file_text(self, path: Path) -> str:
        text = read_text(self.files, Path(os.path.normpath(path)), own=False)
        return "" if text is None else text.strip()


KILO = Agent(
    "kilo",
    "Kilo",
    "7.7.9",
    lambda start, files: KiloLoader(start, files).context(),
    (".config/kilo", ".kilo", ".kilocode", ".claude", ".agents"),
)
