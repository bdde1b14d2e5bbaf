"""What code actions do once they are chosen: edits, worked out from an action's data."""

import json
import re
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from lsprotocol import types

from weighbridge.analysis.rewriting import extracted, inlined
from weighbridge.content.front_matter import read_front_matter
from weighbridge.content.listing import list_folder
from weighbridge.content.policy import roots_of
from weighbridge.content.section import slug_of
from weighbridge.content.values import DataError, read_yaml
from weighbridge.errors import ReferenceFault
from weighbridge.lsp.backend import Backend
from weighbridge.lsp.features.diagnostics import to_range
from weighbridge.lsp.features.edits import Edits, NewFile
from weighbridge.lsp.features.places import reference_at
from weighbridge.lsp.protocol import InvalidParamsError, RequestError
from weighbridge.references.model import Reference
from weighbridge.references.partial import escaped
from weighbridge.references.rewriting import with_fragment, with_target
from weighbridge.session.document import Document
from weighbridge.session.target import Target
from weighbridge.session.waiting import CountingError, DocumentClosedError
from weighbridge.text import LineBuffer, content_length
from weighbridge.uris import path_of, uri_of
from weighbridge.work import Priority

#: Characters of a content that is put in a document.
_LONGEST_CONTENT = 1_000_000

_VARIABLES = re.compile(r"variables[ \t]*:[ \t]*(?:#.*)?[\r\n]*$")
_ENTRY = re.compile(r" *[^\s#]")

Maker = Callable[[Document, dict[str, Any]], Coroutine[Any, Any, types.WorkspaceEdit]]


