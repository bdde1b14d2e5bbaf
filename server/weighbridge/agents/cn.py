"""Continue's command line (cn): one agents file of the session folder, and rules.

Rules and recordings: `tests/agents/wire/cn.jsonl`.
"""

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from weighbridge.agents.folders import MOST_FILES
from weighbridge.agents.model import Agent, Context, Entry, Files, NotLoaded, Part, Piece, Start
from weighbridge.agents.text import JS_SPACE_CLASS, decoded, js_trim, read_text
from weighbridge.agents.yaml_values import Yaml, yaml_value

_NAMES = ("AGENTS.md", "AGENT.md", "CLAUDE.md", "CODEX.md")
_RULE_LINE = re.compile(
    rf"(?:(?<![\s\S])|(?<=[\n\r\u2028\u2029]))---[{JS_SPACE_CLASS}]*(?=[\n\r\u2028\u2029]|(?![\s\S]))"
)

#: What `--rule` takes for a file's name, and for a place where something lies.
_FILE = re.compile(r"[./].*|.*\\.*|.*\.[A-Za-z]+")
_PLACE = re.compile(r"file:/|[./~]|.*\\|[\w.-]+/[\w.-]+$", re.ASCII)

#: Links that a system follows in one path, and so how often a folder is met again in a circle.
_MOST_LINKS = 40


def load(start: Start, files: Files) -> Context:
    """What cn puts into its first request."""
    folder = files.real(start.folder)
    not_loaded: list[NotLoaded] = []
    agents = _agents_file(folder, files, not_loaded)
    pieces = [Piece(agents.text, agents)] if agents is not None and agents.text else []
    for rule in _rules(start, files, folder, not_loaded):
        pieces += [Piece("\n\n" if pieces else ""), rule]
    parts = []
    if pieces:
        parts.append(Part("system", (Piece('<context name="userRules">\n'), *pieces, Piece("\n</context>"))))
    for value in start.options("--prompt"):
        entries = [piece for piece in _told(value, files, folder) if piece.entry is not None]
        parts.append(Part("user message", tuple(entries)))
    parts.append(Part("description of tool Skills", tuple(_skills(start, files, folder))))
    return Context(tuple(part for part in parts if part.pieces), tuple(not_loaded))


def _agents_file(folder: Path, files: Files, not_loaded: list[NotLoaded]) -> Entry | None:
    """The first of the names that is there, blank or not; a folder of such a name hides the others too."""
    paths = [folder / name for name in _NAMES if files.exists(folder / name)]
    not_loaded.extend(
        NotLoaded(path, f"cn reads one of {', '.join(_NAMES)}: {paths[0].name}") for path in paths[1:]
    )
    text = read_text(files, paths[0], keep_mark=True) if paths else None
    return None if text is None else Entry(paths[0], "project", text)


def _rules(start: Start, files: Files, folder: Path, not_loaded: list[NotLoaded]) -> Iterator[Piece]:
    own = Path(start.environment.get("CONTINUE_GLOBAL_DIR") or start.home / ".continue")
    for value in start.options("--rule"):
        yield from _told(value, files, folder)
    texts = set()
    for text, path in _configured(start, files, folder, own):
        texts.add(text)
        yield Piece(text, None if path is None else Entry(path, "rule", text))
    for holder in (folder / ".continue" / "rules", own / "rules"):
        for path in _in_entry_order(holder, files):
            data = files.read(path) if path.name.endswith(".md") else None
            if data is None:
                continue
            arriving = _rule(decoded(data, keep_mark=True))
            if arriving is None:
                not_loaded.append(
                    NotLoaded(path, "not marked `alwaysApply: true`: it never arrives in the command line")
                )
            elif js_trim(arriving) and arriving not in texts:
                yield Piece(arriving, Entry(path, "rule", arriving))


def _told(value: str, files: Files, folder: Path) -> Iterator[Piece]:
    """What an option brings: the text of the file that it names, or its own; nothing where that file is not there."""
    if not _FILE.fullmatch(value.strip()):
        yield Piece(value)
        return
    path = Path(os.path.normpath(folder / value.strip()))
    text = read_text(files, path, keep_mark=True)
    if text is not None:
        yield Piece(text, Entry(path, "rule", text))


def _in_entry_order(folder: Path, files: Files) -> Iterator[Path]:
    """Files below a folder, one level after the other, each folder's by name. Links are followed, in circles too."""
    level, count = [folder], 0
    entered: Counter[Path] = Counter()
    while level:
        below: list[Path] = []
        for path in (at / name for at in level for name in sorted(files.names(at))):
            count += 1
            if count > MOST_FILES:
                return
            if not files.is_folder(path):
                yield path
                continue
            real = files.real(path)
            if entered[real] <= _MOST_LINKS:
                entered[real] += 1
                below.append(path)
        level = below


