"""What a reference to a file, or a section, that isn't there could be changed to. Files are read: a worker's work."""

from dataclasses import dataclass
from typing import Any

from weighbridge.analysis.wording import name_text
from weighbridge.content.base import Scope
from weighbridge.content.lines import lines_of
from weighbridge.content.nearest import NearestFiles
from weighbridge.content.policy import place_of
from weighbridge.content.section import Fragments, headings_in, is_lines
from weighbridge.content.text_file import TextFiles
from weighbridge.errors import ReferenceFault
from weighbridge.fuzzy import form_of, looks_like
from weighbridge.references.dialect import is_scannable
from weighbridge.references.forms import reference_at
from weighbridge.references.model import Kind, Reference


@dataclass(frozen=True, slots=True)
class Correction:
    """A change of a reference. `arguments`: its new `path`, or `fragments`, of which the first that can be written counts."""

    title: str
    arguments: dict[str, Any]


def nearest_changes(
    files: NearestFiles, texts: TextFiles, reference: Reference, scope: Scope, most: int
) -> list[Correction]:
    """The changes that could be meant, the likest first: none that changes nothing."""
    from rapidfuzz.distance.Indel import normalized_similarity as ratio  # noqa: PLC0415  starting is what users feel

    base = None if scope.document is None else scope.document.parent
    try:
        place = place_of(reference.target, base, scope)
        file = texts.find(place, scope.settings.max_file_bytes, "weighbridge.maxFileBytes", suggest=False)
    except ReferenceFault:
        paths = files.nearest(reference.target, base, scope, most)
        return [Correction(_path_title(path, reference.target), {"path": path}) for path in paths]
    fragment = reference.fragment or ""
    if is_lines(fragment) or not is_scannable(file.real):
        return []
    try:
        headings = [heading for _, heading in headings_in(list(lines_of(texts.chunks(file))))]
    except ReferenceFault:
        return []
    named = [names for names in Fragments(headings).of_each() if any(names)]
    folded = fragment.casefold()

    def likeness(names: tuple[str, str]) -> float:
        return max(ratio(folded, name[:200].casefold()) for name in names if name)

    nearest = sorted(named[:_MOST_HEADINGS], key=lambda names: -likeness(names))[:most]
    return [
        Correction(
            f"Change to #{name_text(words or anchor)}",
            {"fragments": [name for name in (words, anchor) if name]},
        )
        for words, anchor in nearest
    ]


def names_file(texts: TextFiles, written: str, scope: Scope) -> bool:
    """Whether a reference that might be written names a file that is there and may be read."""
    reference = reference_at(written, 0)
    if reference is None or reference.kind is not Kind.FILE:
        return False
    base = None if scope.document is None else scope.document.parent
    try:
        place = place_of(reference.target, base, scope)
        texts.find(place, scope.settings.max_file_bytes, "weighbridge.maxFileBytes", suggest=False)
    except ReferenceFault:
        return False
    return True


#: Headings of a file that are compared.
_MOST_HEADINGS = 1_000


def _path_title(path: str, target: str) -> str:
    same = looks_like(path, target)
    form = f" (the file's own characters, Unicode {form_of(path)})" if same else ""
    return f"Change to {name_text(path)}{form}"
