"""What agents load in a folder, counted: `weighbridge context` and the request of the same name."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from weighbridge.agents.folders import git_root
from weighbridge.agents.model import Agent, Context, Entry, Importance, Lost, Start
from weighbridge.agents.registry import AGENTS
from weighbridge.agents.text import decoded
from weighbridge.analysis.loads import EVERY_FILE
from weighbridge.analysis.notices import Places
from weighbridge.analysis.wording import tokens_text
from weighbridge.content.agent_files import AgentFiles
from weighbridge.content.depends import Depends
from weighbridge.errors import Code
from weighbridge.tokens.base import Exactness, Tokenizer
from weighbridge.tokens.registry import tokenizer as tokenizer_of

if TYPE_CHECKING:
    from weighbridge.work import CancelToken

#: Tokens that it must save to be told, and places that are named with a text that arrives several times.
_WORTH_TELLING = 20
_MOST_NAMED = 4


class TokenizerChoice(Protocol):
    """By what texts are counted: an encoding, and the model as it is written."""

    @property
    def name(self) -> str | None: ...

    @property
    def encoding(self) -> str: ...

    def exactness(self, tokenizer: Tokenizer, /) -> Exactness: ...


@dataclass(frozen=True, slots=True)
class Vain:
    """Something in a file that is meant as an import, most likely, and brings nothing. `line` from 0, `character` in code points."""

    path: Path
    line: int
    character: int
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """An agent's context in a folder, the paths that it would have read and Weighbridge does not open, imports in vain."""

    agent: Agent
    folder: Path
    context: Context
    refused: tuple[Path, ...]
    depends: Depends
    vain: tuple[Vain, ...] = ()


# What is counted of a context: the fields are the names in the JSON of `weighbridge context`.


@dataclass(frozen=True, slots=True)
class CountedPart:
    """A part of a context. `where`: its place in the request."""

    where: str
    tokens: int


@dataclass(frozen=True, slots=True)
class PartWithText(CountedPart):
    """The same, with what arrives."""

    text: str


@dataclass(frozen=True, slots=True)
class CountedLoss:
    """What of a file does not arrive, from a place on. `line` from 0, `character` in code points."""

    code: Code
    line: int
    character: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Copy:
    """One of the places that a text arrives in."""

    path: Path
    imported_by: Path | None


@dataclass(frozen=True, slots=True)
class CountedEntry:
    """One file's text in a context."""

    path: Path
    kind: str
    tokens: int
    imported_by: Path | None
    lost: CountedLoss | None


@dataclass(frozen=True, slots=True)
class Repeated:
    """A text that arrives several times. `tokens`: that once would save."""

    tokens: int
    entries: Sequence[Copy]


@dataclass(frozen=True, slots=True)
class Unread:
    """A file that does not load."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class CountedContext:
    """An agent's context. `model`: as it was written; None: counted by the encoding alone."""

    agent: str
    title: str
    recorded: bool
    as_of: str
    folder: Path
    tokens: int
    model: str | None
    encoding: str
    exactness: Exactness
    parts: Sequence[CountedPart]
    entries: Sequence[CountedEntry]
    ignored: Sequence[Vain]
    repeated: Sequence[Repeated]
    not_loaded: Sequence[Unread]

    @property
    def exact(self) -> bool:
        """Whether the tokens are those that the model counts."""
        return self.exactness is Exactness.EXACT


def load(
    agents: Iterable[Agent],
    folder: Path,
    home: Path,
    *,
    environment: Mapping[str, str] | None = None,
    arguments: tuple[str, ...] = (),
    file_roots: Sequence[Path] = (),
    roots: Sequence[Path] | None = None,
    open_text: Callable[[Path], str | None] = lambda _: None,
    moved: tuple[Path, Path] | None = None,
) -> list[Loaded]:
    """What each agent loads when it is started in a folder.

    Files are opened in the folder's repository (the folder alone without one), in `file_roots`, in the agents' folders of
    the home; and above those, files that the agents' rules name themselves. `roots`: in these folders instead.
    `open_text`: the unsaved text of an open document by its real path. `moved`: as for `AgentFiles`.
    """
    loaded: list[Loaded] = []
    for agent in agents:
        trusted = agent.folders_in(home)
        files = AgentFiles((folder, *file_roots), trusted, open_text, moved)
        files.roots = tuple(roots or (git_root(files.real(folder), files) or folder, folder, *file_roots))
        variables = os.environ if environment is None else environment
        start = Start(folder, home, variables, arguments, inspected_files=EVERY_FILE)
        context = agent.load(start, files)
        refused = tuple(dict.fromkeys(files.refused))
        loaded.append(Loaded(agent, folder, context, refused, files.depends, tuple(_vain(context, files))))
    return loaded


