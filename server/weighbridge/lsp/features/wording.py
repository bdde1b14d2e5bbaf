"""How counts are written, the same everywhere."""

from weighbridge.analysis.report import Report


def tokens_text(tokens: int) -> str:
    """`1,234 tokens`, `1 token`."""
    return f"{tokens:,} token" if tokens == 1 else f"{tokens:,} tokens"


def share_text(share: float) -> str:
    """`12%`, with a decimal below ten so that small shares are told apart."""
    return f"{share:.0%}" if share >= 0.1 else f"{share:.1%}"


def total_text(report: Report) -> str:
    """`1,234 / 128,000 tokens`: the document's resolved total over its budget."""
    return f"{report.tokens:,} / {tokens_text(report.budget.limit)}"
