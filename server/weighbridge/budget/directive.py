"""A document's own settings: `<!-- weighbridge: budget=800 model=gpt-5 -->`."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from weighbridge.agents.readers import DIALECTS
from weighbridge.config.messages import plain
from weighbridge.config.setting_values import MOST_TOKENS
from weighbridge.references.dialect import Dialect
from weighbridge.references.model import Directive

_MOST_DIGITS = 30
#: Characters of an unknown name that are compared with the known ones.
_LONGEST_NAME = 60
_NAMES = ("budget", "dialect", "encoding", "model")


@dataclass(frozen=True, slots=True)
class Overrides:
    """What a document's directives set, or the command line's flags. `budget`: tokens, 1 or more. None: nothing.

    `others`: models that are shown beside `model`, whatever the settings say; None: as these say.
    """

    budget: int | None = None
    model: str | None = None
    encoding: str | None = None
    dialect: Dialect | None = None
    others: tuple[str, ...] | None = None

    def over(self, fallback: "Overrides") -> "Overrides":
        """These overrides, and what `fallback` sets besides; a model and an encoding are one choice."""
        tokenizer = self if self.model is not None or self.encoding is not None else fallback
        budget = fallback.budget if self.budget is None else self.budget
        dialect = self.dialect or fallback.dialect
        return Overrides(budget, tokenizer.model, tokenizer.encoding, dialect, tokenizer.others)


NOTHING = Overrides()


def overrides_of(directives: Sequence[Directive]) -> tuple[Overrides, tuple[tuple[int, str], ...]]:
    """Merge directives in order, later ones win; with a warning for each setting that can't be used, and the number of its
    directive, from 0.
    """
    values: dict[str, str] = {}
    warnings: list[tuple[int, str]] = []
    budget: int | None = None
    pairs = [(number, *pair) for number, directive in enumerate(directives) for pair in directive.settings]
    for number, name, value in pairs:
        if name not in _NAMES:
            close = difflib.get_close_matches(name[:_LONGEST_NAME], _NAMES, n=1)
            hint = f"; did you mean {close[0]}?" if close else f"; there are {', '.join(_NAMES)}"
            warnings.append((number, f"weighbridge directive: {plain(name)}: unknown{hint}"))
        elif name == "budget":
            tokens = _tokens(value)
            if tokens is not None:
                budget = tokens
            else:
                text = f"expected a whole number of tokens from 1 to {MOST_TOKENS:,}, got '{plain(value)}'"
                warnings.append((number, f"weighbridge directive: budget: {text}"))
        elif value:
            values[name] = value
        else:
            warnings.append((number, f"weighbridge directive: {name}: expected a name"))
    written = values.get("dialect")
    dialect = None if written is None else DIALECTS.get(written)
    if written is not None and dialect is None:
        dialects = ", ".join(DIALECTS)
        number = next(
            number for number, name, value in reversed(pairs) if (name, value) == ("dialect", written)
        )
        warnings.append(
            (number, f"weighbridge directive: dialect: {plain(written)}: unknown; there are {dialects}")
        )
    return Overrides(budget, values.get("model"), values.get("encoding"), dialect), tuple(warnings)


def _tokens(text: str) -> int | None:
    """A number of tokens, as `800`, `12_000` or `12,000`; None if it is none, or too many."""
    digits = text.replace("_", "").replace(",", "")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= _MOST_DIGITS):
        return None
    tokens = int(digits)
    return tokens if 1 <= tokens <= MOST_TOKENS else None
