"""The results of preparing a text, from which its document is counted."""

from collections.abc import Mapping
from dataclasses import dataclass

from weighbridge.analysis.expand import Expansion
from weighbridge.budget.directive import Overrides
from weighbridge.config import Settings
from weighbridge.content.front_matter import FrontMatter
from weighbridge.references.dialect import Dialect
from weighbridge.references.index import ScanIndex
from weighbridge.references.model import Directive
from weighbridge.session.choice import Choice
from weighbridge.session.target import Target
from weighbridge.tokens.base import Exactness, Tokenizer
from weighbridge.tokens.counted import CountedBuffer


@dataclass(frozen=True, slots=True)
class Prepared:
    """See the module's text. `head_lines`: how many were looked at for front matter, whether there is any or not.

    `warnings`: what can't be used, each with the number of the directive that says it, None if the settings do.
    `directives`: those that `overrides` were made of. `targets`: what the references name. `counts`: None where it goes
    on with those there are.
    """

    index: ScanIndex
    tokenizer: Tokenizer
    dialect: Dialect
    settings: Settings
    front_matter: FrontMatter
    head_lines: int
    overrides: Overrides
    identity: str | None
    choice: Choice
    warnings: tuple[tuple[int | None, str], ...]
    directives: tuple[Directive, ...]
    targets: Mapping[Target, None]
    counts: "Counts | None"

    @property
    def exactness(self) -> Exactness:
        """How sure its counts are, as the model's."""
        return self.choice.exactness(self.tokenizer)

    @property
    def exact(self) -> bool:
        """Whether they are the model's own."""
        return self.exactness is Exactness.EXACT


@dataclass(frozen=True, slots=True)
class Counts:
    """A text's counts, as far as they are known. `own`: of the text as typed, where that differs from what is `resolved`.

    `expansions`: what references were taken to stand for.
    """

    resolved: CountedBuffer
    own: CountedBuffer | None
    expansions: Mapping[Target, Expansion]


@dataclass(frozen=True, slots=True)
class PreparedBefore:
    """The state of a text that was prepared before: what a worker need not find out again.

    `prepared`: last; its index is the loop's own, handed on and not looked into. `skip`, `directives`: the index's; no
    `skip`: it no longer fits the text. `expansions`: what references stand for under its tokenizer.
    """

    prepared: Prepared | None
    skip: int | None
    directives: tuple[Directive, ...]
    expansions: Mapping[Target, Expansion]
