"""Between the protocol's values and ours. Parameters are clamped, never trusted."""

from collections.abc import Sequence
from typing import Any

from lsprotocol import types

from weighbridge.lsp.protocol import InvalidParamsError
from weighbridge.session.document import Document
from weighbridge.session.selection import Selection
from weighbridge.text import LineBuffer, PositionEncoding

_ENCODINGS = {
    types.PositionEncodingKind.Utf8: PositionEncoding.UTF8,
    types.PositionEncodingKind.Utf16: PositionEncoding.UTF16,
    types.PositionEncodingKind.Utf32: PositionEncoding.UTF32,
}


def encoding_of(kind: types.PositionEncodingKind) -> PositionEncoding:
    """The negotiated encoding as ours."""
    return _ENCODINGS[kind]


def text_document_uri(params: Any) -> str:
    """The `textDocument.uri` of a custom request's plain parameters.

    Raises:
        InvalidParamsError: there is none.
    """
    document = params.get("textDocument") if isinstance(params, dict) else None
    uri = document.get("uri") if isinstance(document, dict) else None
    if not isinstance(uri, str):
        raise InvalidParamsError("expected {textDocument: {uri: string}}")
    return uri


def selections_of(params: Any, document: Document) -> Sequence[Selection] | None:
    """The `ranges` of `weighbridge/count`, clamped to the document; None when there are none.

    Raises:
        InvalidParamsError: they are no ranges.
    """
    ranges = params.get("ranges") if isinstance(params, dict) else None
    if ranges is None:
        return None
    if not isinstance(ranges, list):
        raise InvalidParamsError("expected ranges: Range[]")
    try:
        return [
            _selection(
                document.buffer,
                (int(range_["start"]["line"]), int(range_["start"]["character"])),
                (int(range_["end"]["line"]), int(range_["end"]["character"])),
            )
            for range_ in ranges
        ]
    except (KeyError, TypeError, ValueError):
        raise InvalidParamsError("expected ranges: Range[]") from None


def _selection(buffer: LineBuffer, start: tuple[int, int], end: tuple[int, int]) -> Selection:
    first, last = buffer.clamp(*min(start, end)), buffer.clamp(*max(start, end))
    return Selection(*first, *last)