def _vain(context: Context, files: AgentFiles) -> Iterator[Vain]:
    """The imports of a context that bring nothing, file by file; not what may be none."""
    vain_imports = [
        import_
        for import_ in context.ignored
        if import_.code is Code.IGNORED and import_.importance is not Importance.HINT
    ]
    for path in dict.fromkeys(import_.path for import_ in vain_imports):
        text = decoded(files.read(path) or b"")
        places = Places(text)
        for import_ in vain_imports:
            if import_.path == path:
                yield Vain(path, *places.at(import_.start), text[import_.start : import_.end], import_.reason)


def contexts_of(
    folder: Path,
    names: Sequence[str] | None,
    token: "CancelToken",
    *,
    roots: Sequence[Path],
    open_text: Callable[[Path], str | None],
    choice: TokenizerChoice | None,
    texts: bool = False,
) -> list[CountedContext]:
    """The contexts of agents, by name; without names: of all that load anything. Reads files: a worker's work.

    `texts`: with what arrives.
    """
    loaded: list[Loaded] = []
    for name in names or AGENTS:
        token.raise_if_cancelled()
        loaded += load([AGENTS[name]], folder, Path.home(), roots=roots, open_text=open_text)
    reported = [agent_context for agent_context in loaded if names or agent_context.context.entries]
    return counted(reported, choice, texts=texts)


def rendered(context: Context) -> bytes:
    """The context's parts, byte for byte, with a line feed between two parts."""
    return "\n".join(part.text for part in context.parts).encode("utf-8", "surrogatepass")


def counted(
    contexts: Iterable[Loaded], choice: TokenizerChoice | None, *, texts: bool
) -> list[CountedContext]:
    """Contexts as `weighbridge context` and the language server give them; `texts`: with what arrives.

    `choice`: by what all are counted; None: each by the encoding of the models that its agent is mostly used with.
    """
    return [_counted(loaded, choice, texts=texts) for loaded in contexts]


def repeated_text(repeated: Repeated, shown: Callable[[Path], str], *, exact: bool) -> str:
    """A sentence about a text that arrives several times. `shown`: a path as people read it; `exact`: whether its count is."""
    places = [
        shown(copy.path) + ("" if copy.imported_by is None else f" (imported by {shown(copy.imported_by)})")
        for copy in repeated.entries
    ]
    times = "twice" if len(places) == 2 else f"{len(places):,} times"
    named_places = ", ".join(places[:_MOST_NAMED]) + (", …" if len(places) > _MOST_NAMED else "")
    return (
        f"the same text {times}: {named_places}: once would save {tokens_text(repeated.tokens, exact=exact)}"
    )


def _repeated(entries: Sequence[Entry], counts: Sequence[int]) -> Iterator[Repeated]:
    """The texts that arrive several times, in order, each with the tokens that once would save."""
    same: dict[str, list[int]] = {}
    for number, entry in enumerate(entries):
        same.setdefault(entry.text.strip(), []).append(number)
    for numbers in same.values():
        saved = sum(counts[number] for number in numbers[1:])
        if saved >= _WORTH_TELLING:
            copies = (entries[number] for number in numbers)
            yield Repeated(saved, [Copy(copy.path, copy.imported_by) for copy in copies])


def _counted(loaded: Loaded, choice: TokenizerChoice | None, *, texts: bool) -> CountedContext:
    agent, context = loaded.agent, loaded.context
    tokenizer = tokenizer_of(agent.encoding if choice is None else choice.encoding)
    if choice is not None:
        exactness = choice.exactness(tokenizer)
    else:
        exactness = tokenizer.exactness if agent.exact else Exactness.ESTIMATE
    part_counts = [tokenizer.count(part.text) for part in context.parts]
    parts = zip(context.parts, part_counts, strict=True)
    counts = [tokenizer.count(entry.text) for entry in context.entries]
    entries = zip(context.entries, counts, strict=True)
    outside = "outside the folders that Weighbridge may read (fileRoots)"
    return CountedContext(
        agent.name,
        agent.title,
        agent.recorded,
        agent.as_of,
        loaded.folder,
        sum(part_counts),
        None if choice is None else choice.name,
        tokenizer.name,
        exactness,
        [
            PartWithText(part.where, tokens, part.text) if texts else CountedPart(part.where, tokens)
            for part, tokens in parts
        ],
        [
            CountedEntry(entry.path, entry.kind, tokens, entry.imported_by, _loss(entry.lost, tokenizer))
            for entry, tokens in entries
        ],
        loaded.vain,
        [*_repeated(context.entries, counts)],
        [
            *(Unread(file.path, file.reason) for file in context.not_loaded),
            *(Unread(path, outside) for path in loaded.refused),
        ],
    )


def _loss(lost: Lost | None, tokenizer: Tokenizer) -> CountedLoss | None:
    if lost is None:
        return None
    return CountedLoss(lost.code, lost.line, lost.character, tokenizer.count(lost.text))
