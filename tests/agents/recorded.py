"""Recorded cases: laid out on disk, and what an agent was seen to send."""

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.agents.configured import configured, configured_project, typed

from weighbridge.agents.model import Context, Start
from weighbridge.agents.registry import AGENTS
from weighbridge.content.agent_files import AgentFiles

WIRE = Path(__file__).parent / "wire"
#: Our own runs of the real programs, in the same form: files of chance, and what they showed.
RUNS = Path(__file__).parent / "runs"


#: Files below the home that a case needs and the recording leaves out.
LEFT_OUT = {
    ("opencode", "instr-user-and-project"): {
        ".config/opencode/opencode.json": '{"instructions": ["~/one.md"]}'
    },
}


@dataclass(frozen=True)
class Case:
    """One line of a recording. `data`: as recorded; see `wire/README.md`."""

    data: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.data["case"])

    @property
    def settings(self) -> dict[str, Any]:
        return dict(self.data["settings"])


def cases(agent: str) -> list[Case]:
    """All cases of an agent."""
    return _cases(WIRE, agent) + runs(agent)


def runs(agent: str) -> list[Case]:
    """Those of our own runs."""
    return _cases(RUNS, agent)


def _cases(folder: Path, agent: str) -> list[Case]:
    path = folder / f"{(*AGENTS[agent].aliases, agent)[0]}.jsonl"
    return [Case(json.loads(line)) for line in path.read_text("ascii").splitlines()] if path.exists() else []


@dataclass(frozen=True)
class Laid:
    """A case on disk: the folder that the agent is started in, the home, and the paths that placeholders stand for."""

    case: Case
    folder: Path
    home: Path
    names: dict[str, str]

    def start(self) -> Start:
        settings = self.case.settings
        environment = {name: _fill(value, self.names) for name, value in settings.get("env", {}).items()}
        if "names" in settings:
            environment["CONTEXT_FILE_NAMES"] = json.dumps(settings["names"])
        arguments = tuple(_fill(argument, self.names) for argument in settings.get("args", ()))
        return Start(self.folder, self.home, environment, arguments, typed(settings))

    def load(self, agent: str) -> Context:
        outside = Path(self.names["outside"])
        root = Path(self.names["root"])
        return AGENTS[agent].load(self.start(), AgentFiles((root, outside), trusted=(self.home,)))

    def with_placeholders(self, text: str) -> str:
        for name in ("slug", "root", "outside", "home"):
            text = text.replace(self.names[name], f"{{{name}}}")
        return text


def lay(case: Case, folder: Path) -> Laid:
    data = case.data
    settings = case.settings
    home = folder / "home"
    root = home / "root" if settings.get("layout") == "root-in-home" else folder / "root"
    outside = root.parent / "outside"
    names = {"root": str(root), "home": str(home), "outside": str(outside)}
    names["slug"] = re.sub(r"[^A-Za-z0-9]", "-", str(root))
    for made in (root, home):
        made.mkdir(parents=True, exist_ok=True)
    git = data.get("git")
    for place in git if isinstance(git, list) else [git] if isinstance(git, str) else [""] if git else []:
        _repository(root / place)
    _put(root, configured_project(settings), names)
    for command in settings.get("setup", ()):
        program, *_, folder_name = _fill(command, names).split()
        assert program == "git"
        _repository(Path(folder_name))
    _put(root, data["files"], names)
    _put(home, data.get("home") or {}, names)
    _put(outside, settings.get("outside") or {}, names)
    _put(
        home, configured(data["agent"], settings, names) | LEFT_OUT.get((data["agent"], case.name), {}), names
    )
    started = root / _fill(data.get("cwd") or "", names)
    started.mkdir(parents=True, exist_ok=True)
    return Laid(case, started, home, names)


def _repository(folder: Path) -> None:
    """As `git init` makes it, as far as agents look at it."""
    (folder / ".git" / "objects").mkdir(parents=True)
    (folder / ".git" / "refs").mkdir()
    (folder / ".git" / "HEAD").write_text("ref: refs/heads/main\n")


