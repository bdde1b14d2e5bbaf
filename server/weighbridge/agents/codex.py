"""Codex CLI: one `AGENTS.md` a folder from the project's root down, cut at 32,768 bytes that all of them share.

Rules and recordings: `tests/agents/wire/codex.jsonl`.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from weighbridge.agents.codex_listing import listed_lengths
from weighbridge.agents.folders import downwards, git_root, lies_in, upwards, walk
from weighbridge.agents.model import (
    Agent,
    Context,
    Entry,
    Files,
    Lost,
    NotLoaded,
    Part,
    Piece,
    Start,
)
from weighbridge.agents.skills import cut, split_front_matter
from weighbridge.agents.text import SPACE, decoded, read_text, toml_table, unix_lines
from weighbridge.agents.yaml_values import Yaml, yaml_mapping, yaml_value
from weighbridge.errors import Code

#: Bytes that all project files share.
MOST_BYTES = 32_768
#: Tokens of the model's window, where the configuration names none.
_WINDOW = 272_000
_NAMES = ("AGENTS.override.md", "AGENTS.md")
_LONGEST_DESCRIPTION = 1024
_LONGEST_NAME = 64
_BLANKS = re.compile(rf"[{re.escape(SPACE)}]+")
_NULL = frozenset(("~", "null", "Null", "NULL"))
#: A line of front matter with a text that is in no quotes.
_KEY_AND_TEXT = re.compile(r"^([ \t]*[A-Za-z_][\w-]*):[ \t]+([^\"'\s].*)$", re.MULTILINE)
_COMMENT = re.compile(r"[ \t]#")
_SKILL_MENTION = re.compile(r"(?<!\[)\$([\w-]+(?::[\w-]+)?)|\[\$([\w-]+(?::[\w-]+)?)\](?:\(([^()\n]*)\))?")


@dataclass(frozen=True, slots=True)
class _Settings:
    """The values of Codex's configuration that decide what is loaded."""

    most_bytes: int = MOST_BYTES
    fallbacks: tuple[str, ...] = ()
    window: int = _WINDOW
    instructions: str = ""
    developer_instructions: str = ""


def load(start: Start, files: Files) -> Context:
    """What Codex puts into its first request."""
    folder = files.real(start.folder)
    # The folder that it is told keeps its name.
    folder = Path(os.path.normpath(folder / (start.option("-C") or start.option("--cd") or "")))
    home = Path(start.environment.get("CODEX_HOME") or start.home / ".codex")
    user_config = {} if start.flag("--ignore-user-config") else toml_table(files.read(home / "config.toml"))
    option_config: dict[str, Any] = {}
    for option in (*start.options("-c"), *start.options("--config")):
        option_config |= toml_table(option.encode())
    # All but the project's own configuration says where the project begins.
    markers = _strings((user_config | option_config).get("project_root_markers"), (".git",))
    root = _project_root(folder, files, markers)
    config: dict[str, Any] = dict(user_config)
    if _trusted(user_config, folder, root, files):
        for above in downwards(root, folder):
            config |= toml_table(files.read(above / ".codex" / "config.toml"))
    settings = _settings(config | option_config)
    if settings.most_bytes < 0:
        return Context(
            not_loaded=(NotLoaded(folder, "project_doc_max_bytes is negative: Codex does not start"),)
        )

    texts = (settings.instructions.strip(SPACE), settings.developer_instructions.strip(SPACE))
    parts = [*_instructions_file(config | option_config, user_config | option_config, home, files)]
    parts += [Part("developer message", (Piece(text),)) for text in texts if text]
    known = _known_skills(start, files, folder, root, home)
    skills = [skill for skill in known if skill.is_listed]
    lengths = _lengths(skills, settings.window)
    parts.extend(_listing(skills, lengths))
    full = "the list of all skills is full: Codex leaves it out"
    left_out = [
        NotLoaded(skill.path, full) for skill, length in zip(skills, lengths, strict=True) if length is None
    ]
    user = _user_file(home, files)
    project, not_loaded = _project_files(folder, root, files, settings)
    if user is not None or project:
        parts.append(_user_message(folder, user, project))
    parts.extend(_mentioned(start.prompt, known, files))
    return Context(tuple(parts), (*left_out, *not_loaded))


