"""The words for counts, shares and prices, the same everywhere."""

from typing import TYPE_CHECKING

from weighbridge.content.policy import shown
from weighbridge.errors import Code

if TYPE_CHECKING:
    from weighbridge.analysis.report import ImportReport, ReferenceReport, Report, SectionReport

#: Stands for a count that is on its way.
PENDING = "…"
COUNTING = "still counting …"
#: Characters of a name that are shown.
_LONGEST_NAME = 200


def name_text(text: str) -> str:
    """What a stranger named, in one line of printable characters: nothing in it turns the text around or hides some of it."""
    return shown(" ".join(text.split()), _LONGEST_NAME)


def number_text(tokens: int, *, exact: bool = True) -> str:
    """`1,234`, or `≈1,234` where the number may be another."""
    return f"{tokens:,}" if exact else f"≈{tokens:,}"


def tokens_text(tokens: int, *, exact: bool = True) -> str:
    """`1,234 tokens`, `1 token`, `≈1,234 tokens`."""
    return f"{number_text(tokens, exact=exact)} {'token' if tokens == 1 else 'tokens'}"


def part_text(report: "Report", part: "SectionReport | ReferenceReport | ImportReport") -> str:
    """The same of a section, reference or import of a document: `≈` where that part of it is no more than an estimate."""
    return tokens_text(part.tokens or 0, exact=report.exact_in(part.range))


def share_text(share: float) -> str:
    """`12%`, `4.5%`, `<0.1%`: with a decimal below ten so that small shares are told apart."""
    percent = 100 * share
    if 0 < percent < 0.1:
        return "<0.1%"
    return f"{percent:,.0f}%" if percent >= 10 else f"{percent:.1f}".removesuffix(".0") + "%"


def usd_text(usd: float) -> str:
    """`$0.0123`; `<$0.0001` for less, which is not nothing."""
    return "<$0.0001" if 0 < usd < 0.0001 else f"${usd:,.4f}"


def total_text(report: "Report") -> str:
    """`1,234 / 128,000 tokens`: the document's resolved total over its budget; `1,234 tokens in Codex` where an agent loads it."""
    if report.arrived is not None:
        where = f" in {report.arrived.title}" if report.arrived.loads else ", not loaded"
        cut = ", cut" if any(notice.code is Code.TRUNCATED for _, notice in report.notices) else ""
        return f"{tokens_text(report.tokens, exact=report.exact)}{where}{cut}"
    return f"{number_text(report.tokens, exact=report.exact)} / {report.budget.limit:,} tokens"


def status_text(report: "Report") -> str:
    """`1,234 tokens · 95% · gpt-4.1 · 2 broken`: a document in a few words, for a status bar. `…` while there is no number."""
    words = (
        [tokens_text(report.tokens, exact=report.exact), share_text(report.budget.used)]
        if report.counted
        else [PENDING]
    )
    if report.model is not None:
        words.append(name_text(report.model))
    if report.totals.failed:
        words.append(f"{report.totals.failed:,} broken")
    if report.totals.not_of_today():
        words.append(report.totals.not_of_today())
    return " · ".join(words)


def size_text(size: int) -> str:
    """`1 byte`, `1,234 bytes`, `5.1 MB` (of a million bytes)."""
    if size >= 1_000_000:
        return f"{size / 1_000_000:,.1f} MB"
    return f"{size:,} byte" if size == 1 else f"{size:,} bytes"


def age_text(seconds: float) -> str:
    """`a moment`, `5 min`, `3 h`, `12 days`."""
    for length, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= length * (2 if unit == "days" else 1):
            return f"{seconds / length:.0f} {unit}"
    return "a moment"
