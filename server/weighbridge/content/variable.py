"""Variables: looked up in one place after another, the first that sets a name wins.

    settings → variables file beside the document → front matter → allowed environment → the reference's default

The variables file is `<document>.vars.toml`, `.yaml`, `.yml` or `.json`. `<document>` is the document's whole name or
what is left of it without its last endings: for `a.prompt.md` first `a.prompt.md.vars.*`, then `a.prompt.vars.*`, then
`a.vars.*`. The first that is there is read, alone. A value of null counts as not set.
"""

import hashlib
import os
import threading
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cachetools import LRUCache

from weighbridge import disk
from weighbridge.content.base import Content, ContentRequest, Overlay, Scope
from weighbridge.content.policy import place_of, shown
from weighbridge.content.text_file import FoundFile, TextFiles
from weighbridge.content.values import READERS, DataError, text_of_value, whole_characters
from weighbridge.errors import Code, ReferenceFault
from weighbridge.fuzzy import Slips
from weighbridge.references.model import Kind

#: Bytes of a variables file.
LARGEST_FILE = 256 * 1024
ENVIRONMENT = "env."


@dataclass(frozen=True, slots=True)
class Value:
    """What a variable stands for. `source`: the place that sets it, for people. `secret`: never shown."""

    text: str
    source: str
    path: Path | None = None
    secret: bool = False
    links: tuple[Path, ...] = ()


class VariableHandler:
    """Resolves variables. Any thread may use it."""

    kind = Kind.VARIABLE

    def __init__(self, overlay: Overlay | None = None, environment: Mapping[str, str] | None = None) -> None:
        """`environment`: the process's own by default."""
        self._files = TextFiles(overlay)
        self._environment = os.environ if environment is None else environment
        # A document names many variables: what its file says is read for each of them, and understood once. By its ending and its
        # text's digest; entries are small (a file is at most a quarter of a megabyte).
        self._understood: LRUCache[tuple[str, bytes], Mapping[str, str]] = LRUCache(maxsize=16)
        self._lock = threading.Lock()

    def key(self, request: ContentRequest) -> Hashable:
        """Name the variable, and everything but the file and the environment that decides its value."""
        scope, name = request.scope, request.target
        return (
            "variable",
            name,
            request.default,
            scope.document,
            scope.folders,
            scope.settings.trusted,
            name.removeprefix(ENVIRONMENT) in scope.settings.env,
            _digest(text_of_value(scope.settings.variables.get(name))),
            _digest(scope.front_matter.get(name)),
        )

    def paths(self, request: ContentRequest) -> tuple[Path, ...]:
        """Name the files that may set it, there or not; none if the settings do."""
        if request.target in request.scope.settings.variables:
            return ()
        return variable_files(request.scope.document)

    def load(self, request: ContentRequest) -> Content:
        """Look the variable up. Reads its file. Blocks.

        Raises:
            ReferenceFault: set nowhere; or the variables file is of no use.
            TransientFault: the file changed while it was read.
        """
        value = self.look_up(request)
        text = whole_characters(value.text)
        return Content(
            identity=f"variable:{request.target}",
            source=value.source,
            chunks=lambda: iter((text,) if text else ()),
            path=value.path,
            links=value.links,
            size=len(text.encode()),
            secret=value.secret,
        )

    def look_up(self, request: ContentRequest) -> Value:
        """Find a variable's value. Raises as `load`."""
        name, scope = request.target, request.scope
        text = text_of_value(scope.settings.variables.get(name))
        if text is not None:
            return Value(text, "weighbridge.variables")
        file = self._file(scope)
        if file is not None:
            text = self._values(file).get(name)
            if text is not None:
                return Value(text, file.place.name, file.real, links=file.links)
        text = scope.front_matter.get(name)
        if text is not None:
            return Value(text, "front matter")
        permitted = _may_read(name, scope)
        if permitted:
            text = self._environment.get(name.removeprefix(ENVIRONMENT))
            if text is not None:
                return Value(text, "environment", secret=True)
        if request.default is not None:
            return Value(request.default, "default")
        message = _undefined(name, file, scope, permitted=permitted)
        meant = self.meant(request)
        if meant is not None:
            message += f"; did you mean {shown(meant)}?"
        raise ReferenceFault(Code.UNDEFINED, message)

    def meant(self, request: ContentRequest) -> str | None:
        """Find the variable whose name differs by a slip from one that is set nowhere."""
        scope = request.scope
        names = {**scope.settings.variables, **self.names_in_file(scope), **scope.front_matter}
        return _slips(tuple(names)).meant(request.target)

    def names_in_file(self, scope: Scope) -> Mapping[str, str]:
        """The variables that the document's variables file sets; none if there is none that can be used. Blocks."""
        try:
            file = self._file(scope)
            return {} if file is None else self._values(file)
        except ReferenceFault:
            return {}

    def _file(self, scope: Scope) -> FoundFile | None:
        """Find the variables file that counts, if there is one."""
        paths = variable_files(scope.document)
        folder = disk.followed_or_same(paths[0].parent) if paths else Path()
        for path in paths:
            # Most are not there, and that is cheap to see: a document may name many variables.
            if not self._files.taken(path, folder / path.name):
                continue
            place = place_of(os.fspath(path), path.parent, scope)
            try:
                return self._files.find(place, LARGEST_FILE, "a variables file", suggest=False)
            except ReferenceFault as fault:
                if fault.problem.code is not Code.NOT_FOUND and _could_be_there(path):
                    raise
        return None

    def _values(self, file: FoundFile) -> Mapping[str, str]:
        name, ending = file.place.name, file.place.path.suffix.lower()
        text = "".join(self._files.chunks(file))
        key = ending, _digest(text)
        with self._lock:
            cached = self._understood.get(key)
        if cached is not None:
            return cached
        try:
            data = READERS[ending](text)
        except DataError as error:
            raise ReferenceFault(Code.FAILED, f"{name}: {error}") from error
        if data is None:
            data = {}
        if not isinstance(data, dict):
            raise ReferenceFault(Code.FAILED, f"{name}: must map names to values")
        texts = ((str(key), text_of_value(value)) for key, value in data.items())
        values = {key: text for key, text in texts if text is not None}
        with self._lock:
            self._understood[key] = values
        return values


