"""Prompts that are not open, found and weighed by a worker: some files at a time, read as references are read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from weighbridge.content.base import Scope
from weighbridge.content.discovery import find_documents
from weighbridge.content.document_file import read_document
from weighbridge.content.policy import place_of, roots_stay
from weighbridge.content.text_file import TextFiles
from weighbridge.errors import Code, ReferenceFault
from weighbridge.session.closed import ClosedText, Weighed, weigh
from weighbridge.session.contents import Contents
from weighbridge.session.preparing import Terms
from weighbridge.text import PositionEncoding
from weighbridge.work import CancelToken, Outcome

#: Characters after which no more files are read by one task.
_CHARACTERS = 256 * 1024


class PromptFiles:
    """The files of prompts, as texts and as what they weigh."""

    def __init__(self, encoding: PositionEncoding) -> None:
        self._encoding = encoding
        self._files = TextFiles()

    def weigh(
        self, closed_texts: Mapping[Path, ClosedText], contents: Contents, token: CancelToken
    ) -> dict[Path, tuple[tuple[Path, ...], Outcome[Weighed]]]:
        """Read and weigh prompts, the first ones of these: their paths and where those lead, and what became of them. Blocks."""
        weighed: dict[Path, tuple[tuple[Path, ...], Outcome[Weighed]]] = {}
        texts: dict[Path, ClosedText] = {}
        paths_of: dict[Path, tuple[Path, ...]] = {}
        characters = 0
        with roots_stay():
            for path, closed in closed_texts.items():
                token.raise_if_cancelled()
                try:
                    text, paths_of[path] = self._text_of(path, closed.terms)
                except KeyboardInterrupt:
                    raise
                except BaseException as error:  # noqa: BLE001  it is that prompt's alone
                    weighed[path] = (), Outcome.failed(error)
                    continue
                texts[path] = replace(closed, text=text)
                characters += len(text)
                if characters > _CHARACTERS:
                    break
        outcomes = weigh([*texts.values()], contents, self._encoding, token)
        for path, outcome in zip(texts, outcomes, strict=True):
            weighed[path] = paths_of[path], outcome
        return weighed

    def _text_of(self, path: Path, terms: Terms) -> tuple[str, tuple[Path, ...]]:
        """Read a prompt, as references are read: its text, its path and where that leads. Blocks."""
        settings = terms.settings
        place = place_of(str(path), path.parent, Scope(path, terms.folders, settings))
        file = self._files.find(place, settings.max_file_bytes, "weighbridge.maxFileBytes", suggest=False)
        try:
            text = "".join(self._files.chunks(file))
        except ReferenceFault as fault:
            if fault.problem.code is not Code.NOT_TEXT or terms.dialect.agent is None:
                raise
            # Agents read what is no text, too. What is another file by now is not read.
            text, _ = read_document(file.real, file.real.parent, settings.max_file_bytes, lenient=True)
        return text, (path, *file.links, file.real)


def find_prompts(terms: Iterable[tuple[Path, Sequence[str]]]) -> frozenset[Path]:
    """Find the folders' prompts. Blocks: a worker's work."""
    return frozenset(path for folder, include in terms for path in find_documents(folder, folder, include))
