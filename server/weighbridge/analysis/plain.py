"""A text that refers to nothing, weighed in one pass: cut at its headings, counted piece by piece, summed up.

    text ──plan──▶ pieces ──(counted by whoever asks)──▶ tokens of the whole, and of each section

Most prompts of most workspaces are such texts, and nobody edits them while they are weighed: they need none of what
keeps an open document's counts true.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from weighbridge.budget.sections import Section, sections
from weighbridge.content.front_matter import read_front_matter
from weighbridge.references.dialect import Dialect
from weighbridge.references.model import Heading
from weighbridge.references.skim import may_refer_or_direct, skim
from weighbridge.text import split_lines
from weighbridge.tokens.base import Borders

_LINE_END = re.compile(r"[\r\n]")


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be counted of a text that refers to nothing: `pieces`, each by itself.

    The first pieces are the text, cut at borders only; the sections that begin or end at no border follow, whole.
    `parts`: how many are. `lines`: how many there are, 1 or more. `sections` with `spans`, where their pieces begin and end.
    """

    text: str
    lines: int
    pieces: tuple[str, ...]
    sections: tuple[Section, ...]
    spans: tuple[tuple[int, int], ...]
    parts: int

    @property
    def first_line(self) -> str:
        """The first line without its line end."""
        end = _LINE_END.search(self.text)
        return self.text if end is None else self.text[: end.start()]

    @property
    def last_line(self) -> str:
        """The last line, which has no line end and may be empty."""
        return self.text[max(self.text.rfind("\n"), self.text.rfind("\r")) + 1 :]

    def totals(self, counts: Sequence[int]) -> tuple[int, list[int]]:
        """Tokens of the whole text and of each section, from those of the pieces."""
        sums = list(accumulate(counts, initial=0))
        return sums[self.parts], [sums[end] - sums[start] for start, end in self.spans]


def plan(text: str, dialect: Dialect, borders: Borders, *, sections: bool = True) -> Plan | None:
    """Plan how to weigh a document's text; None if it may hold a reference or a directive, only a scan tells its headings, its front
    matter has a fault, or an agent loads it by rules of its own. `sections`: whether they are to be counted, too.
    """
    if dialect.agent is not None:
        return None
    skip = offset = 0
    if text.startswith("---"):
        lines = split_lines(text)
        front_matter = read_front_matter(lines)
        if front_matter.problem is not None:
            return None
        skip = front_matter.lines
        offset = sum(map(len, lines[:skip]))
    if may_refer_or_direct(text, dialect):
        return None
    headings = skim(text, offset, skip) if sections else []
    if headings is None:
        return None
    # As many as `split_lines` gives: in what was skimmed, `\r` stands before `\n` only.
    count = text.count("\n") + 1
    if not headings:
        return Plan(text, count, (text,) if text else (), (), (), 1 if text else 0)
    return _cut(text, count, headings, borders)


def _cut(text: str, count: int, headings: list[tuple[int, int, Heading]], borders: Borders) -> Plan:
    text_sections = sections([(line, heading) for line, _, heading in headings], count)
    offset_of = {line: offset for line, offset, _ in headings}
    offset_of[count] = len(text)
    cuts = [0]
    for _, offset, _ in headings:
        if 0 < offset < len(text) and borders.between(text[offset - 1], text[offset]):
            cuts.append(offset)
    cuts.append(len(text))
    place_of = {offset: place for place, offset in enumerate(cuts)}
    pieces = [text[start:end] for start, end in pairwise(cuts)]
    parts = len(pieces)
    spans: list[tuple[int, int]] = []
    for section in text_sections:
        start, end = offset_of[section.start_line], offset_of[section.end_line]
        first, last = place_of.get(start), place_of.get(end)
        if first is None or last is None:
            # No line is in more than six sections: it is counted no oftener than that.
            first, last = len(pieces), len(pieces) + 1
            pieces.append(text[start:end])
        spans.append((first, last))
    return Plan(text, count, tuple(pieces), text_sections, tuple(spans), parts)
