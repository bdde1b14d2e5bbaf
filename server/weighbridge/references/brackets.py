"""Brackets that are open in a long line, where it is known in parts: what each part does to them, and asks of them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

#: Open brackets: of a link, of an image; of a link that can't be one any more, for a link holds none.
LINK: Final = "["
IMAGE: Final = "!"
DEAD: Final = "x"


@dataclass(frozen=True, slots=True)
class Ask:
    """A `](` whose bracket stands before the stretch: the one `depth` below the innermost there.

    `behind_link`: a link stands before it in the stretch. `answer`: the bracket, empty if it makes nothing.
    """

    depth: int
    behind_link: bool
    answer: str


@dataclass(frozen=True, slots=True)
class Brackets:
    """What a text does to the brackets open before it: `closed` of them, then `opened` are there, innermost last.

    `links`: a link is in it, so that no bracket before it can be a link's.
    """

    closed: int = 0
    opened: str = ""
    links: bool = False

    def then(self, following: "Brackets") -> "Brackets":
        """Both texts as one."""
        left = self.opened[: max(0, len(self.opened) - following.closed)]
        if following.links:
            left = left.replace(LINK, DEAD)
        closed = self.closed + max(0, following.closed - len(self.opened))
        return Brackets(closed, left + following.opened, self.links or following.links)


UNTOUCHED: Final = Brackets()


def together(texts: Iterable[Brackets]) -> Brackets:
    """Some texts as one."""
    brackets = UNTOUCHED
    for text in texts:
        if text is not UNTOUCHED:
            brackets = brackets.then(text)
    return brackets


def open_behind(texts: Iterable[Brackets]) -> Iterator[str]:
    """The brackets that are open behind some texts, the innermost first; the texts from the last to the first."""
    closed, links = 0, False
    for brackets in texts:
        opened = brackets.opened
        if closed >= len(opened):
            closed += brackets.closed - len(opened)
        else:
            for letter in reversed(opened[: len(opened) - closed]):
                yield DEAD if links and letter == LINK else letter
            closed = brackets.closed
        links = links or brackets.links


def answered(asks: Sequence[Ask], brackets: Iterator[str]) -> bool:
    """Whether asks get the answers they got, with these brackets open, the innermost first."""
    below = Below(brackets)
    return all(below.answer(ask.depth, behind_link=ask.behind_link) == ask.answer for ask in asks)


class Below:
    """Brackets that are open before a place, read as far as they are asked for, each deeper than the one before."""

    def __init__(self, brackets: Iterator[str]) -> None:
        self._brackets = brackets
        self._read = 0

    def answer(self, depth: int, *, behind_link: bool) -> str:
        """The bracket so many below the innermost, empty if it makes nothing; see `Ask`."""
        letter = ""
        while self._read <= depth:
            letter = next(self._brackets, "")
            self._read += 1
            if not letter:
                break
        return living(letter, behind_link=behind_link)


def living(letter: str, *, behind_link: bool) -> str:
    """The bracket if it may make a link or image, else nothing."""
    return "" if letter == DEAD or (behind_link and letter == LINK) else letter
