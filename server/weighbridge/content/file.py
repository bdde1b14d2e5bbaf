"""Files: the whole, some lines, or a section; as in the editor if open there, else as on disk."""

import os
from collections.abc import Hashable
from functools import partial
from pathlib import Path

from weighbridge.content.base import Content, ContentRequest, Overlay
from weighbridge.content.lines import select_lines
from weighbridge.content.policy import may_watch, named, place_of, roots_of
from weighbridge.content.section import lines_selected
from weighbridge.content.text_file import TextFiles
from weighbridge.errors import ReferenceFault
from weighbridge.references.dialect import is_scannable
from weighbridge.references.model import Kind


class FileHandler:
    """Resolves file references. Holds nothing that changes; any thread may use it."""

    kind = Kind.FILE

    def __init__(self, overlay: Overlay | None = None) -> None:
        self._files = TextFiles(overlay)

    def key(self, request: ContentRequest) -> Hashable:
        """Name the file by its letters, and what it may be denied by: no other scope gets what this one may read."""
        settings = request.scope.settings
        limits = (named(roots_of(request.scope)), settings.max_file_bytes)
        try:
            place = place_of(request.target, request.base, request.scope)
        except ReferenceFault:
            return ("file", request.target, request.base, request.fragment, limits)
        return ("file", os.fspath(place.path), None, request.fragment, limits)

    def paths(self, request: ContentRequest) -> tuple[Path, ...]:
        """Name the file itself; none for what can't be a path, or lies where nothing may be looked at."""
        try:
            place = place_of(request.target, request.base, request.scope)
        except ReferenceFault:
            return ()
        return (place.path,) if may_watch(place) else ()

    def load(self, request: ContentRequest) -> Content:
        """Find the file and what its fragment selects. Reads it once if there is a fragment. Blocks.

        Raises:
            ReferenceFault: not found, denied, too large; with a fragment, also not text.
            TransientFault: it changed while it was read.
        """
        place = place_of(request.target, request.base, request.scope)
        file = self._files.find(place, request.scope.settings.max_file_bytes, "weighbridge.maxFileBytes")
        scannable = is_scannable(file.real)
        whole = partial(self._files.chunks, file)
        content = Content(
            identity=os.fspath(file.real),
            source=place.name,
            chunks=whole,
            path=file.real,
            scannable=scannable,
            size=file.size,
            raw=None if file.stamp is None else partial(self._files.raw, file),
            links=file.links,
        )
        if not request.fragment:
            return content
        lines = lines_selected(request.fragment, whole, place.name, scannable=scannable)
        return Content(
            # A part of a file may include another part of it; only the same part again is a cycle.
            identity=f"{content.identity}#L{lines[0] + 1}-L{lines[1]}",
            source=f"{place.name}#{request.fragment}",
            chunks=lambda: select_lines(whole(), *lines),
            path=file.real,
            scannable=scannable,
            lines=lines,
            whole=whole,
            links=file.links,
        )