def _put(base: Path, files: dict[str, Any], names: dict[str, str]) -> None:
    for name, value in files.items():
        path = base / _fill(name, names)
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(value, str):
            path.write_bytes(_fill(value, names).encode("utf-8", "surrogatepass"))
        elif "link" in value:
            path.symlink_to(_fill(value["link"], names))
        elif "dir" in value:
            path.mkdir(exist_ok=True)
        elif "base64" in value:
            path.write_bytes(base64.b64decode(value["base64"]))
        else:
            path.write_bytes("".join(text * times for text, times in value["parts"]).encode())


def _fill(text: str, names: dict[str, str]) -> str:
    for name, value in names.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def expected(case: Case) -> list[Any]:
    """What arrived, part by part, with placeholders; a long one by its length and digest."""
    context = case.data["context"]
    where = case.data["where"]
    if isinstance(context, list) and isinstance(where, list) and len(where) == len(context):
        # What comes after the model used a tool is no part of the first request.
        later = ("tool result", "user message 2") if case.settings.get("turns") else ("tool result",)
        ends = [at for at, place in enumerate(where) if place in later]
        context = context[: ends[0]] if ends else context
    elif where == "tool result":
        return []
    if "context_is" in case.data:
        measures = case.data["context_is"]
        return measures if isinstance(measures, list) else [measures]
    parts = [context] if isinstance(context, str) else context
    # What was only typed is no file's text.
    return [part for part in parts if part and not part.startswith("<current_datetime>")]


def seen(laid: Laid, context: Context, wanted: list[Any]) -> list[Any]:
    """The parts of a context in the form of `wanted`."""
    texts = [laid.with_placeholders(part.text) for part in context.parts]
    if len(texts) > len(wanted):
        # Only what holds one of the fixture's marks was cut out of the request.
        texts = [text for text in texts if "MARK_" in text]
    if wanted and isinstance(wanted[0], dict):
        agent = laid.case.data["agent"]
        texts = [_framed(text, agent, part.where) for text, part in zip(texts, context.parts, strict=True)]
    return [
        {name: value for name, value in _measures(text).items() if name in wanted[at]}
        if at < len(wanted) and isinstance(wanted[at], dict)
        else text
        for at, text in enumerate(texts)
    ]


#: What agents write around their entries; measures of long contexts hold it, the texts of short ones don't.
_FRAMES = {
    ("claude-code", "first user message"): (
        (
            "<system-reminder>\nCodebase and user instructions are shown below. Be sure to adhere to these instructions. "
            "IMPORTANT: These instructions OVERRIDE any default behavior and you MUST follow them exactly as written.\n\n"
        ),
        "\n</system-reminder>",
    ),
    ("claude-code", "user message 2"): ("", "\n</system-reminder>"),
    ("factory-droid", "user message"): (
        (
            "# Codebase and user instructions are shown below. Instructions from files closest to your current directory "
            "take precedence over those further up the hierarchy.\n"
        ),
        "",
    ),
    ("goose", "system, under `# Additional Instructions:`"): (
        "### Project Hints\nThese are hints for working on the project in this directory.\n",
        "",
    ),
    ("mistral-vibe", "system"): (
        (
            "Codebase and user instructions are shown below. Be sure to adhere to these instructions. "
            "IMPORTANT: These instructions OVERRIDE any default behavior and you MUST follow them exactly as written. "
            "When both user-level and project-level instructions are present, project instructions take priority over "
            "user instructions. When multiple project-level AGENTS.md files are present, instructions closer to the "
            "working directory take priority. Each AGENTS.md applies to its own directory and all of its descendants "
            "within the project.\n\n"
        ),
        (
            "\n\nIMPORTANT: this context may or may not be relevant to your tasks. "
            "You should act on these guidelines if they are relevant to your task."
        ),
    ),
}


def _framed(text: str, agent: str, where: str) -> str:
    head, tail = _FRAMES.get((agent, where), ("", ""))
    return f"{head}{text}{tail}"


def _measures(text: str) -> dict[str, Any]:
    data = text.encode("utf-8", "surrogatepass")
    return {"length": len(text), "utf8_bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
