"""The beginning of a prompt that a provider may keep: all before the first text that may be another each time."""

from collections.abc import Sequence

from weighbridge.analysis.expand import Expansion
from weighbridge.analysis.notices import Notice
from weighbridge.analysis.report import Range
from weighbridge.analysis.wording import name_text, tokens_text, usd_text
from weighbridge.budget.cost import LEAST_CACHED, saved
from weighbridge.budget.models import Model
from weighbridge.errors import Code
from weighbridge.references.model import Reference
from weighbridge.session.document import Document
from weighbridge.session.selection import Selection, length_of, selected_parts, tokens_of

#: Characters that are counted at once for it; where counts can't be joined near the place, whole lines are.
_AT_ONCE = 16 * 1024

PlacedReferences = Sequence[tuple[Reference, Range, Expansion]]


def cacheable(document: Document, placed: PlacedReferences) -> int | None:
    """Tokens before the first reference to volatile text; None while they are not known."""
    prepared, counted = document.prepared, document.counted
    if prepared is None or counted is None or not document.ready:
        return None
    first = next((row for row in placed if row[2].volatile), None)
    if first is None or document.arrived is not None:
        return document.tokens
    reference, place, _ = first
    parts = selected_parts(document, Selection(0, 0, place.start_line, reference.start))
    if parts is None:
        return None
    if length_of(parts) > _AT_ONCE:
        return counted.tokens_between(0, place.start_line)
    return tokens_of(parts, prepared.tokenizer)


def hint_of(
    placed: PlacedReferences, tokens: int, cacheable_tokens: int | None, model: Model | None, *, exact: bool
) -> tuple[Range, Notice] | None:
    """A notice where volatile text stands before much text that is not; None if there is nothing to say."""
    if cacheable_tokens is None or model is None:
        return None
    volatile = [row for row in placed if row[2].volatile]
    stable = tokens - cacheable_tokens - sum(expansion.tokens or 0 for _, _, expansion in volatile)
    usd = saved(stable, tokens, model)
    if not volatile or stable < LEAST_CACHED or not usd:
        return None
    reference, place, _ = volatile[0]
    message = (
        f"{name_text(reference.target)} may be another each time, so {tokens_text(stable, exact=exact)} behind it are paid in full; "
        f"behind them it would save up to {usd_text(usd)} each time the prompt is sent again"
    )
    start = place.start_line, reference.start
    return place, Notice(start, (place.end_line, reference.end), Code.VOLATILE, "hint", message)
