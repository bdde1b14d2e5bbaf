"""What came of a check as Markdown: for a build's summary, and for the comment on a pull request.

Names and messages are a stranger's. They stand in blocks of HTML, in which no Markdown is read, each as one line of escaped
text in `<code>`, in which GitHub finds no mention and no number of an issue.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import Path

from weighbridge.analysis.wording import tokens_text
from weighbridge.changes import Changes
from weighbridge.check import Checked
from weighbridge.content.policy import shown
from weighbridge.errors import Code
from weighbridge.gate import name_of
from weighbridge.growth import Change, alike, shared_files

#: Characters of all rows of one table. There are six at most, and GitHub takes comments of 65,536 characters.
_ROOM = 10_000
#: Characters of a name, and of a message.
_LONGEST = 200
#: Files that are named as the cause of one change.
_MOST_CAUSES = 5
_BUDGETS = frozenset({Code.BUDGET.value, Code.GROWTH.value})


def summary(checked: Checked, unusable: Sequence[str], folder: Path, *, fails: bool) -> str:
    """The whole Markdown, 64,000 characters at most; names are paths from `folder`. `unusable`: warnings of settings."""
    missed = [outcome.problem for outcome in checked.outcomes if outcome.problem is not None]
    tables: list[Iterable[str]] = [
        _table("Could not be used", (), ((_code(text),) for text in (*missed, *unusable))),
        _table(
            "Budgets",
            ("where", "", "what"),
            (
                (_code(name_of(finding.uri, folder)), escape(finding.severity), _code(finding.message))
                for finding in checked.findings
                if finding.code in _BUDGETS
            ),
        ),
    ]
    if checked.changes is not None:
        tables += _changed(checked.changes)
    counts = Counter((finding.code, finding.severity) for finding in checked.findings)
    rows = (
        (escape(code), escape(severity), f"{number:,}") for (code, severity), number in sorted(counts.items())
    )
    tables.append(_table("Findings", ("code", "", "number"), rows))
    return "\n".join(
        [
            _verdict(checked, len(missed) + len(unusable), fails=fails),
            *(line for table in tables for line in table),
            "",
        ]
    )


def _verdict(checked: Checked, unusable: int, *, fails: bool) -> str:
    total = checked.total
    said = [f"{_number(total.documents, 'document')}, {tokens_text(total.tokens, exact=total.exact)}"]
    if checked.changes is not None:
        changed = checked.changes.documents
        about = "" if all(change.exact for change in changed) else "≈"
        said.append(f"{about}{sum(change.growth for change in changed):+,} in prompts")
    errors = sum(1 for finding in checked.findings if finding.severity == "error")
    said.append(f"{_number(len(checked.findings), 'finding')}, {_number(errors, 'error')}")
    if unusable:
        said.append(f"{unusable:,} could not be used")
    return f"**Weighbridge: {'failed' if fails else 'passed'}.** {'; '.join(said)}."


def _changed(changes: Changes) -> Iterator[Iterable[str]]:
    """Tables of what changed, largest first, and of what no longer arrives."""
    since = f"Since {_code(changes.since)}"
    both = [(_agents(changes_alike), changes_alike) for changes_alike in alike(changes.contexts)]
    both += [(_code(change.name), [change]) for change in changes.documents]
    both.sort(key=lambda row: -abs(row[1][0].growth))
    if not both:
        yield ["", f"<p>{since} no prompt and no agent's context changed its tokens.</p>"]
        return
    yield _table(
        since, ("prompt or agent", "before", "now", "tokens", "because of"), (_change(*row) for row in both)
    )
    shared = shared_files(changes.documents, changes.contexts)
    yield _table("Shared files", (), ((_code(file.name), escape(str(file))) for file in shared))
    lost = (
        (
            _agents(changes_alike),
            f"{tokens_text(tokens, exact=all(change.exact for change in changes_alike))} of {_code(name)}",
        )
        for changes_alike in alike(changes.contexts)
        for name, tokens in changes_alike[0].cut.items()
        if tokens > 0
    )
    yield _table("No longer arrives", (), lost)


def _change(name: str, changes: Sequence[Change]) -> Sequence[str]:
    change = changes[0]
    about = "" if all(each.exact for each in changes) else "≈"
    totals = (None, None) if len(changes) > 1 else (change.before, change.now)
    numbers = ["" if tokens is None else f"{about}{tokens:,}" for tokens in totals]
    causes = sorted(change.through.items(), key=lambda cause: -abs(cause[1]))
    notes = [f"{_code(file)} {about}{tokens:+,}" for file, tokens in causes[:_MOST_CAUSES]]
    if len(causes) > _MOST_CAUSES:
        notes.append(f"{len(causes) - _MOST_CAUSES:,} more")
    if change.before is None or change.now is None:
        notes.append("new" if change.before is None else "gone")
    if change.over:
        notes.append("<strong>now over its budget</strong>")
    return (name, *numbers, f"{about}{change.growth:+,}", ", ".join(notes))


def _agents(changes: Sequence[Change]) -> str:
    """Agents by their titles, which are ours."""
    return escape(", ".join(change.name for change in changes))


def _table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table's lines, none of them empty, as many rows as there is room for; nothing without any row."""
    lines, length, left_out = [], 0, 0
    for row in rows:
        line = f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>"
        length += len(line) + 1
        if length > _ROOM:
            left_out += 1
        else:
            lines.append(line)
    if not lines and not left_out:
        return
    yield from ("", f"<h4>{title}</h4>", "<table>")
    if head:
        yield f"<tr>{''.join(f'<th>{name}</th>' for name in head)}</tr>"
    yield from lines
    yield "</table>"
    if left_out:
        yield f"<p>and {left_out:,} more</p>"


def _code(text: str) -> str:
    """What a stranger wrote, as one line that is nothing but text."""
    return f"<code>{escape(shown(text, _LONGEST))}</code>"


def _number(count: int, name: str) -> str:
    return f"{count:,} {name}" if count == 1 else f"{count:,} {name}s"
