"""What Gemini CLI's first prompt brings: a command's text, or the files that it names."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from weighbridge.agents.folders import lies_in, walk
from weighbridge.agents.gemini_family import attached, command_prompt, command_texts, mentions
from weighbridge.agents.model import Files, Part, Start
from weighbridge.agents.text import read_text


def prompt_parts(start: Start, files: Files, folder: Path, own: Path, names: Sequence[str]) -> Iterator[Part]:
    """The parts that the first prompt brings in a session folder. `own`: the user's folder of Gemini CLI; `names`: of context files."""
    return _Prompt(start, files, folder, own, names).parts()


@dataclass(frozen=True, slots=True)
class _Prompt:
    start: Start
    files: Files
    folder: Path
    own: Path
    names: Sequence[str]

    def parts(self) -> Iterator[Part]:
        prompt = self.start.prompt
        if prompt.startswith("/"):
            yield from self._command(prompt)
        elif "@" in prompt:
            yield from self._mentions(prompt)

    def _mentions(self, prompt: str) -> Iterator[Part]:
        """The prompt as it is sent with the files that it names, folders with all in them; but no context files."""
        words, named = mentions(prompt, self.folder, self.files, in_folder="**")
        paths: set[Path] = set()
        for _, path in named:
            paths |= set(walk(path, self.files, own=False)) if self.files.is_folder(path) else {path}
        context_files = {Path(name).name for name in self.names}
        shown = sorted(
            path for path in paths if path.name not in context_files and lies_in(path, self.folder)
        )
        if shown:
            yield from attached(words, self._texts(shown))

    def _texts(self, paths: Sequence[Path]) -> Iterator[tuple[str, Path, str]]:
        for path in paths:
            text = read_text(self.files, path, own=False)
            if text is not None:
                name = f"@{path.relative_to(self.folder).as_posix()}"
                yield name, path, text.rstrip("\n")

    def _command(self, prompt: str) -> Iterator[Part]:
        name = prompt[1:].partition(" ")[0]
        for holder in (self.folder / ".gemini", self.own):
            path = holder.joinpath("commands", *name.split(":")).with_suffix(".toml")
            text = read_text(self.files, path)
            body = None if text is None else command_prompt(text)
            if body is None:
                continue
            texts = command_texts(body, prompt, path, self.folder, self.files)
            where = "first user message" if len(texts) == 1 else "user message, one entry a part"
            for pieces in texts:
                yield Part(where, pieces)
            return
