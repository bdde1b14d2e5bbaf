"""Continue's command line (cn): one agents file of the session folder, and rules.

Rules and recordings: `tests/agents/wire/cn.jsonl`.
"""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from weighbridge.agents.folders import walk
from weighbridge.agents.model import Agent, Context, Entry, Files, NotLoaded, Part, Piece, Start
from weighbridge.agents.skills import front_matter_of
from weighbridge.agents.text import JS_SPACE_CLASS, decoded, js_trim, read_text, yaml_value

_NAMES = ("AGENTS.md", "AGENT.md", "CLAUDE.md", "CODEX.md")
_RULE_LINE = re.compile(
    rf"(?:(?<![\s\S])|(?<=[\n\r\u2028\u2029]))---[{JS_SPACE_CLASS}]*(?=[\n\r\u2028\u2029]|(?![\s\S]))"
)

#: What `--rule` takes for a file's name, and for a place where something lies.
_FILE = re.compile(r"[./].*|.*\\.*|.*\.[A-Za-z]+")
_PLACE = re.compile(r"file:/|[./~]|.*\\|[\w.-]+/[\w.-]+$", re.ASCII)


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
    rule_options = start.options("--rule")
    for value in rule_options:
        yield from _option_rule(value, files, folder)
    configured = _configured(files.read(own / "config.yaml"))
    for text in configured:
        yield Piece(text, Entry(own / "config.yaml", "rule", text))
    # A name without a folder is a rule's text besides.
    literal = [value for value in rule_options if " " in value or "\n" in value or not _PLACE.match(value)]
    yield from map(Piece, literal)
    texts = {*configured, *literal}
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


def _option_rule(value: str, files: Files, folder: Path) -> Iterator[Piece]:
    """The rule that an option brings: the text of the file that it names, or its own; none where that file is not there."""
    if not _FILE.fullmatch(value.strip()):
        yield Piece(value)
        return
    path = Path(os.path.normpath(folder / value.strip()))
    text = read_text(files, path, keep_mark=True)
    if text is not None:
        yield Piece(text, Entry(path, "rule", text))


def _in_entry_order(folder: Path, files: Files) -> Iterator[Path]:
    """Files below a folder: its own first, then those of its folders, each by name."""
    names = sorted(files.names(folder))
    yield from (folder / name for name in names if not files.is_folder(folder / name))
    for name in names:
        if files.is_folder(folder / name) and not files.is_link(folder / name):
            yield from _in_entry_order(folder / name, files)
        elif files.is_folder(folder / name):
            yield from walk(folder / name, files, ordered=True)


def _rule(text: str) -> str | None:
    """A rule's text as it arrives, None where it does not."""
    text = text.replace("\r\n", "\n")
    parts = _RULE_LINE.split(text)
    header = yaml_value(parts[1]) if len(parts) > 2 else None
    if header is None:
        return text
    # A heading or a sentence between two lines `---` is taken for front matter too.
    values: Mapping[str, Any] = header if isinstance(header, dict) else {}
    waits = any(_is_true(values.get(name)) for name in ("globs", "regex"))
    applies = values["alwaysApply"] is True if "alwaysApply" in values else not waits
    return None if _is_true(values.get("invokable")) or not applies else js_trim("---".join(parts[2:]))


def _is_true(value: object) -> bool:
    """Whether JavaScript takes a value for true: an empty list too."""
    return isinstance(value, list | dict) or bool(value)


def _configured(data: bytes | None) -> list[str]:
    """The rules that the user's config.yaml holds."""
    if data is None:
        return []
    values: Any = yaml_value(decoded(data))
    rules = values.get("rules") if isinstance(values, dict) else None
    texts = [rule.get("rule") if isinstance(rule, dict) else rule for rule in rules or []]
    return [text for text in texts if isinstance(text, str)]


def _skills(start: Start, files: Files, folder: Path) -> Iterator[Piece]:
    first = True
    for holder in (folder / ".continue", folder / ".claude", start.home / ".continue"):
        for name in sorted(files.names(holder / "skills")):
            path = holder / "skills" / name / "SKILL.md"
            values = front_matter_of(files, path)
            description = values.get("description")
            if isinstance(description, str) and values.get("name"):
                yield Piece(f"{'' if first else chr(10)}description: ")
                yield Piece(description, Entry(path, "skill", description))
                first = False


CN = Agent("continue-cli", "Continue CLI", "1.5.47", load, (".continue",), aliases=("cn",))
