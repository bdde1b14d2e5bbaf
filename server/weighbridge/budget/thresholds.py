"""The budget of a document, in tokens, and the threshold that its tokens have reached."""

from collections.abc import Sequence
from dataclasses import dataclass

from weighbridge.budget.directive import Overrides
from weighbridge.budget.models import Model
from weighbridge.config import Settings, Severity, Threshold

#: Tokens, where neither a setting nor a model says.
DEFAULT_BUDGET = 128_000

_RANK = {Severity.INFORMATION: 0, Severity.WARNING: 1, Severity.ERROR: 2}


@dataclass(frozen=True, slots=True)
class Crossed:
    """The gravest threshold reached. `at`: tokens it stands at."""

    severity: Severity
    at: int


def budget_of(settings: Settings, overrides: Overrides, model: Model | None) -> int:
    """Tokens a document may use: what overrides (a flag, its own directive), the setting, the model's context window, 128,000; 1 or more."""
    window = None if model is None else model.context_window
    return overrides.budget or settings.budget or window or DEFAULT_BUDGET


def crossed(tokens: int, budget: int, thresholds: Sequence[Threshold]) -> Crossed | None:
    """The gravest threshold that `tokens` have reached (equal is reached), of those the one that stands highest."""
    reached = [
        Crossed(threshold.severity, limit)
        for threshold in thresholds
        if tokens >= (limit := threshold.limit(budget))
    ]
    return max(reached, key=lambda crossing: (_RANK[crossing.severity], crossing.at), default=None)
