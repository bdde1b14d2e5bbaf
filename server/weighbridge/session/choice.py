"""The choice of a text's tokenizer: by the model or the encoding that flags, directives and settings name."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from weighbridge.budget.directive import Overrides
from weighbridge.budget.models import Model
from weighbridge.budget.models import find as find_model
from weighbridge.config import DEFAULT_ENCODING, Settings
from weighbridge.errors import UnknownModelError
from weighbridge.tokens.base import Exactness, Tokenizer, weakest
from weighbridge.tokens.local import LOCAL
from weighbridge.tokens.registry import encodings


@dataclass(frozen=True, slots=True)
class Choice:
    """By what a text is counted. `name`: the model as it is written; `warnings`: of names that nobody knows.

    `others`: the models that are shown beside it.
    """

    name: str | None
    model: Model | None
    encoding: str
    warnings: tuple[str, ...] = ()
    others: tuple["Choice", ...] = ()

    def exactness(self, tokenizer: Tokenizer) -> Exactness:
        """How sure a count by its tokenizer is, as the model's."""
        return (
            tokenizer.exactness if self.model is None else weakest(tokenizer.exactness, self.model.exactness)
        )


def choose(settings: Settings, overrides: Overrides) -> Choice:
    """Choose model and encoding: flags and directives first, then the settings; a model picks its encoding.

    An unknown name is a warning, and the next choice counts. Beside the choice are the models that are shown with it.
    """
    warnings: list[str] = []
    chosen = _first_known(
        ((overrides.model, overrides.encoding), (settings.model, settings.encoding)), settings, warnings
    )
    shown_names = overrides.others
    if shown_names is None:
        shown_names = tuple(name for name, entry in settings.models.items() if entry.shown)
    names = [name for name in dict.fromkeys(shown_names) if name != chosen.name]
    others = (_first_known(((name, None),), settings, warnings) for name in names)
    beside = tuple(choice for choice in others if choice.model is not None)
    return replace(chosen, warnings=tuple(dict.fromkeys(warnings)), others=beside)


def _first_known(
    pairs: Iterable[tuple[str | None, str | None]], settings: Settings, warnings: list[str]
) -> Choice:
    """The first model or encoding that is known, of pairs of both; `warnings` takes what is said of the others."""
    for name, encoding in pairs:
        if name is not None:
            try:
                model = find_model(name, settings.models)
            except UnknownModelError as error:
                warnings.append(str(error))
            else:
                if model.encoding in encodings() or model.encoding.startswith(LOCAL):
                    return Choice(name, model, model.encoding)
                warnings.append(_unknown_encoding(model.encoding))
        # Besides a model that is known, the encoding next to it says nothing.
        if encoding is not None:
            if encoding in encodings():
                return Choice(None, None, encoding)
            warnings.append(_unknown_encoding(encoding))
    return Choice(None, None, DEFAULT_ENCODING)


def _unknown_encoding(name: str) -> str:
    return f"encoding {name}: unknown; there are {', '.join(encodings())}"