class Fixes:
    """Makes the edits of one client's code actions."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._session = backend.session
        self._edits = Edits(backend.capabilities)
        self._makers: dict[str, Maker] = {
            "create": self._create,
            "define": self._define,
            "correct": self._correct,
            "retype": self._retype,
            "import": self._import,
            "inline": self._inline,
            "extract": self._extract,
            "budget": self._budget,
        }

    @property
    def creates(self) -> bool:
        """Whether the client can make files."""
        return self._edits.creates

    async def edit_of(self, data: dict[str, Any]) -> types.WorkspaceEdit:
        """Work out an action's edit.

        Raises:
            RequestError: it can't be done; the message says why.
        """
        document = self._session.documents.get(str(data.get("uri")))
        maker = self._makers.get(str(data.get("id")))
        if document is None or maker is None:
            raise InvalidParamsError("not an action of an open document")
        if document.version != data.get("version"):
            raise RequestError("the document has changed since; ask again")
        try:
            return await maker(document, data)
        except (ReferenceFault, CountingError, DocumentClosedError) as error:
            raise RequestError(str(error)) from error
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidParamsError("not what a code action gave") from error

    def new_file(self, document: Document, reference: Reference) -> Path | None:
        """The file that would have to be made for a reference; None if it can't be, or is outside the workspace's folders."""
        if document.path is None or document.expander is None or not self._edits.creates:
            return None
        path = path_of(uri_of(document.path.parent / reference.target))
        folders = roots_of(document.expander.scope)
        return path if path is not None and any(path.is_relative_to(folder) for folder in folders) else None

    async def _create(self, document: Document, data: dict[str, Any]) -> types.WorkspaceEdit:
        reference, _, _ = _reference(document, data)
        path = self.new_file(document, reference)
        if path is None:
            raise RequestError(f"{reference.target}: outside the workspace's folders and the document's own")
        return self._edits.edit({}, {}, [NewFile(uri_of(path))])

    async def _define(self, document: Document, data: dict[str, Any]) -> types.WorkspaceEdit:
        assert document.prepared is not None  # noqa: S101  it has references
        lines, end = document.prepared.front_matter.lines, _line_end(document)
        head = [document.buffer.line(line) for line in range(lines)]
        added = _with_variable(head, str(data["name"]))
        if added is None:
            raise RequestError(
                "the front matter is no YAML, or its `variables:` are not one to a line; add it by hand"
            )
        at, text = added
        return self._edit(document, [types.TextEdit(_empty(at), "".join(f"{line}{end}" for line in text))])

    async def _correct(self, document: Document, data: dict[str, Any]) -> types.WorkspaceEdit:
        reference, range_, _ = _reference(document, data)
        line = document.buffer.line(range_.start.line)
        literal = line[reference.start : reference.end]
        written = (
            [with_fragment(literal, str(fragment)) for fragment in data["fragments"]]
            if "fragments" in data
            else [with_target(literal, str(data["path"]))]
        )
        text = next((candidate for candidate in written if candidate is not None), None)
        if text is None:
            raise RequestError(f"{reference.target}: the change can't be written as a reference")
        return self._edit(document, [types.TextEdit(range_, text)])

    async def _retype(self, document: Document, data: dict[str, Any]) -> types.WorkspaceEdit:
        assert document.prepared is not None  # noqa: S101  it has a typo
        line, units = int(data["line"]), document.buffer.to_units
        for typo in document.prepared.index.line(line).typos:
            start, end = units(line, typo.start), units(line, typo.end)
            if start == data["character"]:
                place = types.Range(types.Position(line, start), types.Position(line, end))
                return self._edit(document, [types.TextEdit(place, typo.written)])
        raise RequestError("what was to be changed is not there any more")

    async def _import(self, document: Document, data: dict[str, Any]) -> types.WorkspaceEdit:
        at = int(data["line"]), int(data["character"])
        for place, notice in () if document.arrival_due else self._session.report(document).notices:
            if notice.instead is not None and (place.start_line, place.start_character) == at:
                return self._edit(document, [types.TextEdit(to_range(place), notice.instead)])
        raise RequestError("what was to be changed is not there any more")

    async def _inline(self, document: Document, data: dict[str, Any]) -> types.WorkspaceEdit:
        reference, range_, target = _reference(document, data)
        revision = document.text_revision
        content = await self._session.queries.render_reference(document, target)
        if len(content) > _LONGEST_CONTENT:
            raise RequestError(f"{reference.target}: {len(content):,} characters are too many to write here")
        if document.text_revision != revision:
            raise RequestError("the document has changed since; ask again")
        prepared, buffer = document.prepared, LineBuffer(document.buffer.text(), self._session.encoding)
        assert prepared is not None  # noqa: S101  it has references
        index = prepared.index.copy()
        place = (
            (range_.start.line, range_.start.character),
            (range_.end.line, range_.end.character),
        )
        same = await self._backend.tasks.submit(
            ("inline", document.uri),
            lambda _: inlined(index, buffer, place, content),
            priority=Priority.HIGH,
            title="code action",
        )
        if not same:
            raise RequestError(
                f"{reference.target}: its content would be read as more than text here: it, or what follows, would change"
            )
        return self._edit(document, [types.TextEdit(range_, content)])

    async def _extract(self, document: Document, data: dict[str, Any]) -> types.WorkspaceEdit:
        if document.path is None or document.expander is None:
            raise RequestError("save the document first: the file goes beside it")
        buffer, given = document.buffer, data["range"]
        start, end = (
            buffer.clamp(int(given[side]["line"]), int(given[side]["character"])) for side in ("start", "end")
        )
        text = buffer.text()
        begin, stop = _offset(document, *start), _offset(document, *end)
        inside = text[begin:stop]
        # A last line end stays: the reference is followed by one, as what it stands for was.
        end_length = len(inside) - content_length(inside[-2:]) - len(inside[:-2])
        if end_length and begin < stop - end_length:
            stop -= end_length
            inside = text[begin:stop]
            last = end[0] - 1
            end = last, content_length(buffer.stored_line(last))
        if not inside.strip():
            raise RequestError("nothing is selected")
        folder, scope = document.path.parent, document.expander.scope
        taken: frozenset[str] = await self._backend.tasks.submit(
            ("names", document.uri),
            lambda _: frozenset(entry.name.casefold() for entry in list_folder("", folder, scope)),
            priority=Priority.HIGH,
            title="code action",
        )
        name = _name_for(inside, taken)
        written = f"@[file:{escaped(name)}]"
        new = await self._backend.tasks.submit(
            ("extract", document.uri),
            lambda _: extracted(text, begin, stop, written),
            priority=Priority.HIGH,
            title="code action",
        )
        if new is None:
            raise RequestError(
                "the selection can't be a file of its own: it, or what follows, would be read differently"
            )
        place = types.Range(
            types.Position(start[0], buffer.to_units(*start)), types.Position(end[0], buffer.to_units(*end))
        )
        edits = {document.uri: [types.TextEdit(place, written)]}
        file = NewFile(uri_of(folder / name), inside)
        return self._edits.edit(edits, {document.uri: document.version}, [file])

    async def _budget(self, document: Document, data: dict[str, Any]) -> types.WorkspaceEdit:
        assert document.prepared is not None  # noqa: S101  it has a report
        budget = int(data["budget"])
        for line, directive in document.prepared.index.directives():
            typed = dict(directive.settings).get("budget")
            if typed is not None:
                text = document.buffer.line(line)
                column = text.index(typed, text.index("budget", directive.start))
                units = document.buffer.to_units
                place = types.Range(
                    types.Position(line, units(line, column)),
                    types.Position(line, units(line, column + len(typed))),
                )
                return self._edit(document, [types.TextEdit(place, str(budget))])
        at = document.prepared.front_matter.lines
        text = f"<!-- weighbridge: budget={budget} -->{_line_end(document)}"
        return self._edit(document, [types.TextEdit(_empty(at), text)])

    def _edit(self, document: Document, edits: list[types.TextEdit]) -> types.WorkspaceEdit:
        return self._edits.edit({document.uri: edits}, {document.uri: document.version})


def _reference(document: Document, data: dict[str, Any]) -> tuple[Reference, types.Range, Target]:
    """The reference that an action's data is about."""
    at = reference_at(document, int(data["line"]), int(data["character"]))
    if at is None:
        raise RequestError("the reference is not there any more")
    reference, place, target = at
    return reference, to_range(place), target


