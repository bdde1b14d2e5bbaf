"""Claude Code's settings, as far as they say which files are loaded: arguments, environment, and files of settings."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from weighbridge.agents.braces import alternatives
from weighbridge.agents.folders import git_root, upwards
from weighbridge.agents.model import Files, Start
from weighbridge.agents.text import json_object, read_text
from weighbridge.name_patterns import fits

_DENIED = re.compile(r"(?:Agent|Task)(?:\((.*)\))?", re.DOTALL)
#: What an organization says.
MANAGED = Path("/etc/claude-code")
_WORK_TREE = re.compile(r"gitdir:\s*(.+?)/\.git/worktrees/")
_WILD = re.compile(r"[*?{[]")
#: Characters of a pattern, patterns of all settings, and what braces stand for at most.
_LONGEST_PATTERN, _MOST_PATTERNS, _MOST_ALTERNATIVES = 500, 100, 100


@dataclass(frozen=True, slots=True)
class ClaudeSettings:
    """Whose files are loaded (`sources`), which are not (`excluded`), and whether AGENTS.md is (`instruction_files`).

    `approved`: whether the user allowed the project's imports from outside. `has_memory`: whether it keeps one;
    `memory_folder`: where that lies, if not in its own place; `is_users`: whether the user's own settings say so. `environment`: the
    variables that settings set; `denied_agents`: the sub-agents that are not offered, empty for all of them; `managed_text`: the
    organization's instructions in its settings.
    """

    approved: bool
    sources: frozenset[str]
    excluded: tuple["Exclusion", ...]
    instruction_files: str
    has_memory: bool = True
    memory_folder: Path | None = None
    is_users: bool = True
    output_style: str | None = None
    denied_agents: frozenset[str] = frozenset()
    environment: Mapping[str, str] = field(default_factory=dict)
    managed_text: str = ""

    def excludes(self, path: Path) -> bool:
        """Whether `claudeMdExcludes` names a file."""
        return any(exclusion.excludes(path) for exclusion in self.excluded)


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A glob of `claudeMdExcludes`: its alternatives, each the parts between its slashes. `negated`: whether all else is meant."""

    alternatives: tuple[tuple[str, ...], ...]
    negated: bool

    def excludes(self, path: Path) -> bool:
        """Whether it means a file."""
        names = path.as_posix().split("/")
        return any(_matches(names, parts) for parts in self.alternatives) is not self.negated


def claude_settings(
    start: Start, files: Files, folder: Path, project: Path, config: Path, main: Path
) -> ClaudeSettings:
    """What holds in a folder of a project. `config`: the user's folder of settings; `main`: the project's main checkout."""
    chosen = start.option("--setting-sources")
    sources = frozenset(("user", "project", "local") if chosen is None else chosen.split(","))
    by_source = [
        (source, json_object(files.read(path), lenient=False))
        for path, source in _settings_files(folder, project, config)
        if source in sources
    ]
    told = (start.option("--settings") or "").strip()
    data = told.encode() if told.startswith("{") else files.read(folder / told) if told else None
    managed = list(_managed(files))
    by_source += [("user", values) for values in (json_object(data, lenient=False), *managed)]
    settings = [values for _, values in by_source]
    folders = [
        (place, source)
        for source, values in by_source
        if (place := _memory_folder(values.get("autoMemoryDirectory"), start.home)) is not None
    ]
    place, source = folders[-1] if folders else (None, "user")
    approved = _approved(start, files, main)
    environment = _environment(settings)
    disabled = {**start.environment, **environment}.get("CLAUDE_CODE_DISABLE_AUTO_MEMORY")
    styles = [style for values in settings if isinstance(style := values.get("outputStyle"), str)]
    patterns = (pattern for values in settings for pattern in _patterns(values, files))
    return ClaudeSettings(
        approved,
        sources,
        tuple(map(_excluding, islice(patterns, _MOST_PATTERNS))),
        _instruction_files(json_object(files.read(config / "settings.json"), lenient=False)),
        _has_memory(disabled, settings),
        place,
        source == "user",
        styles[-1] if styles else None,
        frozenset(name for values in settings for name in _denied_agents(values)),
        environment,
        next((text for values in reversed(managed) if isinstance(text := values.get("claudeMd"), str)), ""),
    )


def _settings_files(folder: Path, project: Path, config: Path) -> Sequence[tuple[Path, str]]:
    """The files of settings with their sources; later ones win. The project's own are those of the session folder."""
    own = folder / ".claude"
    locals_ = dict.fromkeys((own / "settings.local.json", project / ".claude" / "settings.local.json"))
    return [
        (config / "settings.json", "user"),
        (own / "settings.json", "project"),
        *((path, "local") for path in locals_),
    ]


