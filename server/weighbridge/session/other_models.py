"""The tokens of a text for the models that are shown beside its own.

They are counted when somebody looks, from one rendering for all: a key costs nothing more. A text is cut where what stands around
a place says so, so that an edit moves no cut but those beside it, and the pieces are counted that were not in it when it was last
looked at.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b

from weighbridge.analysis.report import ModelReport, Report
from weighbridge.budget.cost import input_cost
from weighbridge.session.choice import Choice
from weighbridge.tokens.base import Borders, Exactness, Tokenizer
from weighbridge.tokens.families import EstimateTokenizer
from weighbridge.tokens.registry import tokenizer

_LINE_ENDS = re.compile(r"\n+")
#: Where long lines may be cut besides.
_CLAUSE_ENDS = re.compile(r"[.,;:)\]}。、]+ ?")
_LONG_LINE = 4 * 1024
#: Characters before a place that decide whether it is cut at; one in so many is, and each between paragraphs.
_TELLING = 16
_ONE_IN = 16
#: Characters before a place and behind it in which a border is looked for; and of a piece that is cut at the next place, whatever stands there.
_BEFORE = 3
_NEAR = 64
_LONGEST = 16 * 1024


@dataclass(slots=True)
class PieceCounts:
    """What the pieces of one text counted when it was last looked at: by encoding, by their digests. Kept in memory alone."""

    counts: dict[str, Mapping[bytes, int]] = field(default_factory=dict)

    def count(self, text: str, counting: Tokenizer, places: Sequence[int] | None = None) -> int:
        """The tokens of the text as it is now. Takes as long as what is new in it: a worker's work. `places`: see `cut_places`."""
        places = cut_places(text) if places is None else places
        if isinstance(counting, EstimateTokenizer):
            return counting.scaled(self.count(text, counting.base, places))
        before, now, tokens = self.counts.get(counting.name, {}), dict[bytes, int](), 0
        for piece in _pieces(text, places, counting.borders):
            key = blake2b(piece.encode("utf-8", "surrogatepass"), digest_size=16).digest()
            count = now.get(key, before.get(key))
            now[key] = counting.count(piece) if count is None else count
            tokens += now[key]
        self.counts[counting.name] = now
        return tokens


def with_models(report: Report, text: str, choice: Choice, counts: PieceCounts | None = None) -> Report:
    """A report with a row for its own model and for each that is shown beside it. `text`: resolved."""
    counts = counts or PieceCounts()
    tokens, places = {report.encoding: report.tokens}, cut_places(text)
    rows: list[ModelReport] = []
    for one in (choice, *choice.others):
        counting = tokenizer(one.encoding)
        if counting.name not in tokens:
            tokens[counting.name] = counts.count(text, counting, places)
        exactness = report.exactness if one is choice else one.exactness(counting)
        rows.append(model_report(one, counting.name, exactness, tokens[counting.name]))
    return replace(report, models=tuple(rows))


def model_report(choice: Choice, encoding: str, exactness: Exactness, tokens: int) -> ModelReport:
    """What so many tokens, counted by this encoding, are for the model that was chosen."""
    model = choice.model
    window, cost = (None, None) if model is None else (model.context_window, input_cost(tokens, model))
    return ModelReport(choice.name or choice.encoding, encoding, exactness, tokens, window, cost)


def cut_places(text: str) -> list[int]:
    """Where a text is to be cut, for all tokenizers: as far as possible at the same characters after an edit elsewhere."""
    places: list[int] = []
    start = line = 0
    for found in (*_LINE_ENDS.finditer(text), None):
        end = len(text) if found is None else found.end()
        ends = _CLAUSE_ENDS.finditer(text, line, end) if end - line > _LONG_LINE else ()
        for place in (*(one.end() for one in ends), end):
            # Python's hash of a text stays the same as long as the process lives, and so do these places.
            if (
                place - start >= _LONGEST
                or not hash(text[max(0, place - _TELLING) : place]) % _ONE_IN
                or text.startswith("\n\n", place - 2)
            ):
                places.append(place)
                start = place
        line = end
    return places


def _pieces(text: str, places: Sequence[int], borders: Borders) -> Iterator[str]:
    """A text in parts whose counts add up to its own: cut at the first border from each place on."""
    start = 0
    for place in places:
        cut = borders.first(text, max(start, place - _BEFORE), place + _NEAR)
        if cut > start:
            yield text[start:cut]
            start = cut
    yield text[start:]
