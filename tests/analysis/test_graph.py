"""Who includes whom: what is asked about one thing is answered by few reports as it would be by all."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from weighbridge.analysis.expand import State
from weighbridge.analysis.graph import Subject, edges, leading_to, subjects_of
from weighbridge.analysis.report import BudgetReport, Range, ReferenceReport, ReferenceTotals, Report
from weighbridge.dependencies import Dependencies
from weighbridge.references.model import Kind
from weighbridge.tokens.base import Exactness

FILES = ("file:///w/a.md", "file:///w/b.md", "file:///w/c.md", None)


def reference(kind: Kind, name: str, uri: str | None, *nested: ReferenceReport) -> ReferenceReport:
    # At one place of a file there stands the same for all who include it.
    line = 100 * [*Kind].index(kind) + 10 * "xyz".index(name) + FILES.index(uri)
    return ReferenceReport(kind, name, Range(line, 0, line, 1), State.RESOLVED, 1, None, uri, nested)


def report(number: int, *references: ReferenceReport) -> Report:
    return Report(
        uri=f"file:///w/{number}.md",
        version=None,
        dialect="markdown",
        model=None,
        encoding="cl100k_base",
        exactness=Exactness.EXACT,
        ready=True,
        tokens=1,
        own_tokens=1,
        budget=BudgetReport(1, 0.0, None),
        input_usd=None,
        sections=(),
        references=references,
        totals=ReferenceTotals(0, 0, 0, 0),
    )


LEAVES = st.builds(reference, st.sampled_from(Kind), st.sampled_from("xyz"), st.sampled_from(FILES))
REFERENCES = st.recursive(
    LEAVES,
    lambda inner: st.builds(
        lambda uri, nested: reference(Kind.FILE, "x", uri, *nested),
        st.sampled_from(FILES),
        st.lists(inner, max_size=2),
    ),
    max_leaves=5,
)
#: Of each prompt in turn: its references, and others that it has later; None if it goes.
PROMPTS = st.lists(
    st.tuples(st.lists(REFERENCES, max_size=3), st.none() | st.lists(REFERENCES, max_size=3)), max_size=5
)


@given(PROMPTS)
def test_reports_about_something_tell_as_much_of_it_as_all(
    prompts: list[tuple[list[ReferenceReport], list[ReferenceReport] | None]],
) -> None:
    graph, reports = Dependencies[Path, Subject](), dict[Path, Report]()
    for number, (before, _) in enumerate(prompts):
        path = Path(f"/w/{number}.md")
        reports[path] = report(number, *before)
        graph.replace(path, subjects_of(reports[path]))
    for number, (_, after) in enumerate(prompts):
        path = Path(f"/w/{number}.md")
        del reports[path]
        graph.replace(path, ())
        if after is not None:
            reports[path] = report(number, *after)
            graph.replace(path, subjects_of(reports[path]))

    def about(subject: Subject) -> list[Report]:
        paths = graph.users(subject)
        return [one for path, one in reports.items() if path in paths]

    for uri in FILES[:3]:
        assert uri is not None
        assert leading_to(about(uri), uri) == leading_to(reports.values(), uri)
    for kind in Kind:
        for name in "xyz":
            named = [
                [edge for edge in edges(some) if (edge.kind, edge.name) == (kind, name)]
                for some in (about((kind, name)), reports.values())
            ]
            assert named[0] == named[1]
