"""Where a name is given its value: its place in a settings or data file, told from what the file means without it.

A name that is put in the place of another shows up where that one was: so the place is certain, however the file is written
(a table of its own, a dotted key, a mapping in one line), and a value or a comment of the same letters is not taken for it.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import islice
from pathlib import Path

from weighbridge.config.files import OWN_FILE, PROJECT_FILE
from weighbridge.config.layers import SECTION
from weighbridge.content.base import ContentRequest, Scope
from weighbridge.content.front_matter import front_matter_text, read_front_matter
from weighbridge.content.lines import lines_of
from weighbridge.content.policy import place_of
from weighbridge.content.text_file import TextFiles
from weighbridge.content.values import READERS, DataError, read_toml, read_yaml
from weighbridge.content.variable import VariableHandler
from weighbridge.errors import ReferenceFault
from weighbridge.references.model import Kind

#: Bytes of a settings file that are looked at.
_SETTINGS_BYTES = 1_000_000
#: Places of one file that are looked at.
_MOST_TRIED = 1_000
_OTHER = "weighbridge-was-here"

#: A line, and columns in code points.
KeyPlace = tuple[int, int, int]


class By(Enum):
    """Who gives a name its value."""

    SETTINGS = "settings"
    FILE = "variables file"
    FRONT_MATTER = "front matter"
    #: The environment, a default of the reference's own, or nobody.
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Definition:
    """A name in a file: `path` None is the document itself. `lines`: the file's."""

    path: Path | None
    lines: Sequence[str]
    line: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Defined:
    """Who gives a name its value, and where; no place if that is not in a file that may be read."""

    by: By
    place: Definition | None = None


def key_in(
    lines: Sequence[str], name: str, read: Callable[[str], object], above: Sequence[str] = ()
) -> KeyPlace | None:
    """Find where data in TOML, YAML or JSON has a key. `above`: the keys of the mapping that it is in."""
    # Where a key may stand: before what follows one, and not as an anchor or alias, whose other ends would be missing.
    pattern = re.compile(rf"""(?<![\w&*-]){re.escape(name)}(?=["']?\s*(?:[]:=.,}}#]|$))""")
    matches = (
        (number, match.start(), match.end())
        for number, line in enumerate(lines)
        for match in pattern.finditer(line)
    )
    places = list(islice(matches, _MOST_TRIED))
    # All are renamed at once, so that the file is read once; from the last, so that columns stay.
    renamed = list(lines)
    for place, (number, start, end) in reversed([*enumerate(places)]):
        line = renamed[number]
        renamed[number] = f"{line[:start]}{_OTHER}-{place}{line[end:]}"
    keys = _mapping(renamed, read, above) if places else {}
    return next((key_place for place, key_place in enumerate(places) if f"{_OTHER}-{place}" in keys), None)


def defined(
    request: ContentRequest,
    files: TextFiles,
    variables: VariableHandler,
    head: Sequence[str],
    folder: Path | None,
) -> Defined:
    """Find who sets a variable or a named API. Reads files: a worker's work.

    `head`: the document's lines, at least those of its front matter; `folder`: whose settings hold for it.
    """
    if request.kind is Kind.API:
        return Defined(By.SETTINGS, _in_settings(request, files, "apis", folder))
    try:
        value = variables.look_up(request)
    except ReferenceFault:
        value = None
    if value is not None and value.path is not None:
        path = value.path
        lines = _read(files, path, request.scope)
        place = None if lines is None else key_in(lines, request.target, READERS[path.suffix.lower()])
        return Defined(By.FILE, None if lines is None or place is None else Definition(path, lines, *place))
    if value is not None and value.source == "weighbridge.variables":
        return Defined(By.SETTINGS, _in_settings(request, files, "variables", folder))
    # Named there without a value, perhaps.
    place = _in_front_matter(head, request.target)
    if place is not None:
        return Defined(By.FRONT_MATTER, Definition(None, head, *place))
    return Defined(By.NOBODY)


def _in_front_matter(head: Sequence[str], name: str) -> KeyPlace | None:
    count = read_front_matter(head).lines
    return key_in(front_matter_text(head[:count]), name, read_yaml, ("variables",)) if count else None


def _in_settings(
    request: ContentRequest, files: TextFiles, table: str, folder: Path | None
) -> Definition | None:
    if folder is None:
        return None
    for file, above in ((OWN_FILE, (table,)), (PROJECT_FILE, ("tool", SECTION, table))):
        lines = _read(files, folder / file, request.scope)
        if lines is not None:
            place = key_in(lines, request.target, read_toml, above)
            return None if place is None else Definition(folder / file, lines, *place)
    return None


def _read(files: TextFiles, path: Path, scope: Scope) -> list[str] | None:
    """The lines of a file, if a reference of the document may read it."""
    try:
        file = files.find(place_of(str(path), path.parent, scope), _SETTINGS_BYTES, "settings", suggest=False)
        return list(lines_of(files.chunks(file)))
    except ReferenceFault:
        return None


def _mapping(
    lines: Sequence[str], read: Callable[[str], object], above: Sequence[str]
) -> Mapping[str, object]:
    try:
        data = read("\n".join(line.rstrip("\r\n") for line in lines))
    except DataError:
        return {}
    for key in above:
        data = data.get(key) if isinstance(data, dict) else None
    return {str(key): value for key, value in data.items()} if isinstance(data, dict) else {}
