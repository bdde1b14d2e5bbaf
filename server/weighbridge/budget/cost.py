"""What a prompt costs to send, once, as input."""

from typing import Final

from weighbridge.budget.models import Model

#: Tokens: no provider keeps a shorter beginning of a prompt.
LEAST_CACHED: Final = 1_024


def input_cost(tokens: int, model: Model) -> float | None:
    """US dollars for so many input tokens, without caching or batch discounts; None where no price is known."""
    price, _ = _prices(tokens, model)
    return None if price is None else tokens * price / 1_000_000


def cached_cost(tokens: int, kept_tokens: int, model: Model) -> float | None:
    """The same where the provider has kept the first so many of them; None where that has no price, or they are too few."""
    less = saved(kept_tokens, tokens, model)
    full = input_cost(tokens, model)
    return None if full is None or less is None or kept_tokens < LEAST_CACHED else full - less


def saved(kept_tokens: int, tokens: int, model: Model) -> float | None:
    """US dollars by which so many of a prompt's tokens cost less where the provider has kept them; None where that has no price."""
    price, cached = _prices(tokens, model)
    return None if price is None or cached is None else kept_tokens * (price - cached) / 1_000_000


def _prices(tokens: int, model: Model) -> tuple[float | None, float | None]:
    """Prices of a million tokens of a prompt of this size: in full, and of what the provider has kept."""
    prices = model.input_usd_per_million, model.cached_usd_per_million
    for tier in model.tiers:
        if tokens > tier.above:
            prices = tier.input_usd_per_million, tier.cached_usd_per_million
    return prices