def _offset(document: Document, line: int, column: int) -> int:
    return sum(len(document.buffer.stored_line(number)) for number in range(line)) + column


def _line_end(document: Document) -> str:
    """How the document's lines end."""
    line = document.buffer.line(0)
    return line[content_length(line) :] or "\n"


def _with_variable(head: Sequence[str], name: str) -> tuple[int, list[str]] | None:
    """The lines that give a variable a place in front matter, and where they go; None where that can't be told."""
    if not head:
        return 0, ["---", "variables:", f"  {_key(name)}: ", "---"]
    at = next((number + 1 for number, line in enumerate(head) if _VARIABLES.match(line)), None)
    if at is None:
        at, added = len(head) - 1, ["variables:", f"  {_key(name)}: "]
    else:
        # As far in as what is there.
        first = next((line for line in head[at:] if _ENTRY.match(line)), "")
        indent = first[: len(first) - len(first.lstrip(" "))] or "  "
        added = [f"{indent}{_key(name)}: "]
    # With a value: a name without one is not told apart from none.
    after = read_front_matter([*head[:at], *added[:-1], f"{added[-1]}x", *head[at:]]).variables
    return (at, added) if after == {**read_front_matter(head).variables, name: "x"} else None


def _key(name: str) -> str:
    """A name as YAML takes it for one."""
    try:
        if read_yaml(f"{name}: x") == {name: "x"}:
            return name
    except DataError:
        pass
    return json.dumps(name, ensure_ascii=False)


def _name_for(text: str, taken: frozenset[str]) -> str:
    """A file name from a text's first words, that no file has."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    words = slug_of(first.strip().lstrip("#").strip())[:40].strip("-_") or "extract"
    stem = "".join(char for char in words if char.isascii() and (char.isalnum() or char in "-_")) or "extract"
    names = [f"{stem}.md", *(f"{stem}-{number}.md" for number in range(2, 1000))]
    return next(name for name in names if name.casefold() not in taken)


def _empty(line: int) -> types.Range:
    return types.Range(types.Position(line, 0), types.Position(line, 0))