@lru_cache(maxsize=4)
def _slips(names: tuple[str, ...]) -> Slips:
    return Slips(names)


@lru_cache(maxsize=64)
def variable_files(document: Path | None) -> tuple[Path, ...]:
    """List where a document's variables file may lie, in the order that they are looked for."""
    if document is None:
        return ()
    files: list[Path] = []
    name = document.name
    while name:
        files += [document.with_name(f"{name}.vars{ending}") for ending in READERS]
        shorter = Path(name).stem
        if shorter == name:
            break
        name = shorter
    return tuple(files)


def _could_be_there(path: Path) -> bool:
    """Tell whether a file that may not be read is worth a word: a document outside all folders has no variables file."""
    return os.path.lexists(path)


def _may_read(name: str, scope: Scope) -> bool:
    return (
        name.startswith(ENVIRONMENT)
        and scope.settings.trusted
        and name.removeprefix(ENVIRONMENT) in scope.settings.env
    )


def _undefined(name: str, file: FoundFile | None, scope: Scope, *, permitted: bool) -> str:
    places = ["weighbridge.variables"]
    if file is not None:
        places.append(file.place.name)
    elif scope.document is not None:
        places.append(f"{shown(scope.document.name)}.vars.*")
    places.append("the front matter")
    if permitted:
        places.append("the environment")
    message = f"{shown(name)}: not set; looked in {', '.join(places[:-1])} and {places[-1]}"
    if not name.startswith(ENVIRONMENT) or permitted:
        return message
    if not scope.settings.trusted:
        return f"{message}; the environment of an untrusted workspace is not read"
    return (
        f"{message}; to read the environment, name {shown(name.removeprefix(ENVIRONMENT))} in weighbridge.env"
    )


def _digest(text: str | None) -> bytes:
    if text is None:
        return b""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
