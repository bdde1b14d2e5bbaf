"""What Qwen Code's first prompt brings: a command's text, or the files that it names."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from weighbridge.agents.gemini_family import attached, command_prompt, command_texts, mentions
from weighbridge.agents.model import Files, Part, Start
from weighbridge.agents.skills import split_front_matter
from weighbridge.agents.text import read_text

#: What commands' names end with.
COMMANDS = (".toml", ".md")


def prompt_parts(start: Start, files: Files, folder: Path, own: Path) -> Iterator[Part]:
    """The parts that the first prompt brings in a session folder. `own`: the user's folder of Qwen Code."""
    return _Prompt(start, files, folder, own).parts()


@dataclass(frozen=True, slots=True)
class _Prompt:
    start: Start
    files: Files
    folder: Path
    own: Path

    def parts(self) -> Iterator[Part]:
        prompt = self.start.prompt
        if prompt.startswith("/"):
            yield from self._command(prompt)
        elif "@" in prompt:
            yield from self._mentions(prompt)

    def _command(self, prompt: str) -> Iterator[Part]:
        name = prompt[1:].partition(" ")[0]
        for holder in (self.folder / ".qwen", self.own):
            for suffix in (".toml", ".md"):
                path = holder.joinpath("commands", *name.split(":")).with_suffix(suffix)
                text = read_text(self.files, path)
                if text is None:
                    continue
                body = split_front_matter(text)[1].strip() if suffix == ".md" else command_prompt(text)
                if body is None:
                    continue
                for pieces in command_texts(body, prompt, path, self.folder, self.files):
                    yield Part("user message, one entry a part", pieces)
                return

    def _mentions(self, prompt: str) -> Iterator[Part]:
        """The prompt as it is sent, with the files that it names; of a folder the names in it."""
        words, named = mentions(prompt, self.folder, self.files, in_folder="")
        if texts := [*self._texts(named)]:
            yield from attached(words, texts)

    def _texts(self, named: Iterable[tuple[str, Path]]) -> Iterator[tuple[str, Path, str]]:
        for name, path in named:
            if self.files.is_folder(path):
                yield name, path, self._listing(path)
            elif (text := read_text(self.files, path, own=False)) is not None:
                yield name, path, text

    def _listing(self, folder: Path) -> str:
        names = sorted(self.files.names(folder, own=False))[:20]
        lines = [f"{'└' if name == names[-1] else '├'}───{name}" for name in names]
        return "\n".join(["Showing up to 20 items:", "", f"{folder}/", *lines])
