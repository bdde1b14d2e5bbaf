"""The tokens of a text for the models that are shown beside its own.

They are counted when somebody looks, from one rendering for all: a key costs nothing more. A text is cut at its paragraphs, and
those are counted that were not in it when it was last looked at.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b

from weighbridge.analysis.report import ModelReport, Report
from weighbridge.budget.cost import input_cost
from weighbridge.session.prepared import Choice
from weighbridge.tokens.base import Borders, Tokenizer
from weighbridge.tokens.registry import tokenizer

_BETWEEN_PARAGRAPHS = re.compile(r"\S\n\n+[^\s/]")


@dataclass(slots=True)
class Known:
    """What the paragraphs of one text counted when it was last looked at: by encoding, by their digests. Kept in memory alone."""

    counts: dict[str, Mapping[bytes, int]] = field(default_factory=dict)

    def count(self, text: str, counting: Tokenizer) -> int:
        """The tokens of the text as it is now. Takes as long as what is new in it: a worker's work."""
        before, now, tokens = self.counts.get(counting.name, {}), dict[bytes, int](), 0
        for piece in _pieces(text, counting.borders):
            key = blake2b(piece.encode("utf-8", "surrogatepass"), digest_size=16).digest()
            count = now.get(key, before.get(key))
            now[key] = counting.count(piece) if count is None else count
            tokens += now[key]
        self.counts[counting.name] = now
        return tokens


def with_models(report: Report, text: str, choice: Choice, known: Known | None = None) -> Report:
    """A report with a row for its own model and for each that is shown beside it. `text`: resolved."""
    known = known or Known()
    tokens = {report.encoding: report.tokens}
    rows: list[ModelReport] = []
    for one in (choice, *choice.others):
        counting = tokenizer(one.encoding)
        if counting.name not in tokens:
            tokens[counting.name] = known.count(text, counting)
        count, model = tokens[counting.name], one.model
        window, cost = (None, None) if model is None else (model.context_window, input_cost(count, model))
        exactness = report.exactness if one is choice else one.exactness(counting)
        rows.append(ModelReport(one.name or one.encoding, counting.name, exactness, count, window, cost))
    return replace(report, models=tuple(rows))


def _pieces(text: str, borders: Borders) -> Iterator[str]:
    """A text in parts whose counts add up to its own, as far as possible the same ones after an edit elsewhere."""
    start = 0
    for found in _BETWEEN_PARAGRAPHS.finditer(text):
        cut = borders.first(text, *found.span())
        if cut > start:
            yield text[start:cut]
            start = cut
    yield text[start:]
