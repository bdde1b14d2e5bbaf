"""What a worker found out about a text before its document can be counted."""

from dataclasses import dataclass

from weighbridge.budget.directive import Overrides
from weighbridge.config import Settings
from weighbridge.content.front_matter import FrontMatter
from weighbridge.references.dialect import Dialect
from weighbridge.references.index import ScanIndex
from weighbridge.references.model import Directive
from weighbridge.tokens.base import Tokenizer


@dataclass(frozen=True, slots=True)
class Prepared:
    """See the module's text. `head_lines`: how many were looked at for front matter, whether there is any or not.

    `directives`: those that `overrides` were made of.
    """

    index: ScanIndex
    tokenizer: Tokenizer
    dialect: Dialect
    settings: Settings
    front_matter: FrontMatter
    head_lines: int
    overrides: Overrides
    identity: str | None
    model: str | None
    warnings: tuple[str, ...]
    directives: tuple[Directive, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a text already. `index`: the loop's own, handed on and not looked into; `skip`, `directives`: its."""

    index: ScanIndex
    dialect: Dialect
    skip: int
    directives: tuple[Directive, ...]
