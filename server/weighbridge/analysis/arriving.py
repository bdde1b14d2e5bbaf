"""The text that reaches an agent because of an open document, found and counted by a worker."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path

from weighbridge.agents.arrivals import Arrival, arrival
from weighbridge.agents.model import Agent, Context, Start
from weighbridge.agents.readers import names_for
from weighbridge.agents.registry import agent_named
from weighbridge.agents.text import decoded
from weighbridge.analysis.loads import Load, Loads
from weighbridge.analysis.notices import Notice, Other, Places, notices
from weighbridge.analysis.wording import tokens_text
from weighbridge.content.agent_files import AgentFiles, Awaited
from weighbridge.content.depends import Depends
from weighbridge.text import PositionEncoding, units

Count = Callable[[str], int]

#: Imports that are tried in one text: agents take no more than some of one file.
_AT_A_TIME = 50
#: Other agents that are asked of a document that arrives.
_MOST_OTHERS = 4
#: Imports in imported files that are told of, and code points before one in its line.
_MOST_ONWARD = 1_000
_LONGEST_BEFORE = 10_000


@dataclass(frozen=True, slots=True)
class Setting:
    """Where agents are started, and what may be read for them.

    `workspace`: the folder of the workspace that holds the document. `roots`: folders whose files may be opened.
    `others`: agents that read such a document besides; `chosen`: whether the user chose them. `hints`: whether somebody is
    told what is no more than a hint: who else loads the document, and why it does not load.
    """

    workspace: Path | None
    roots: tuple[Path, ...]
    home: Path
    others: tuple[str, ...] = ()
    chosen: bool = False
    hints: bool = True


@dataclass(frozen=True, slots=True)
class Imported:
    """An import of the document's, `written` at `start`, and the tokens of all that arrives by it, labels included.

    `start`: line from 0, column in code points. `path`: the file that it names.
    """

    start: tuple[int, int]
    written: str
    path: Path
    tokens: int


@dataclass(frozen=True, slots=True)
class Onward:
    """An import in a file that is imported itself: `source`. `start`, `end`: in the client's units, on a line from 0."""

    source: Path
    line: int
    start: int
    end: int
    target: str
    path: Path


@dataclass(frozen=True, slots=True)
class Arrived:
    """`text`: what arrives because of the document, byte for byte; `tokens`: of it.

    `folder`: the session folder. `loads`: whether the document itself arrives. `onward`: the imports in what it imports.
    `watched`: files and folders that all of this depends on, of those in folders that may be read, some of these sets
    those of other documents too; `awaited`: and any file that these match; `depends`: all that it depends on, and what only the
    kind or the names matter of.
    """

    agent: str
    title: str
    text: str
    tokens: int
    folder: Path
    loads: bool
    notices: tuple[Notice, ...]
    imports: tuple[Imported, ...]
    onward: tuple[Onward, ...]
    watched: tuple[frozenset[Path], ...] = field(compare=False)
    depends: tuple[Depends, ...] = field(compare=False)
    awaited: tuple[Awaited, ...] = ()


def agent_files(agent: Agent, setting: Setting, open_text: Callable[[Path], str | None]) -> AgentFiles:
    """The disk as an agent's rules see it."""
    return AgentFiles(setting.roots, agent.folders_in(setting.home), open_text)


def imported(
    agent: Agent,
    path: Path,
    targets: Sequence[str],
    setting: Setting,
    open_text: Callable[[Path], str | None],
) -> frozenset[str]:
    """Those of some targets that an agent would import from a file at a path, if that named them and little else.

    They are taken for files of one letter: none of them is read.
    """
    imports = agent.imports_of(path)
    assert imports is not None  # noqa: S101  the caller saw to it
    files = agent_files(agent, setting, open_text)
    real, folder = files.real(path), imports.folder_of(path, files)
    taken: set[str] = set()
    for at in range(0, len(targets), _AT_A_TIME):
        group = targets[at : at + _AT_A_TIME]
        places = {target: files.real(imports.place(target, folder, setting.home)) for target in group}
        stand_ins = frozenset(places.values()) - {real}
        written = [text for target in group if (text := imports.written(target))]
        whole = imports.framed("\n\n".join(written))
        texts = {real: whole, **dict.fromkeys(stand_ins, "x")}
        files.open_text = lambda file, texts=texts: texts.get(file) or open_text(file)  # type: ignore[misc]
        document_arrival = arrival(agent, path, whole, setting.workspace, setting.home, files, os.environ)
        if document_arrival.loads:
            import_targets = (
                import_.target
                for import_ in document_arrival.context.imports
                if files.real(import_.path) == real
            )
            arriving = {
                files.real(file)
                for file in (*(entry.path for entry in document_arrival.context.entries), *import_targets)
            }
            arriving.discard(real)
            taken |= {target for target, place in places.items() if place in arriving}
    return frozenset(taken)