def _instructions_file(
    config: Mapping[str, Any], users: Mapping[str, Any], home: Path, files: Files
) -> Iterator[Part]:
    """The file that the configuration names in place of the agent's own instructions."""
    name = config.get("model_instructions_file")
    if not isinstance(name, str):
        return
    path = home / name
    text = (read_text(files, path, own=users.get("model_instructions_file") == name) or "").strip(SPACE)
    if text:
        yield Part("system", (Piece(text, Entry(path, "user", text)),))


def _user_message(folder: Path, user: Entry | None, project: Sequence[Entry]) -> Part:
    place = f" for {folder}" if project else ""
    pieces = [Piece(f"# AGENTS.md instructions{place}\n\n<INSTRUCTIONS>\n")]
    if user is not None:
        pieces.append(Piece(user.text, user))
        if project:
            pieces.append(Piece("\n\n--- project-doc ---\n\n"))
    for at, entry in enumerate(project):
        pieces += [Piece("\n\n" if at else ""), Piece(entry.text, entry)]
    pieces.append(Piece("\n</INSTRUCTIONS>"))
    return Part("user message", tuple(pieces))


def _settings(config: Mapping[str, Any]) -> _Settings:
    most = config.get("project_doc_max_bytes", MOST_BYTES)
    window = config.get("model_context_window", _WINDOW)
    return _Settings(
        most if isinstance(most, int) else MOST_BYTES,
        tuple(
            name
            for name in (
                written.strip(SPACE) for written in _strings(config.get("project_doc_fallback_filenames"), ())
            )
            # A name with a folder in it is passed over without a word.
            if name and "/" not in name and name not in {".", ".."}
        ),
        window if isinstance(window, int) else _WINDOW,
        _string(config.get("instructions")),
        _string(config.get("developer_instructions")),
    )


