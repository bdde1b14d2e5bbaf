"""When documents are shown: after a pause in typing, at once for all else, many changes together."""

from itertools import pairwise
from pathlib import Path

import pytest
from tests.clock import settle as turn
from tests.session.harness import FakeTimers

from weighbridge.session.display import Display
from weighbridge.session.document import Document
from weighbridge.text import LineBuffer, PositionEncoding


class Screen:
    """A display over time that a test moves; what it showed, and when."""

    def __init__(self) -> None:
        self.timers = FakeTimers()
        self.log: list[tuple[float, str, list[str]]] = []
        self.seconds = 0.3
        self.display = Display(
            show=lambda documents: self._note("show", *documents),
            debounce=lambda document: self.seconds,
            quiet=lambda document: self._note("quiet", document),
            hide=lambda document: self._note("hide", document),
            timers=self.timers,
        )

    def _note(self, what: str, *documents: Document) -> None:
        moment = round(self.timers.time(), 3)
        self.log.append((moment, what, [document.uri for document in documents]))

    async def after(self, seconds: float) -> list[tuple[float, str, list[str]]]:
        """Let time pass; what was shown meanwhile."""
        await turn(3)
        self.timers.advance(seconds)
        await turn(3)
        log, self.log = self.log, []
        return log


@pytest.fixture
async def screen() -> Screen:
    return Screen()


def document(uri: str) -> Document:
    return Document(uri, 1, LineBuffer("", PositionEncoding.UTF16), Path(uri))


class Counted(Document):
    """One that is ready when a test says so."""

    def __init__(self, uri: str) -> None:
        super().__init__(uri, 1, LineBuffer("", PositionEncoding.UTF16), Path(uri))
        self.is_ready = False

    @property
    def ready(self) -> bool:
        return self.is_ready


A, B = "a", "b"


async def test_typing_is_shown_after_a_pause(screen: Screen) -> None:
    a = document(A)
    for _ in range(3):
        screen.display.typed(a)
        assert await screen.after(0.29) == []
    assert await screen.after(0.01) == [(0.88, "quiet", [A]), (0.88, "show", [A])]
    assert screen.timers.waiting == []


@pytest.mark.parametrize(("pause", "quiet"), [(0.06, 0.3), (0.29, 0.3), (0.6, 5.0)])
async def test_typing_on_is_shown_at_least_once_a_second(screen: Screen, pause: float, quiet: float) -> None:
    a, screen.seconds = document(A), quiet
    moments = [0.0]
    for _ in range(round(8 / pause)):
        screen.display.typed(a)
        for _ in range(round(100 * pause)):
            for moment, what, _ in await screen.after(0.01):
                assert what == "show"
                moments.append(moment)
    moments.append(screen.timers.time())
    assert max(after - before for before, after in pairwise(moments)) <= 1.0
    await screen.after(quiet)
    assert screen.timers.waiting == []


async def test_a_single_key_is_shown_after_the_pause_however_long(screen: Screen) -> None:
    screen.seconds = 5.0
    screen.display.typed(document(A))
    assert await screen.after(4.9) == []
    assert await screen.after(0.1) == [(5.0, "quiet", [A]), (5.0, "show", [A])]


async def test_each_document_has_its_own_pause(screen: Screen) -> None:
    a, b = document(A), document(B)
    screen.display.typed(a)
    await screen.after(0.2)
    screen.display.typed(b)
    assert await screen.after(0.1) == [(0.3, "quiet", [A]), (0.3, "show", [A])]
    assert await screen.after(0.2) == [(0.5, "quiet", [B]), (0.5, "show", [B])]


async def test_what_else_changes_is_shown_at_once_and_together(screen: Screen) -> None:
    a, b = document(A), document(B)
    for _ in range(50):
        screen.display.updated(a)
        screen.display.updated(b)
    assert screen.log == []
    assert await screen.after(0) == [(0.0, "show", [A, B])]
    assert await screen.after(10) == []


async def test_shows_in_a_row_keep_a_distance_and_lose_nothing(screen: Screen) -> None:
    a, b = document(A), document(B)
    screen.display.updated(a)
    await screen.after(0.05)
    screen.display.updated(a)
    await screen.after(0.05)
    screen.display.updated(b)
    assert await screen.after(0.05) == []
    assert await screen.after(0.05) == [(0.2, "show", [A, B])]
    assert await screen.after(10) == []


async def test_what_was_waited_for_is_shown_without_a_rest_once(screen: Screen) -> None:
    a, b = Counted(A), Counted(B)
    screen.display.updated(a)
    screen.display.updated(b)
    assert await screen.after(0.05) == [(0.0, "show", [A, B])]
    a.is_ready = True
    screen.display.updated(a)
    screen.display.updated(b)
    # The other goes on waiting.
    assert await screen.after(0.004) == []
    assert await screen.after(0.096) == [(0.055, "show", [A])]
    screen.display.updated(a)
    assert await screen.after(0.2) == [(0.2, "show", [B, A])]
    screen.display.closed(a)
    screen.display.updated(a)
    screen.display.updated(a)
    assert await screen.after(0.1) == [(0.35, "hide", [A]), (0.355, "show", [A])]


async def test_a_change_is_shown_while_the_user_types_on(screen: Screen) -> None:
    a = document(A)
    screen.display.typed(a)
    screen.display.updated(a)
    assert await screen.after(0.1) == [(0.0, "show", [A])]
    assert await screen.after(0.2) == [(0.3, "quiet", [A]), (0.3, "show", [A])]


async def test_a_closed_document_is_taken_away_and_not_shown_again(screen: Screen) -> None:
    a = document(A)
    screen.display.typed(a)
    screen.display.updated(a)
    screen.display.closed(a)
    assert await screen.after(10) == [(0.0, "hide", [A])]


async def test_a_debounce_of_nothing(screen: Screen) -> None:
    screen.seconds = 0
    screen.display.typed(document(A))
    assert await screen.after(0) == [(0.0, "quiet", [A]), (0.0, "show", [A])]


async def test_a_closed_display_shows_nothing(screen: Screen) -> None:
    a = document(A)
    screen.display.typed(a)
    screen.display.updated(a)
    screen.display.close()
    assert await screen.after(10) == []


async def test_a_document_that_takes_long_to_show_is_shown_more_rarely(screen: Screen) -> None:
    a = document(A)

    def show(documents: list[Document]) -> None:
        screen.timers.advance(0.1)
        screen._note("show", *documents)

    slow = Display(
        show=show,
        debounce=lambda document: 0.3,
        quiet=lambda document: None,
        hide=lambda document: None,
        timers=screen.timers,
    )
    slow.updated(a)
    assert await screen.after(0) == [(0.1, "show", [A])]
    slow.updated(a)
    assert await screen.after(0.6) == []
    assert await screen.after(0.2) == [(0.9, "show", [A])]
