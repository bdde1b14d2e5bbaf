"""Where in a settings file a fault stands: at its setting, or where the file can't be read any further. Pure."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from weighbridge.config.files import PROJECT_FILE
from weighbridge.config.layers import SECTION, Layer

_AT_LINE = re.compile(r" \(at line ([0-9]+)\)")
_NAME = re.compile(rf"{SECTION}\.([^:]+): ")
_HEADER = re.compile(r"\s*\[\[?([^\[\]]+)\]")
_ASSIGNED = re.compile(r"\s*([\w.\"'-]+)\s*=")
_PART = re.compile(r"\"([^\"]*)\"|'([^']*)'|([\w-]+)")


@dataclass(frozen=True, slots=True)
class FileFault:
    """What is wrong with a settings file, and in which of its lines, from 0. `whole`: none of it can be used."""

    line: int
    message: str
    whole: bool = False


def faults_in_file(layer: Layer, whole: Iterable[str], parts: Iterable[str]) -> list[FileFault]:
    """The faults of a settings file at their places. `whole`: why it can't be used at all; `parts`: which settings can't."""
    lines = layer.text.split("\n")
    faults: list[FileFault] = []
    for text in whole:
        message = text.removeprefix(f"{layer.name}: ").removesuffix("; ignored")
        place = _AT_LINE.search(message)
        line = int(place[1]) - 1 if place else 0
        faults.append(FileFault(min(line, len(lines) - 1), _AT_LINE.sub("", message), whole=True))
    settings = [*_settings(lines)]
    above = ("tool", SECTION) if layer.name == PROJECT_FILE else ()
    for message in parts:
        named = _NAME.match(message)
        setting_name = (*above, *(_parts(named[1]) if named else ()))
        faults.append(FileFault(_nearest(settings, setting_name, len(above)), message))
    return faults


def _settings(lines: Iterable[str]) -> Iterator[tuple[tuple[str, ...], int]]:
    """The full names of tables and of what is assigned in them, with their lines."""
    table: tuple[str, ...] = ()
    for number, line in enumerate(lines):
        if header := _HEADER.match(line):
            table = _parts(header[1])
            yield table, number
        elif assigned := _ASSIGNED.match(line):
            yield (*table, *_parts(assigned[1])), number


def _parts(name: str) -> tuple[str, ...]:
    return tuple(quoted or literal or bare for quoted, literal, bare in _PART.findall(name))


def _nearest(
    settings: Iterable[tuple[tuple[str, ...], int]], setting_name: tuple[str, ...], least: int
) -> int:
    """The line of the setting whose name has most parts in common with what is wanted, the first of these; 0 if none has."""
    best, nearest_line = max(least - 1, 0), 0
    for name, line in settings:
        common = 0
        for part, expected in zip(name, setting_name, strict=False):
            if part.casefold().replace("_", "") != expected.casefold().replace("_", ""):
                break
            common += 1
        if common > best:
            best, nearest_line = common, line
    return nearest_line
