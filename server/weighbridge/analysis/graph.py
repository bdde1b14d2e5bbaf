"""The graph of inclusions: the references of many reports, each with the place where it is written."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from weighbridge.analysis.report import Range, ReferenceReport, Report
from weighbridge.references.model import Kind
from weighbridge.uris import uri_of


@dataclass(frozen=True, slots=True)
class Edge:
    """A reference. `source`: URI of the file it is written in. `target`: URI of the file it stands for, None if that is
    no file. `name`: what it names, as written. `tokens`: of its content standing alone, None while pending or failed; of an
    agent's import, of all that arrives by it, None where that is not known.
    """

    source: str
    range: Range
    kind: Kind
    name: str
    target: str | None
    tokens: int | None


def edges(reports: Iterable[Report]) -> tuple[Edge, ...]:
    """All references of prompts and of what they include, each once, in the order that they are met."""
    by_place: dict[tuple[str, Range], Edge] = {}
    for report in reports:
        for group in (*(_edges(report.uri, reference) for reference in report.references), _imports(report)):
            for edge in group:
                by_place.setdefault((edge.source, edge.range), edge)
    return tuple(by_place.values())


#: What is asked about: a file, by its URI, or what references of a kind name, with a fragment if they have one.
Subject = str | tuple[Kind, str]


def subjects_of(report: Report) -> set[Subject]:
    """All that a prompt refers to, itself or in what it includes."""
    subjects: set[Subject] = set()
    todo = [*report.references]
    while todo:
        reference = todo.pop()
        subjects.add((reference.kind, reference.target))
        if reference.uri is not None:
            subjects.add(reference.uri)
            todo += reference.references
    subjects.update(edge.target for edge in _imports(report) if edge.target is not None)
    return subjects


#: Where a reference is written.
Spot = tuple[str, Range]


@dataclass(frozen=True, slots=True)
class Uses:
    """The references to a variable. `of`: by the prompt that has them, itself or in what it includes; `by`: the way back."""

    edges: Mapping[Spot, Edge]
    of: Mapping[str, frozenset[Spot]]
    by: Mapping[Spot, Sequence[str]]


def uses_of_variable(reports: Iterable[Report], name: str) -> Uses:
    """Who uses a variable, and where. With thousands of prompts that is a worker's work."""
    edge_by_spot: dict[Spot, Edge] = {}
    of: dict[str, frozenset[Spot]] = {}
    by: dict[Spot, list[str]] = {}
    for report in reports:
        spots = {
            (edge.source, edge.range): edge
            for edge in edges([report])
            if (edge.kind, edge.name) == (Kind.VARIABLE, name)
        }
        if spots:
            edge_by_spot |= spots
            of[report.uri] = of.get(report.uri, frozenset()) | spots.keys()
            for spot in spots:
                by.setdefault(spot, []).append(report.uri)
    return Uses(edge_by_spot, of, by)


def leading_to(reports: Iterable[Report], uri: str) -> tuple[Edge, ...]:
    """The references by which a file is included: those that name it, and the prompts' own that lead to it by others."""
    by_place: dict[tuple[str, Range], Edge] = {}
    for report in reports:
        for reference in report.references:
            inside = [edge for edge in _edges(report.uri, reference) if edge.target == uri]
            if inside:
                for edge in (_edge(report.uri, reference), *inside):
                    by_place.setdefault((edge.source, edge.range), edge)
        imports = [*_imports(report)]
        leading = {uri}
        # Those that lead to those that lead to it, however far.
        while more := {import_.source for import_ in imports if import_.target in leading} - leading:
            leading |= more
        for edge in imports:
            if edge.target == uri or (edge.source == report.uri and edge.target in leading):
                by_place.setdefault((edge.source, edge.range), edge)
    return tuple(by_place.values())


def _imports(report: Report) -> Iterator[Edge]:
    """What its agent imports from a context file, and from what is imported."""
    for import_ in report.imports:
        yield Edge(report.uri, import_.range, Kind.FILE, import_.target, uri_of(import_.path), import_.tokens)
    for onward in () if report.arrived is None else report.arrived.onward:
        place = Range(onward.line, onward.start, onward.line, onward.end)
        yield Edge(uri_of(onward.source), place, Kind.FILE, onward.target, uri_of(onward.path), None)


def _edges(source: str, reference: ReferenceReport) -> Iterator[Edge]:
    """A reference and all nested in it."""
    todo = [(source, reference)]
    while todo:
        where, outer = todo.pop()
        yield _edge(where, outer)
        if outer.uri is not None:
            todo.extend((outer.uri, nested) for nested in reversed(outer.references))


def _edge(source: str, reference: ReferenceReport) -> Edge:
    return Edge(source, reference.range, reference.kind, reference.target, reference.uri, reference.tokens)
