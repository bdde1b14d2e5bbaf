"""What a prompt costs to send, once, as input."""

from weighbridge.budget.models import Model


def input_cost(tokens: int, model: Model) -> float | None:
    """US dollars for so many input tokens, without caching or batch discounts; None where no price is known."""
    price = model.input_usd_per_million
    for tier in model.tiers:
        if tokens > tier.above:
            price = tier.input_usd_per_million
    return None if price is None else tokens * price / 1_000_000
