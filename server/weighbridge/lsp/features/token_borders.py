"""`textDocument/semanticTokens`: the document's own text in the colours of its tokens, one and the other in turn.

Off until the command `weighbridge.toggleTokens` turns it on. What is split is the text as typed, as far as it is asked
for: tokens of what stands around it are the same, whatever is cut off (see `tokens.borders`).
"""

from collections.abc import Sequence
from typing import Any

from lsprotocol import types

from weighbridge.lsp.backend import Backend
from weighbridge.lsp.messages import WrittenJson
from weighbridge.session.document import Document
from weighbridge.session.prepared import Prepared
from weighbridge.text import PositionEncoding, content_length, units
from weighbridge.tokens.splitting import MOST_CHARACTERS, Split, split_between
from weighbridge.work import Priority

#: Lines around those asked for, in which the first and the last border are looked for.
_LINES_AROUND = 50

_NONE = WrittenJson('{"data": []}')
#: A token: its range, its numbers, its bytes.
Token = tuple[types.Range, tuple[int, ...], bytes]


def encode(
    lines: Sequence[str], first_line: int, splits: Sequence[Split], encoding: PositionEncoding
) -> list[int]:
    """Pieces of some lines as the protocol writes semantic tokens: one for each line that a piece is in.

    Line ends are coloured by nobody, and left out.
    """
    data: list[int] = []
    offsets = [0]
    for line in lines:
        offsets.append(offsets[-1] + len(line))
    last_line = last_start = number = 0
    for parity, piece in enumerate(splits):
        start, end = max(piece.start, 0), min(piece.end, offsets[-1])
        while start < end:
            while offsets[number + 1] <= start:
                number += 1
            line = lines[number]
            column = start - offsets[number]
            stop = min(end - offsets[number], content_length(line))
            if stop > column:
                begin, length = units(line[:column], encoding), units(line[column:stop], encoding)
                at = first_line + number
                step = at - last_line
                data += (step, begin if step else begin - last_start, length, parity % 2, 0)
                last_line, last_start = at, begin
            start = offsets[number + 1]
    return data


class TokenBorders:
    """Coloured tokens for one client. `shown`: whether tokens are coloured."""

    def __init__(self, backend: Backend) -> None:
        self.shown = False
        self._backend = backend
        self._last: tuple[tuple[Document, Prepared | None, int], WrittenJson] | None = None
        workspace = backend.capabilities.workspace
        tokens = workspace.semantic_tokens if workspace else None
        self._refresh = bool(tokens and tokens.refresh_support)

    async def toggle(self, _: list[Any]) -> bool:
        """`weighbridge.toggleTokens`: colour tokens, or no longer. Returns whether they are."""
        self.shown = not self.shown
        self._last = None
        if self._refresh:
            self._backend.client.nudge(types.WORKSPACE_SEMANTIC_TOKENS_REFRESH)
        return self.shown

    async def full(self, params: types.SemanticTokensParams) -> WrittenJson:
        """The tokens of a document, or of as much of it as people look at."""
        document = self._backend.session.documents.get(params.text_document.uri)
        if document is None or not self.shown:
            return _NONE
        # Asked for again and again while nothing changes, as when the editor's window is moved.
        of = document, document.prepared, document.text_revision
        if self._last is None or self._last[0] != of:
            data = await self._of(document, 0, document.buffer.line_count)
            if data is None:
                return _NONE
            self._last = of, WrittenJson.of({"data": data})
        return self._last[1]

    async def range(self, params: types.SemanticTokensRangeParams) -> WrittenJson:
        """The tokens of some lines of a document."""
        document = self._backend.session.documents.get(params.text_document.uri)
        if document is None or not self.shown:
            return _NONE
        data = await self._of(document, params.range.start.line, params.range.end.line + 1)
        return WrittenJson.of({"data": data or []})

    async def at(self, document: Document, line: int, character: int) -> Token | None:
        """The token at a place in the client's units."""
        number, column = document.buffer.clamp(line, character)
        text = document.buffer.line(number)
        for piece in await self._split(document, number, number + 1):
            if piece.start <= column < piece.end:
                start, end = max(piece.start, 0), min(piece.end, len(text))
                encoding = self._backend.session.encoding
                place = types.Range(
                    types.Position(number, units(text[:start], encoding)),
                    types.Position(number, units(text[:end], encoding)),
                )
                return place, piece.ids, piece.data
        return None

    async def _of(self, document: Document, start: int, stop: int) -> list[int] | None:
        """The tokens of lines [start, stop), as the protocol writes them; None if the text changed meanwhile."""
        stop = max(0, min(stop, document.buffer.line_count))
        start = max(0, min(start, stop))
        lines: list[str] = []
        characters = 0
        for number in range(start, stop):
            line = document.buffer.line(number)
            characters += len(line)
            if characters > MOST_CHARACTERS // 2:
                break
            lines.append(line)
        revision = document.text_revision
        splits = await self._split(document, start, start + len(lines))
        if document.text_revision != revision:
            # The client asks again for what it has now.
            return None
        return encode(lines, start, splits, self._backend.session.encoding)

    async def _split(self, document: Document, start: int, stop: int) -> list[Split]:
        """The tokens of lines [start, stop), as columns of these lines joined."""
        prepared, buffer = document.prepared, document.buffer
        if prepared is None:
            return []
        before = buffer.slice(max(0, start - _LINES_AROUND), start)[-MOST_CHARACTERS // 4 :]
        text = buffer.slice(start, stop)
        after = buffer.slice(stop, min(stop + _LINES_AROUND, buffer.line_count))[: MOST_CHARACTERS // 4]
        splits: list[Split] = await self._backend.tasks.submit(
            ("split", document.uri, start, stop, document.text_revision),
            lambda _: split_between(before, text, after, prepared.tokenizer),
            priority=Priority.HIGH,
            title="tokens",
        )
        return splits