def _rule(text: str) -> str | None:
    """A rule's text as it arrives, None where it does not."""
    values, body = _parsed(text)
    waits = any(_is_true(values.get(name)) for name in ("globs", "regex"))
    applies = values["alwaysApply"] is True if "alwaysApply" in values else not waits
    return None if _is_true(values.get("invokable")) or not applies else body


def _parsed(text: str) -> tuple[Mapping[str, Any], str]:
    """The front matter of a rule or a skill, and what is behind it; the whole text where there is none that can be read."""
    text = text.replace("\r\n", "\n")
    parts = _RULE_LINE.split(text)
    header = yaml_value(parts[1], Yaml.NPM) if len(parts) > 2 else None
    if header is None:
        return {}, text
    # A heading or a sentence between two lines `---` is taken for front matter too.
    return header if isinstance(header, dict) else {}, js_trim("---".join(parts[2:]))


def _is_true(value: object) -> bool:
    """Whether JavaScript takes a value for true: an empty list too."""
    return isinstance(value, list | dict) or bool(value)


#: A rule's name, by which there is one of each, its text, and the file that holds it, if any.
_Named = tuple[str, str, Path | None]


def _configured(start: Start, files: Files, folder: Path, own: Path) -> Iterator[tuple[str, Path | None]]:
    """The texts of the rules in the configuration: of options that are texts, of its file, of files that options name."""
    told = [*start.options("--rule"), *start.options("--prompt")]
    is_text = [" " in value or "\n" in value or not _PLACE.match(value) for value in told]
    config = folder / (start.option("--config") or own / "config.yaml")

    def at(named: str, *, single: bool = False) -> Iterator[_Named]:
        path = _placed(named, start.home, (folder, config.parent), files)
        return iter(()) if path is None else _rules_in(named, path, files, single=single)

    def rules() -> Iterator[_Named]:
        yield from ((value, value, None) for value, text in zip(told, is_text, strict=True) if text)
        for rule in _listed(yaml_value(read_text(files, config) or "", Yaml.NPM)):
            uses = rule.get("uses") if isinstance(rule, dict) else None
            yield from at(uses, single=True) if isinstance(uses, str) else _named(rule, config)
        for value, text in zip(told, is_text, strict=True):
            yield from () if text else at(value)

    names: set[str] = set()
    for name, text, path in rules():
        if name not in names and text:
            yield text, path
        names.add(name)


def _placed(named: str, home: Path, folders: Sequence[Path], files: Files) -> Path | None:
    """The file that a configuration names: a relative one in the first of the folders that has it; None for other names."""
    if named.startswith("~"):
        return Path(f"{home}{named[1:]}")
    if not named.startswith((".", "/", "file://")):
        return None
    paths = [Path(os.path.normpath(folder / named.removeprefix("file://"))) for folder in folders]
    return next((path for path in paths if files.exists(path)), None)


def _rules_in(named: str, path: Path, files: Files, *, single: bool) -> Iterator[_Named]:
    """The rules of a file that a configuration names: of one in YAML, or a text. `single`: whether YAML must hold just one."""
    text = read_text(files, path, keep_mark=True)
    if text is None:
        return
    if path.suffix not in (".yaml", ".yml"):
        values, body = _parsed(text)
        yield str(values.get("name") or "/".join(re.split(r"[/\\]", named)[-2:])), body, path
        return
    rules = _listed(yaml_value(text, Yaml.NPM))
    if len(rules) == 1 or not single:
        for rule in rules:
            yield from _named(rule, path)


def _listed(values: object) -> list[Any]:
    """The rules of a configuration."""
    rules = values.get("rules") if isinstance(values, dict) else None
    return rules if isinstance(rules, list) else []


def _named(rule: object, path: Path) -> Iterator[_Named]:
    """A rule of a configuration: a text, or one with a name; none where it is neither."""
    name, text = (rule.get("name"), rule.get("rule")) if isinstance(rule, dict) else (rule, rule)
    if isinstance(name, str) and isinstance(text, str):
        yield name, text, path


def _skills(start: Start, files: Files, folder: Path) -> Iterator[Piece]:
    first = True
    for holder in (folder / ".continue", folder / ".claude", start.home / ".continue"):
        for name in sorted(files.names(holder / "skills")):
            path = holder / "skills" / name / "SKILL.md"
            text = None if files.is_link(path.parent) else read_text(files, path, keep_mark=True)
            values = {} if text is None else _parsed(text)[0]
            told, description = values.get("name"), values.get("description")
            if isinstance(told, str) and told and isinstance(description, str) and description:
                yield Piece(f"{'' if first else chr(10)}description: ")
                yield Piece(description, Entry(path, "skill", description))
                first = False


CN = Agent("continue-cli", "Continue CLI", "1.5.47", load, (".continue",), aliases=("cn",))
