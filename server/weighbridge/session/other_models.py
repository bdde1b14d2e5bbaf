"""The tokens of a text for the models that are shown beside its own.

They are counted when somebody looks, from one rendering for all: a key costs nothing more.
"""

from dataclasses import dataclass, field

import msgspec

from weighbridge.analysis.report import Cost, ModelReport, Report
from weighbridge.budget.cost import input_cost
from weighbridge.session.choice import Choice
from weighbridge.tokens.base import Exactness, Tokenizer
from weighbridge.tokens.families import EstimateTokenizer
from weighbridge.tokens.recount import NOTHING, CountedText, recount
from weighbridge.tokens.registry import tokenizer


@dataclass(frozen=True, slots=True)
class CountsBeside:
    """What one document's text counted when it was last looked at, by encoding."""

    counts_by_encoding: dict[str, CountedText] = field(default_factory=dict)

    def count(self, text: str, counting: Tokenizer) -> int:
        """The tokens of the text as it is now. A worker's work."""
        if isinstance(counting, EstimateTokenizer):
            return counting.scaled(self.count(text, counting.base))
        tokens = recount(self.counts_by_encoding.get(counting.name, NOTHING), text, counting)
        self.counts_by_encoding[counting.name] = CountedText(text, tokens)
        return tokens


def with_models(report: Report, text: str, choice: Choice, counts: CountsBeside | None = None) -> Report:
    """A report with a row for its own model and for each that is shown beside it. `text`: resolved."""
    counts = counts or CountsBeside()
    tokens = {report.encoding: report.tokens}
    rows: list[ModelReport] = []
    for shown in (choice, *choice.others):
        counting = tokenizer(shown.encoding)
        if counting.name not in tokens:
            tokens[counting.name] = counts.count(text, counting)
        exactness = report.exactness if shown is choice else shown.exactness(counting)
        rows.append(model_report(shown, counting.name, exactness, tokens[counting.name]))
    return msgspec.structs.replace(report, models=tuple(rows))


def model_report(choice: Choice, encoding: str, exactness: Exactness, tokens: int) -> ModelReport:
    """What so many tokens, counted by this encoding, are for the model that was chosen."""
    model = choice.model
    window, usd = (None, None) if model is None else (model.context_window, input_cost(tokens, model))
    used, cost = None if window is None else tokens / window, None if usd is None else Cost(usd)
    return ModelReport(choice.name or choice.encoding, encoding, exactness, tokens, window, used, cost)