def _strings(value: object, otherwise: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else otherwise


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""


def _project_root(folder: Path, files: Files, markers: Sequence[str]) -> Path:
    """The nearest folder upwards that holds a marker, else the session folder itself."""
    for above in upwards(folder):
        if any(files.exists(above / marker) for marker in markers):
            return above
    return folder


def _trusted(user_config: Mapping[str, Any], folder: Path, root: Path, files: Files) -> bool:
    """Whether the user said that the project's own configuration counts."""
    projects = user_config.get("projects")
    if not isinstance(projects, Mapping):
        return False
    git = git_root(folder, files) or folder
    for place in (folder, root, git):
        project = projects.get(str(place))
        if isinstance(project, Mapping) and project.get("trust_level") == "trusted":
            return True
    return False


def _user_file(home: Path, files: Files) -> Entry | None:
    """The user's file: the first that is not blank, trimmed, without a limit."""
    for name in _NAMES:
        text = (read_text(files, home / name, keep_mark=True) or "").strip(SPACE)
        if text:
            return Entry(home / name, "user", text)
    return None


def _project_files(
    folder: Path, root: Path, files: Files, settings: _Settings
) -> tuple[list[Entry], tuple[NotLoaded, ...]]:
    """The project's files, root's first, until the bytes that they share are used up."""
    entries: list[Entry] = []
    not_loaded: list[NotLoaded] = []
    left = settings.most_bytes
    used_by: list[str] = []
    for place in downwards(root, folder):
        path, shadowed = _file_of(place, files, settings)
        not_loaded.extend(
            NotLoaded(sibling, f"Codex reads one file a folder, here {path.name}")
            for sibling in shadowed
            if path
        )
        data = None if path is None else files.read(path)
        if path is None or data is None:
            continue
        if left <= 0:
            spent = f"the {settings.most_bytes:,} bytes that all project files share"
            who = ", ".join(used_by)
            reason = f"{spent} are used up{f' by {who}' if who else ''}"
            not_loaded.append(NotLoaded(path, reason, dropped=bool(who)))
            continue
        text = decoded(data[:left], keep_mark=True)
        if not text.strip(SPACE):
            reason = "it is blank" if len(data) <= left else f"its first {left:,} bytes are blank"
            not_loaded.append(NotLoaded(path, reason))
            continue
        lost = _cut(data, left, settings.most_bytes, used_by) if len(data) > left else None
        entries.append(Entry(path, "project", text, lost=lost))
        used_by.append(str(path))
        left -= min(left, len(data))
    return entries, tuple(not_loaded)


def _file_of(place: Path, files: Files, settings: _Settings) -> tuple[Path | None, list[Path]]:
    """The one file of a folder, and those that it hides."""
    paths = [
        place / name
        for name in dict.fromkeys((*_NAMES, *settings.fallbacks))
        if files.size(place / name) is not None
    ]
    return (paths[0], paths[1:]) if paths else (None, [])


def _cut(data: bytes, left: int, most: int, used_by: Sequence[str]) -> Lost:
    """The text of a file that lies behind the cut, from the first character that does not arrive whole."""
    whole = (
        data[:left].decode("utf-8", "ignore") if _splits(data, left) else decoded(data[:left], keep_mark=True)
    )
    text = decoded(data, keep_mark=True)
    line = whole.count("\n")
    character = len(whole) - (whole.rfind("\n") + 1)
    before = f"; {', '.join(used_by)} came first" if used_by else ""
    reason = f"Codex reads {most:,} bytes of all project files together{before}"
    return Lost(Code.TRUNCATED, line, character, text[len(whole) :], reason)


def _splits(data: bytes, at: int) -> bool:
    """Whether a cut lies inside a character of well-formed UTF-8."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return at < len(data) and data[at] & 0xC0 == 0x80


@dataclass(frozen=True, slots=True)
class _Skill:
    """A skill as it is listed. `shown`: its file, below the root of skills that holds it (`rN`, in the table `root`)."""

    rank: tuple[int, str, str]
    name: str
    text: str
    whole: str
    description: str
    shown: str
    path: Path
    root: str
    is_listed: bool


def _known_skills(start: Start, files: Files, folder: Path, root: Path, home: Path) -> list[_Skill]:
    """The skills of all folders, by name."""
    chain = downwards(root, folder)
    config_folders = [place / ".codex" / "skills" for place in reversed(chain)]
    config_folders = [place for place in config_folders if place != home / "skills"]
    config_folders += [home / "skills", start.home / ".agents" / "skills"]
    agents = [place / ".agents" / "skills" for place in chain]
    # Roots that hold none have no number. The agent's own skills are one, before those of the repository's `.agents`.
    skills: list[_Skill] = []
    number = 0
    for place in dict.fromkeys((*config_folders, None, *agents)):
        described = [] if place is None else [*_described(place, files)]
        for path, skill in described:
            assert place is not None  # noqa: S101  it holds a path
            rank = 0 if place in agents else 1 if lies_in(place, start.home / ".agents") else 2
            shown = f"r{number}/{path.relative_to(place).as_posix()}"
            line = f"- `r{number}` = `{place}`"
            is_listed = not _is_hidden(path, files)
            skills.append(_Skill((rank, skill[0], shown), *skill, shown, path, line, is_listed))
        number += place is None or bool(described)
    return sorted(skills, key=lambda skill: (skill.name, skill.rank))


def _described(place: Path, files: Files) -> Iterator[tuple[Path, tuple[str, str, str, str]]]:
    """The skills below a folder."""
    for path in walk(place, files) if files.is_folder(place) else ():
        hidden = any(name.startswith(".") for name in path.relative_to(place).parts)
        if path.name == "SKILL.md" and not hidden and (skill := _skill(path, files)) is not None:
            yield path, skill


def _lengths(skills: Sequence[_Skill], window: int) -> list[int | None]:
    lines = [
        (len(f"- {skill.name}: (file: {skill.shown})\n".encode()), skill.description) for skill in skills
    ]
    return listed_lengths(lines, window)


def _listing(skills: Sequence[_Skill], lengths: Sequence[int | None]) -> Iterator[Part]:
    """The listing of skills: a table of their roots, and a line for each."""
    if not skills:
        return
    lines = sorted({skill.root for skill in skills}, key=lambda line: int(line[4:].split("`", 1)[0]))
    yield Part("developer message", (Piece("\n".join(lines)),))
    pieces: list[Piece] = []
    for skill, length in zip(skills, lengths, strict=True):
        if length is None:
            continue
        description = skill.description[:length]
        pieces += [
            Piece(f"{chr(10) if pieces else ''}- {skill.name}: "),
            Piece(description, Entry(skill.path, "skill", description, lost=_cut_of(skill, description))),
            Piece(f"{' ' if description else ''}(file: {skill.shown})"),
        ]
    yield Part("developer message", tuple(pieces))


def _mentioned(prompt: str, skills: Sequence[_Skill], files: Files) -> Iterator[Part]:
    """The skills that the first prompt names as `$name`, whole."""
    seen: set[Path] = set()
    for plain, linked, target in dict.fromkeys(_SKILL_MENTION.findall(prompt)):
        path = target.removeprefix("skill://")
        # A link's name says nothing beside its path, nor a name that several have.
        named = [
            skill
            for skill in skills
            if (str(skill.path) == path if path else skill.name == (plain or linked))
        ]
        text = None if len(named) != 1 else read_text(files, named[0].path, keep_mark=True)
        if text is None or named[0].path in seen:
            continue
        seen.add(named[0].path)
        head = f"<skill>\n<name>{named[0].name}</name>\n<path>{named[0].path}</path>\n"
        entry = Entry(named[0].path, "skill", text)
        yield Part("user message", (Piece(head), Piece(text, entry), Piece("\n</skill>")))


def _cut_of(skill: _Skill, listed: str) -> Lost | None:
    """The part of a skill's description that does not arrive."""
    room = f"Codex lists {_LONGEST_DESCRIPTION:,} characters of a description"
    reason = room if listed == skill.description else "the list of all skills is full"
    return cut(skill.text, skill.whole, listed, reason)


def _skill(path: Path, files: Files) -> tuple[str, str, str, str] | None:
    """A skill's name, its file's text, its description, and that as it is listed; None where it is left out."""
    data = files.read(path)
    if data is None or decoded(data).encode("utf-8") != data.removeprefix(b"\xef\xbb\xbf"):
        return None
    text = unix_lines(decoded(data, keep_mark=True))
    values = _values(text)
    written = values.get("name", path.parent.name)
    whole = description = _BLANKS.sub(" ", _string(values.get("description"))).strip()
    if not description or description in _NULL or not isinstance(written, str):
        return None
    if len(description) > _LONGEST_DESCRIPTION:
        description = f"{description[: _LONGEST_DESCRIPTION - 3]}..."
    name = _BLANKS.sub(" ", written or path.parent.name).strip()
    if len(name) > _LONGEST_NAME:
        return None
    return name, text, whole, description


def _is_hidden(path: Path, files: Files) -> bool:
    """Whether a skill is only for who names it."""
    return _yaml_policy(files.read(path.parent / "agents" / "openai.yaml")) is False


def _values(text: str) -> Mapping[str, Any]:
    """The values of a skill's front matter; where these are no texts, those that it has with some of its lines in quotes."""
    source = split_front_matter(text)[0] or ""
    values = yaml_mapping(source, Yaml.STRINGS) or {}
    if isinstance(values.get("description"), str):
        return values
    return yaml_mapping(_KEY_AND_TEXT.sub(_quoted, source), Yaml.STRINGS) or {}


def _quoted(line: re.Match[str]) -> str:
    """A line of front matter with its text in quotes, where YAML would take that for something else, or not at all."""
    text = _COMMENT.split(line[2], 1)[0].rstrip()
    is_odd = ": " in text or text[0] in "@`" or (text[0] in "[{" and yaml_value(text) is None)
    return f"{line[1]}: {json.dumps(text)}" if is_odd else line[0]


def _yaml_policy(data: bytes | None) -> bool | None:
    """The value of `policy.allow_implicit_invocation` in `agents/openai.yaml`; None where it has none."""
    values = None if data is None else yaml_mapping(decoded(data))
    policy = (values or {}).get("policy")
    allowed = policy.get("allow_implicit_invocation") if isinstance(policy, Mapping) else None
    return allowed if isinstance(allowed, bool) else None


CODEX = Agent("codex", "Codex", "0.171.0", load, (".codex", ".agents"), exact=True)
