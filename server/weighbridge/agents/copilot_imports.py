"""What Copilot CLI's context files import, put in behind the words that name it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from weighbridge.agents.copilot_text import cleaned, imports_in
from weighbridge.agents.folders import lies_in
from weighbridge.agents.model import Files, Import, Piece, import_of
from weighbridge.agents.passed_over import Tried
from weighbridge.agents.splicing import spliced
from weighbridge.agents.text import decoded

#: Levels of imports, imports of one file with all that they bring, and their bytes together.
MOST_LEVELS = 8
MOST_IMPORTS = 64
MOST_BYTES = 524_288


@dataclass(slots=True)
class Importer:
    """The imports of one context file: `top` is the folder in which they must lie, `met` the files that came already."""

    files: Files
    top: Path
    met: set[Path]
    own: bool
    bytes_left: int = MOST_BYTES
    imports_left: int = MOST_IMPORTS
    #: The imports, nested ones before those that they are nested in; and those of the context file itself, by their starts.
    replaced: list[Import] = field(default_factory=list)
    tried: dict[int, Tried] = field(default_factory=dict)

    def pieces(
        self, path: Path, kind: str, text: str, importer: Path | None = None, level: int = 0
    ) -> list[Piece]:
        def additions() -> Iterator[tuple[int, int, list[Piece]]]:
            for start, end, target in imports_in(text) if level < MOST_LEVELS else ():
                addition, why = self._imported(target, path, level)
                if level == 0:
                    self.tried[start] = Tried(target, why)
                if addition:
                    self.replaced.extend(import_of(path, start, end, addition, nested=level > 0))
                    # Behind the words, which stay.
                    yield end, end, addition

        return spliced(path, kind, text, additions(), importer, cleaned)

    def _imported(self, target: str, path: Path, level: int) -> tuple[list[Piece], str | None]:
        """The pieces that an import brings, and the reason where a file that is there brings none."""
        place = Path(os.path.normpath(self.files.real(path.parent) / target))
        real = self.files.real(place)
        if self.imports_left > 0 and real in self.met:
            return [
                Piece(f'\n\n<imported_custom_instruction source="{real}" skipped="already-loaded" />')
            ], ""
        why, data = None, None
        if self.imports_left <= 0:
            why = f"no more than {MOST_IMPORTS} imports of one file are followed"
        elif not lies_in(real, self.top):
            why = f"outside the folder that holds the project: {self.top}"
        elif (
            self.files.size(place) is not None and (data := self.files.read(place, own=self.own)) is not None
        ):
            why = _no_text(data)
            if why is None and len(data) > self.bytes_left:
                why = f"the imports of one file come to {MOST_BYTES:,} bytes at most"
        if data is None or why is not None:
            return [], why
        self.met.add(real)
        self.imports_left -= 1
        self.bytes_left -= len(data)
        inner = self.pieces(real, "import", decoded(data), path, level + 1)
        while inner and not (text := inner[-1].text.rstrip()):
            inner.pop()
        if inner:
            inner[-1] = Piece(text, inner[-1].entry)
        return [
            Piece(f'\n\n<imported_custom_instruction source="{real}">\n'),
            *inner,
            Piece("\n</imported_custom_instruction>"),
        ], ""


def _no_text(data: bytes) -> str | None:
    """Why a file is not imported as text; None for one that is."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return "it is no UTF-8"
    return None
