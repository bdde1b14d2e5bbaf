"""What may stand in a part of a reference that is being written. Files are read: a worker's work."""

import itertools
import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cachetools import LRUCache
from lsprotocol import types

from weighbridge.agents.model import Agent, Imports
from weighbridge.analysis.arriving import Setting, agent_files, imported
from weighbridge.content.base import ContentRequest, Overlay, Scope
from weighbridge.content.lines import lines_of
from weighbridge.content.listing import Folders
from weighbridge.content.nearest import NearestFiles
from weighbridge.content.policy import place_of
from weighbridge.content.section import Fragments, headings_in
from weighbridge.content.text_file import FoundFile, TextFiles
from weighbridge.content.values import text_of_value
from weighbridge.content.variable import ENVIRONMENT, VariableHandler
from weighbridge.errors import ReferenceFault
from weighbridge.fuzzy import Match, match_of
from weighbridge.references.dialect import is_scannable
from weighbridge.references.model import Kind
from weighbridge.references.partial import Form, Partial, ReferencePart, can_be_written

#: Items of one answer; typing on narrows them down.
MOST_ITEMS = 200
#: Files whose headings are kept.
_MOST_OUTLINES = 8
#: Characters shown of a variable's value.
_SHOWN = 60
_LINES = re.compile(r"L(?:([0-9]{1,9})(?:-(?:L[0-9]{0,9})?)?)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What may stand in a part. `text`: unescaped. `more`: nothing ends after it, as after a folder.

    `about`: in a few words. `counts`: whether its tokens can be had without asking others. `label`: shown in place of
    the text, which it is found by as well. `otherwise`: what to write where the text can't be.
    """

    text: str
    kind: types.CompletionItemKind
    about: str = ""
    more: bool = False
    counts: bool = True
    label: str | None = None
    otherwise: str = ""


@dataclass(frozen=True, slots=True)
class Suggestions:
    """The suggestions of one answer. `items`: the closest first. `whole`: typing on finds nothing that isn't among them."""

    items: tuple[Suggestion, ...]
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Writing:
    """An import that is being written in a context file. `before`: the lines above; `line`: the one that it stands in."""

    agent: Agent
    path: Path
    before: Sequence[str]
    line: str
    partial: Partial
    setting: Setting
    open_text: Callable[[Path], str | None]

    @property
    def imports(self) -> Imports | None:
        """How the file names others; None where it can't."""
        return self.agent.imports_of(self.path)

    def may_stand(self, imports: Imports) -> bool:
        """Whether the agent would see an import there: not in what it takes for code."""
        before = "".join(self.before[imports.settled(self.before) :])
        begin = self.partial.begin
        behind = self.line[self.partial.path_end :].removeprefix(
            "}" if self.partial.form is Form.PASTED else ""
        )
        text = f"{before}{self.line[:begin]}{self.partial.whole('./a.md')}{behind}"
        return any(start == len(before) + begin for start, *_ in imports.find(text))

    def as_written(self, suggestion: Suggestion, imports: Imports) -> Suggestion | None:
        """A suggestion as the agent would take it, which may be with a `./` before it; None where it can't be written."""
        above, end = self.partial.meant_above, "a.md" if suggestion.more else ""
        whole = f"{above}{suggestion.text}{end}"
        written = imports.written(whole)
        if written == self.partial.whole(self.partial.escaped(whole)):
            return suggestion
        if written is None or above:
            return None
        return replace(suggestion, text=f"./{suggestion.text}", label=suggestion.text)


@dataclass(frozen=True, slots=True)
class _FileHeading:
    """A heading of a file; `words`, `anchor`: fragments that mean it, empty where they don't."""

    level: int
    title: str
    words: str
    anchor: str


_NONE = Suggestions(())
_FOLDER = types.CompletionItemKind.Folder
_KINDS = tuple(
    Suggestion(text, kind, about, more=True, counts=False)
    for text, kind, about in (
        ("file:", types.CompletionItemKind.File, "a file, some of its lines, or a section"),
        ("api:", types.CompletionItemKind.Interface, "a response of a named API, or of a URL"),
        ("var:", types.CompletionItemKind.Variable, "a variable's value"),
    )
)
#: The same behind an `@` alone.
_BRACKETED = tuple(
    Suggestion(f"[{kind.text}", kind.kind, kind.about, more=True, counts=False) for kind in _KINDS
)


def matching(suggestions: Iterable[Suggestion], typed: str) -> list[Suggestion]:
    """The suggestions that match what is typed by text or label; the closest first, else as given."""
    ranked: dict[Match, list[Suggestion]] = {}
    for suggestion in suggestions:
        matches = [match_of(typed, name) for name in (suggestion.text, suggestion.label or suggestion.text)]
        closest = min((match for match in matches if match is not None), default=None)
        if closest is not None:
            ranked.setdefault(closest, []).append(suggestion)
    return [suggestion for match in sorted(ranked) for suggestion in ranked[match]]


class SuggestionFinder:
    """Finds what there is to choose from. Any thread may use it; it blocks."""

    def __init__(self, overlay: Overlay, folders: Folders, workspace: NearestFiles) -> None:
        self._folders = folders
        self._workspace = workspace
        self._files = TextFiles(overlay)
        self._variables = VariableHandler(overlay)
        self._outlines: LRUCache[FoundFile, tuple[tuple[_FileHeading, ...], int]] = LRUCache(_MOST_OUTLINES)
        self._lock = threading.Lock()

    def suggestions(
        self, partial: Partial, folder: Path | None, scope: Scope, used: Sequence[str]
    ) -> Suggestions:
        """What may stand there. `folder`: of the document; `used`: names of variables that it names elsewhere."""
        match partial.part:
            case ReferencePart.KIND:
                return Suggestions(tuple(matching(_KINDS, partial.meant)))
            case ReferencePart.PATH:
                return self._paths(partial, folder, scope)
            case ReferencePart.FRAGMENT:
                request = ContentRequest(Kind.FILE, partial.meant_above, None, None, folder, scope)
                return self._fragments(partial, request)
            case ReferencePart.API:
                names = sorted(scope.settings.apis)
                kind = types.CompletionItemKind.Interface
                return _written(partial, (Suggestion(name, kind, "API", counts=False) for name in names))
            case ReferencePart.VARIABLE:
                return _written(partial, self._named(scope, used))

    def imports(self, writing: Writing, scope: Scope) -> Suggestions:
        """What the agent of a context file would import, of what matches what is typed there."""
        agent, partial = writing.agent, writing.partial
        imports = writing.imports
        if imports is None or not writing.may_stand(imports):
            return _NONE
        files, above = agent_files(agent, writing.setting, writing.open_text), partial.meant_above
        folder = imports.folder_of(writing.path, files)
        in_home = imports.home and above.startswith("~/")
        if in_home:
            # Of the user's home there is nothing to be seen but the agent's own.
            holders = tuple(writing.setting.home / name for name in agent.home_folders)
            scope = replace(scope, folders=(*scope.folders, *holders))
            folder, above = writing.setting.home, above[2:]
        suggestions = self._listed(partial, above, folder, scope)
        if in_home and not above:
            own = [Suggestion(f"{name}/", _FOLDER, more=True, counts=False) for name in agent.home_folders]
            suggestions = Suggestions(tuple(matching(own, partial.meant)))
        writable = [
            written
            for suggestion in suggestions.items
            if (written := writing.as_written(suggestion, imports)) is not None
        ]
        targets = [partial.meant_above + suggestion.text for suggestion in writable if not suggestion.more]
        taken = imported(agent, writing.path, targets, writing.setting, writing.open_text)
        return replace(
            suggestions,
            items=tuple(
                suggestion
                for suggestion in writable
                if suggestion.more or partial.meant_above + suggestion.text in taken
            ),
        )

    def _paths(self, partial: Partial, folder: Path | None, scope: Scope) -> Suggestions:
        listed = self._listed(partial, partial.meant_above, folder, scope)
        # A reference can't name all of them: those with blanks not in its short form.
        usable = tuple(suggestion for suggestion in listed.items if can_be_begun(partial, suggestion))
        begins = partial.form is Form.SHORT and not partial.above and partial.path_end == partial.cursor
        return replace(listed, items=(*_BRACKETED, *usable) if begins and not partial.meant else usable)

    def _listed(self, partial: Partial, below: str, folder: Path | None, scope: Scope) -> Suggestions:
        """The files and folders that match in the folder `below` another; elsewhere too, while no folder is written."""
        typed = partial.meant
        listing = self._folders.list(
            below, folder, scope, typed=typed, hidden=typed.startswith("."), most=MOST_ITEMS
        )
        above = os.path.normpath(os.path.join(folder or "", below))  # noqa: PTH118  an absolute one stays so
        in_folder = [
            Suggestion(f"{entry.name}/", _FOLDER, more=True, counts=False)
            if entry.is_folder
            else Suggestion(entry.name, types.CompletionItemKind.File)
            for entry in listing.entries
            # The document can't hold itself.
            if scope.document is None or scope.document != Path(above, entry.name)
        ]
        room = MOST_ITEMS - len(in_folder)
        other_paths = [] if partial.above else self._workspace.matching(typed, folder, scope, room + 1)
        elsewhere = [Suggestion(path, types.CompletionItemKind.File) for path in other_paths[:room]]
        return Suggestions((*in_folder, *elsewhere), whole=not listing.more and len(other_paths) <= room)

    def _fragments(self, partial: Partial, request: ContentRequest) -> Suggestions:
        try:
            place = place_of(request.target, request.base, request.scope)
            file = self._files.find(
                place, request.scope.settings.max_file_bytes, "weighbridge.maxFileBytes", suggest=False
            )
            headings, count = self._outline(file)
        except ReferenceFault:
            return _NONE
        ranges = _ranges(partial.meant, count)
        suggestions = _written(partial, itertools.chain(_headings(headings, partial.form), ranges))
        # Another range is meant by each digit.
        ranged = not partial.meant or partial.meant.startswith("L")
        return Suggestions(suggestions.items, whole=suggestions.whole and not ranged)

    def _outline(self, file: FoundFile) -> tuple[tuple[_FileHeading, ...], int]:
        """The headings of a file, and its lines; read once while it is what it is. Raises ReferenceFault."""
        with self._lock:
            outline = self._outlines.get(file)
        if outline is None:
            lines = list(lines_of(self._files.chunks(file)))
            headings = [heading for _, heading in headings_in(lines)] if is_scannable(file.real) else []
            named = zip(headings, Fragments(headings).of_each(), strict=True)
            outline = (
                tuple(
                    _FileHeading(heading.level, " ".join(heading.title.split()), *names)
                    for heading, names in named
                ),
                len(lines),
            )
            with self._lock:
                self._outlines[file] = outline
        return outline

    def _named(self, scope: Scope, used: Sequence[str]) -> Iterator[Suggestion]:
        """All names that have a value, from every place, then others that the document names.

        Values of the environment are never shown, and its names only where they may be read.
        """
        kind = types.CompletionItemKind.Variable
        values: dict[str, str] = dict(scope.front_matter)
        values |= self._variables.names_in_file(scope)
        for name, setting in scope.settings.variables.items():
            text = text_of_value(setting)
            if text is not None:
                values[name] = text
        for name, value in sorted(values.items()):
            yield Suggestion(name, kind, _preview(value))
        allowed = [f"{ENVIRONMENT}{name}" for name in scope.settings.env] if scope.settings.trusted else []
        for name in allowed:
            if name not in values:
                yield Suggestion(name, types.CompletionItemKind.Constant, "environment")
        for name in used:
            if name not in values and name not in allowed:
                yield Suggestion(name, types.CompletionItemKind.Text, "used in this document", counts=False)


def can_be_begun(partial: Partial, suggestion: Suggestion) -> bool:
    """Whether a reference can go on with a suggestion, or end with it. A folder can if a file in it could."""
    if suggestion.more:
        return can_be_written(partial, f"{suggestion.text}a.md")
    return can_be_written(partial, suggestion.text)


def _written(partial: Partial, suggestions: Iterable[Suggestion]) -> Suggestions:
    """The suggestions that match and can be written, as many as go into an answer."""
    matches = (
        writable
        for suggestion in matching(suggestions, partial.meant)
        if (writable := _as_it_can_be_begun(partial, suggestion)) is not None
    )
    items = tuple(itertools.islice(matches, MOST_ITEMS))
    return Suggestions(items, whole=next(matches, None) is None)


def _as_it_can_be_begun(partial: Partial, suggestion: Suggestion) -> Suggestion | None:
    if can_be_begun(partial, suggestion):
        return suggestion
    if not suggestion.otherwise:
        return None
    alternative = replace(suggestion, text=suggestion.otherwise, label=suggestion.label or suggestion.text)
    return alternative if can_be_begun(partial, alternative) else None


def _headings(headings: Sequence[_FileHeading], form: Form) -> Iterator[Suggestion]:
    """The headings as fragments name them: by their words where those can be written and mean them, else by anchors."""
    kind = types.CompletionItemKind.Reference
    for heading in headings:
        about = "#" * heading.level
        if heading.words and form is Form.EXPLICIT:
            yield Suggestion(heading.words, kind, about, otherwise=heading.anchor)
        elif heading.anchor:
            yield Suggestion(heading.anchor, kind, about, label=heading.title)


def _ranges(typed: str, count: int) -> Iterator[Suggestion]:
    """Lines from the one that is typed, from the first before that, to the last."""
    match = _LINES.fullmatch(typed or "L")
    first = 0 if match is None else int(match[1] or 1)
    if 1 <= first <= count:
        unit = types.CompletionItemKind.Unit
        yield Suggestion(f"L{first}-L{count}", unit, "lines")
        if match is not None and match[1]:
            yield Suggestion(f"L{first}", unit, "a line")


def _preview(value: str) -> str:
    # A value may be a megabyte: what can't be shown is not looked at.
    line = " ".join(value[: 4 * _SHOWN].split())
    shown = "".join(character for character in line if character.isprintable())
    cut = len(value) > 4 * _SHOWN or len(shown) > _SHOWN
    return f"{shown[: _SHOWN - 1]}…" if cut else shown