def arrived(
    name: str,
    path: Path,
    text: str,
    setting: Setting,
    open_text: Callable[[Path], str | None],
    count: Count,
    encoding: PositionEncoding,
    *,
    exact: bool,
    loads: Loads | None = None,
) -> Arrived:
    """The text that an agent receives because of a document at a path. Reads files. `text`: the document's; `exact`: whether counts are.

    Where that agent does not load it, the others that the setting names are asked. `loads`: what agents load, for other
    documents too.
    """
    agent = agent_named(name)
    assert agent is not None  # noqa: S101  dialects are named after agents
    files = agent_files(agent, setting, open_text)
    if loads is not None:
        files.links = loads.links
    real, places = files.real(path), Places(text)
    own_hash = None if loads is None else hash(text.encode("utf-8", "surrogatepass"))
    stored = _no_utf8(text, real, agent_files(agent, setting, lambda _: None))
    # An agent may count bytes: those that the text stands for.
    as_stored = stored is not None and decoded(stored) == text
    files.open_text = lambda file: (None if as_stored else text) if file == real else open_text(file)
    shared: list[Load] = []

    def load(agent: Agent, start: Start) -> Context:
        if loads is not None and not start.prompt:
            shared_load = loads.of(agent, start, setting.roots)
            # Made of another text than this, it is another document's.
            if shared_load.hashes.get(real, own_hash) == own_hash:
                shared.append(shared_load)
                return shared_load.context
        return agent.load(start, files)

    def of(agent: Agent) -> Arrival:
        load_of = partial(load, agent)
        return arrival(agent, path, text, setting.workspace, setting.home, files, os.environ, load_of)

    document_arrival = of(agent)
    names = [name for name in setting.others if setting.hints and name != agent.name]
    if document_arrival.loads:
        folders = {path.parent, setting.workspace or path.parent}
        names = [name for name in names if setting.chosen or _has_files(name, folders, files)]
    other_agents = map(agent_named, names[:_MOST_OTHERS] if document_arrival.loads else names)
    others = [
        _other(other_agent, of(other_agent), chosen=setting.chosen)
        for other_agent in other_agents
        if other_agent is not None
    ]
    own = next((entry for entry in document_arrival.entries if files.real(entry.path) == real), None)
    return Arrived(
        agent.name,
        agent.title,
        document_arrival.text,
        count(document_arrival.text),
        document_arrival.folder,
        document_arrival.loads,
        tuple(
            notices(
                agent,
                document_arrival,
                own,
                places,
                others,
                files,
                lambda text: tokens_text(count(text), exact=exact),
                hints=setting.hints,
                no_utf8=stored is not None,
            )
        ),
        tuple(_imports(document_arrival, places, files, real, count)),
        tuple(islice(_onward(document_arrival, files, encoding), _MOST_ONWARD)),
        (
            files.watched().difference(*(shared_load.watched for shared_load in shared)),
            *dict.fromkeys(shared_load.watched for shared_load in shared),
        ),
        (files.depends, *(shared_load.depends for shared_load in shared)),
        tuple(files.awaited),
    )


def _no_utf8(text: str, real: Path, files: AgentFiles) -> bytes | None:
    """A file's bytes, if its text looks as if they were no UTF-8 and they are none."""
    data = files.read(real) if "\ufffd" in text else None
    if data is not None:
        try:
            data.decode()
        except UnicodeDecodeError:
            return data
    return None


def _other(agent: Agent, arrival: Arrival, *, chosen: bool) -> Other:
    """Whether another agent loads a document. Why it does not is told to those who use it: they chose it, or have files for it."""
    why = None if arrival.loads else arrival.why
    if why is None or why.patterns:
        return Other(agent, arrival.loads)
    for_it = why.instead is not None and why.instead.name in names_for(agent.name)
    return Other(agent, loads=False, reason=why.reason if chosen or for_it else "")


def _has_files(name: str, folders: Iterable[Path], files: AgentFiles) -> bool:
    """Whether files that are written for an agent lie in any of some folders."""
    return any(
        files.size(folder / file_name) is not None for folder in folders for file_name in names_for(name)
    )


def _imports(
    arrival: Arrival, places: Places, files: AgentFiles, document: Path, count: Count
) -> Iterator[Imported]:
    for import_ in arrival.context.imports if arrival.loads else ():
        if not import_.nested and files.real(import_.path) == document:
            target, tokens = files.real(import_.target), count(import_.text)
            written = places.text[import_.start : import_.end]
            yield Imported(places.at(import_.start), written, target, tokens)


def _onward(arrival: Arrival, files: AgentFiles, encoding: PositionEncoding) -> Iterator[Onward]:
    """The imports in the files that the document imports, each once."""
    texts: dict[Path, tuple[str, Places]] = {}
    seen: set[tuple[Path, int]] = set()
    sources = {entry.path for entry in arrival.entries}
    for import_ in arrival.context.imports:
        if not import_.nested or import_.path not in sources or (import_.path, import_.start) in seen:
            continue
        seen.add((import_.path, import_.start))
        if import_.path not in texts:
            text = decoded(files.read(import_.path) or b"")
            texts[import_.path] = text, Places(text)
        text, places = texts[import_.path]
        written = text[import_.start : import_.end]
        line, column = places.at(import_.start)
        # Of a line that long nobody asks, and of a text that changed meanwhile nothing is known.
        if written.startswith("@") and column <= _LONGEST_BEFORE:
            start = units(text[import_.start - column : import_.start], encoding)
            end, target = start + units(written, encoding), files.real(import_.target)
            yield Onward(files.real(import_.path), line, start, end, written.removeprefix("@"), target)
