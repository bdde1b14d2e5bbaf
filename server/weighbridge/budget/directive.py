"""A document's own settings: `<!-- weighbridge: budget=800 model=gpt-5 -->`."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from weighbridge.references.model import Directive

_NAMES = ("budget", "encoding", "model")


@dataclass(frozen=True, slots=True)
class Overrides:
    """What a document's directives set. `budget`: tokens, 1 or more. None: nothing."""

    budget: int | None = None
    model: str | None = None
    encoding: str | None = None


def overrides_of(directives: Sequence[Directive]) -> tuple[Overrides, tuple[str, ...]]:
    """Merge directives in order, later ones win; with a warning for each setting that can't be used."""
    values: dict[str, str] = {}
    warnings: list[str] = []
    budget: int | None = None
    for directive in directives:
        for name, value in directive.settings:
            if name not in _NAMES:
                close = difflib.get_close_matches(name, _NAMES, n=1)
                meant = f"; did you mean {close[0]}?" if close else f"; there are {', '.join(_NAMES)}"
                warnings.append(f"weighbridge directive: {name}: unknown{meant}")
            elif name == "budget":
                digits = value.replace("_", "").replace(",", "")
                if digits.isascii() and digits.isdecimal() and int(digits[:18]) > 0:
                    budget = int(digits[:18])
                else:
                    warnings.append(
                        f"weighbridge directive: budget: expected a number of tokens, got {value[:40]!r}"
                    )
            else:
                values[name] = value
    return Overrides(budget, values.get("model") or None, values.get("encoding") or None), tuple(warnings)
