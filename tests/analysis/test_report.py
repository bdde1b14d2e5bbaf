"""A report written out is the JSON of its values, whatever they hold: half of a surrogate pair, too."""

import json

from hypothesis import given
from hypothesis import strategies as st
from tests.tokens.hostile import texts

from weighbridge.analysis.expand import State
from weighbridge.analysis.report import Range, ReferenceReport
from weighbridge.errors import Code, Problem
from weighbridge.lsp.messages import WrittenJson
from weighbridge.references.model import Kind

numbers = st.integers(0, 10**9)
ranges = st.builds(Range, numbers, numbers, numbers, numbers)
problems = st.builds(Problem, st.sampled_from(Code), texts())
references = st.recursive(
    st.builds(
        ReferenceReport,
        st.sampled_from(Kind),
        texts(),
        ranges,
        st.sampled_from(State),
        st.none() | numbers,
        st.none() | problems,
        st.none() | texts(),
    ),
    lambda nested: st.builds(
        ReferenceReport,
        *(st.sampled_from(Kind), texts(), ranges, st.sampled_from(State), numbers, st.none(), texts()),
        references=st.lists(nested, max_size=3).map(tuple),
    ),
    max_leaves=6,
)


@given(references)
def test_a_reference_written_out(reference: ReferenceReport) -> None:
    assert json.loads(WrittenJson.of(reference.json).text) == json.loads(json.dumps(reference.json))