def claude_folders(folder: Path, home: Path, files: Files) -> tuple[Path, ...]:
    """The `.claude` folders of a project, the session folder's first: up to the repository's root, without one up to the home's."""
    places = upwards(folder)
    root = git_root(folder, files)
    end = len(places) if root is None else places.index(root) + 1
    if home in places:
        # The home's own is the user's.
        end = min(end, places.index(home))
    return tuple(place / ".claude" for place in places[:end])


def _managed(files: Files) -> Iterator[dict[str, Any]]:
    """The organization's settings; later ones win."""
    yield json_object(files.read(MANAGED / "managed-settings.json"), lenient=False)
    folder = MANAGED / "managed-settings.d"
    for name in sorted(files.names(folder)):
        if name.endswith(".json") and not name.startswith("."):
            yield json_object(files.read(folder / name), lenient=False)


def main_checkout(project: Path, files: Files) -> Path:
    """The main checkout of a project that is a work tree of it, else the project."""
    match = _WORK_TREE.match(read_text(files, project / ".git") or "")
    return project if match is None else files.real(Path(match[1]))


def is_on(value: str | None) -> bool:
    """Whether a variable of the environment switches something on."""
    return value is not None and value.lower() in {"1", "true", "yes", "on"}


def _has_memory(disabled: str | None, settings: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a memory is read: as the environment says, else the last settings that say it."""
    if disabled:
        return not is_on(disabled)
    said = [values["autoMemoryEnabled"] for values in settings if "autoMemoryEnabled" in values]
    return not said or said[-1] is not False


def _environment(settings: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The variables that settings set, later ones over earlier ones."""
    by_file = [values["env"] for values in settings if isinstance(values.get("env"), Mapping)]
    return {name: str(value) for variables in by_file for name, value in variables.items()}


def _denied_agents(values: Mapping[str, Any]) -> Iterator[str]:
    """The sub-agents that settings deny; empty for all of them."""
    permissions = values.get("permissions")
    rules = permissions.get("deny") if isinstance(permissions, dict) else None
    for rule in rules if isinstance(rules, list) else ():
        match = _DENIED.fullmatch(rule) if isinstance(rule, str) else None
        if match is not None:
            yield match[1] or ""


def _memory_folder(value: object, home: Path) -> Path | None:
    if not isinstance(value, str):
        return None
    place = home / value[2:] if value.startswith("~/") else Path(value)
    return place if place.is_absolute() else None


def _approved(start: Start, files: Files, project: Path) -> bool:
    """Whether the user allowed this project's imports from outside."""
    holder = start.environment.get("CLAUDE_CONFIG_DIR") or start.home
    projects = json_object(files.read(Path(holder) / ".claude.json"), lenient=False).get("projects")
    values = projects.get(str(project)) if isinstance(projects, Mapping) else None
    return isinstance(values, Mapping) and values.get("hasClaudeMdExternalIncludesApproved") is True


def _instruction_files(settings: Mapping[str, Any]) -> str:
    value: Any = settings
    for name in ("pluginConfigs", "agents-md@builtin", "options", "instructionFiles"):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, str) else "claude-md-or-agents-md"


def _patterns(values: Mapping[str, Any], files: Files) -> Iterator[str]:
    """The patterns of `claudeMdExcludes`, and what those stand for whose folder has another name."""
    written = values.get("claudeMdExcludes")
    # A list that holds anything else is not read.
    if not isinstance(written, list) or not all(isinstance(pattern, str) for pattern in written):
        return
    for pattern in written:
        if not 0 < len(pattern) <= _LONGEST_PATTERN:
            continue
        plain = pattern.replace("\\", "/")
        yield plain
        if plain.startswith("/"):
            above = os.path.dirname(_WILD.split(plain, maxsplit=1)[0].rstrip("/")) or "/"  # noqa: PTH120  (a `.` stays)
            real = files.real(Path(above)).as_posix()
            if real != above:
                yield real + plain[len(above) :]


def _excluding(pattern: str) -> Exclusion:
    """A pattern of `claudeMdExcludes` over absolute paths, as picomatch reads it; `!` turns it round."""
    rest = pattern if pattern.startswith("!(") else pattern.lstrip("!")
    is_negated = (len(pattern) - len(rest)) % 2 == 1
    meant = islice(alternatives(rest.removeprefix("./"), bare=True), _MOST_ALTERNATIVES)
    return Exclusion(tuple(tuple(one.split("/")) for one in meant), is_negated)


def _matches(names: Sequence[str], parts: Sequence[str]) -> bool:
    """Whether a path's names match a glob's parts, of which `**` stands for any number of names. All places are followed at once."""
    places = {0}
    for name in (*names, None):
        for place in sorted(places):
            behind = place
            while behind < len(parts) and parts[behind] == "**":
                behind += 1
                places.add(behind)
        if name is None:
            break
        places = {
            place + (parts[place] != "**")
            for place in places
            if place < len(parts) and (parts[place] == "**" or fits(name, parts[place]))
        }
    return len(parts) in places
