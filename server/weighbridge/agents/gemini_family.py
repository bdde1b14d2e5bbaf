"""What Gemini CLI and Qwen Code have in common, which began as a copy of it: settings, files in the first prompt, commands."""

import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from weighbridge.agents.folders import lies_in, own_kind, walk
from weighbridge.agents.model import Entry, Files, Import, Imports, Part, Piece, Start
from weighbridge.agents.skills import split_front_matter
from weighbridge.agents.text import decoded, json_object, read_text

_MENTION = re.compile(r"@((?:\\ |[^\s,;!?()\[\]{}])+)")
_TRAILING = ".,;:!?"
#: Characters that one command pastes: a bound against hostile ones, what is beyond stays as it is written.
_MOST_PASTED = 4_000_000
#: A file that a command's text is to have in it, and where that text begins in TOML.
PASTED = re.compile(r"@\{([^}]+)\}")
_PROMPT = re.compile(r"^[ \t]*prompt[ \t]*=", re.MULTILINE)


def context_settings(settings: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The values under `context` in several settings, of which the most important come last."""
    tables = (values["context"] for values in settings if isinstance(values.get("context"), Mapping))
    return {name: value for table in tables for name, value in table.items()}


def included_folders(
    start: Start, files: Files, folder: Path, top: Path, settings: Sequence[Mapping[str, Any]]
) -> list[Path]:
    """The folders that are looked at beside the session folder: of settings, the user's first, and of the command line.

    `top`: the folder that holds the project, out of which the project's own settings lead nowhere.
    """
    named: list[tuple[str, bool]] = []
    for number, values in enumerate(settings):
        told = context_settings([values]).get("includeDirectories")
        named += [
            (name, number == 0) for name in (told if isinstance(told, list) else []) if isinstance(name, str)
        ]
    named += [
        (name, True) for value in start.options("--include-directories") for name in value.split(",") if name
    ]
    folders: list[Path] = []
    for name, by_user in named:
        place = start.home / name[2:] if name.startswith("~/") else folder / name
        real = files.real(Path(os.path.normpath(place)))
        if by_user or lies_in(real, files.real(top)):
            folders.append(real)
    return folders


def extension_files(holder: Path, manifest: str, default: str, files: Files) -> list[Path]:
    """The context files that extensions name. `default`: the name for one that gives none."""
    paths: list[Path] = []
    for extension in sorted(files.names(holder)):
        values = json_object(files.read(holder / extension / manifest))
        setting = values.get("contextFileName") or default
        names = setting if isinstance(setting, list) else [setting]
        if values:
            paths += [
                holder / extension / name for name in names if isinstance(name, str) and ".." not in name
            ]
    return paths


def mentions(
    prompt: str, folder: Path, files: Files, *, in_folder: str
) -> tuple[str, list[tuple[str, Path]]]:
    """The prompt as it is sent, and the files and folders that it names, each with its name.

    `in_folder`: what stands behind a folder's name then, with a slash between.
    """
    words = ""
    at = 0
    named: list[tuple[str, Path]] = []
    for match in _MENTION.finditer(prompt):
        name = match[1].replace("\\ ", " ").rstrip(_TRAILING)
        path = Path(os.path.normpath(folder / name))
        is_folder = files.is_folder(path)
        if not is_folder and files.size(path) is None:
            continue
        before = prompt[at : match.start()]
        words += before + ("" if not before or before[-1].isspace() else " ") + "@" + name
        if is_folder and in_folder:
            words += in_folder if name.endswith("/") else f"/{in_folder}"
        at = match.start() + 1 + len(match[1].rstrip(_TRAILING))
        named.append((name, path))
    return words + prompt[at:], named


def attached(words: str, texts: Iterable[tuple[str, Path, str]]) -> Iterator[Part]:
    """The prompt with what it names behind it: name, path, text."""
    yield _part(words)
    yield _part("\n--- Content from referenced files ---")
    for name, path, text in texts:
        yield _part(f"\nContent from {name}:\n")
        yield _part(text, Entry(path, "attached", text))
    yield _part("\n--- End of content ---")


def _part(text: str, entry: Entry | None = None) -> Part:
    return Part("user message, one entry a part", (Piece(text, entry),))


def command_prompt(text: str) -> str | None:
    """The prompt of a command in TOML; None where there is none."""
    try:
        prompt = tomllib.loads(text).get("prompt")
    except tomllib.TOMLDecodeError:
        return None
    return prompt if isinstance(prompt, str) else None


def command_texts(body: str, prompt: str, path: Path, folder: Path, files: Files) -> list[tuple[Piece, ...]]:
    """What a command brings, in parts, with what is typed behind its name. `prompt`: all that is typed; `path`: the command's."""
    arguments = prompt.partition(" ")[2].strip()
    texts = list(_pasted(body, folder, files))
    if "{{args}}" in body:
        texts = [(text.replace("{{args}}", arguments), pasted) for text, pasted in texts]
    elif arguments:
        texts[-1] = f"{texts[-1][0]}\n\n{prompt.strip()}", texts[-1][1]
    parts: list[tuple[Piece, ...]] = [
        (
            Piece(
                text,
                Entry(path, "command", text) if pasted is None else Entry(pasted, "attached", text, path),
            ),
        )
        for text, pasted in texts
    ]
    if all(pasted is not None for _, pasted in texts):
        # It brings them, without a word of its own.
        parts[0] = (Piece("", Entry(path, "command", "")), *parts[0])
    return parts


def _pasted(body: str, folder: Path, files: Files) -> Iterator[tuple[str, Path | None]]:
    """A command's text in pieces, between them the files that `@{…}` names, each with its path."""
    at, left = 0, _MOST_PASTED
    for match in PASTED.finditer(body):
        if left <= 0:
            break
        if before := body[at : match.start()]:
            yield before, None
        at = match.end()
        for text, path in _target(match[1].strip(), folder, files):
            left -= len(text)
            yield text, path
    if (rest := body[at:]) or at == 0:
        yield rest, None


def _target(name: str, folder: Path, files: Files) -> Iterator[tuple[str, Path | None]]:
    path = Path(os.path.normpath(folder / name))
    if not files.is_folder(path):
        text = read_text(files, path, own=False)
        yield (f"@{{{name}}}", None) if text is None else (text, path)
        return
    yield f"--- Start of content for directory: {name} ---\n", None
    for inner in walk(path, files, own=False):
        text = read_text(files, inner, own=False)
        if text is not None:
            yield f"--- {inner.relative_to(path).as_posix()} ---\n", None
            yield text, inner
            yield "\n", None
    yield f"--- End of content for directory: {name} ---", None


def _pasted_in_toml(text: str) -> Iterator[tuple[int, int, str]]:
    """Where the text of a command in TOML names files, and their paths."""
    key = _PROMPT.search(text)
    prompt = command_prompt(text)
    names = None if prompt is None else {pasted[1] for pasted in PASTED.finditer(prompt)}
    for match in PASTED.finditer(text, 0 if key is None else key.end()):
        if names is None or match[1] in names:
            yield *match.span(), match[1].strip()


def _pasted_in_markdown(text: str) -> Iterator[tuple[int, int, str]]:
    """Where the text of a command in Markdown names files, and their paths."""
    begin = len(text) - len(split_front_matter(text)[1])
    for match in PASTED.finditer(text, begin):
        yield *match.span(), match[1].strip()


_MARKS = (("@{", "}"),)
_TOML = Imports(
    _pasted_in_toml,
    from_session=True,
    marks=_MARKS,
    framed=lambda text: f"prompt = '''{text}'''",
)
_MARKDOWN = Imports(_pasted_in_markdown, from_session=True, marks=_MARKS, framed=lambda text: f"words {text}")


def command_imports(path: Path, *, suffixes: tuple[str, ...]) -> Imports | None:
    """How a command names files that come when it is run; None for what is no command with one of these suffixes."""
    if own_kind(path) != "commands" or path.suffix not in suffixes:
        return None
    return _TOML if path.suffix == ".toml" else _MARKDOWN


def brought_when_run(
    path: Path, folder: Path, files: Files, *, suffixes: tuple[str, ...]
) -> Iterator[Import]:
    """The files that a command names, with what each brings when the command is run in a session folder."""
    imports = command_imports(path, suffixes=suffixes)
    if imports is None:
        return
    text = decoded(files.read(path) or b"")
    if path.suffix == ".toml" and command_prompt(text) is None:
        return
    for start, end, name in imports.find(text):
        place = Path(os.path.normpath(folder / name))
        brought = read_text(files, place, own=False)
        if brought is not None:
            yield Import(path, start, end, place, brought)
