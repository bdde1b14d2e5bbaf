"""The real Emacs on the example workspace, with each of its clients, set up as the page says, read off its screen."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.real.conftest import Start
from tests.real.example import BROKEN, Example
from tests.real.page import CHECKOUT, follow
from tests.real.screen import Screen

PAGE = CHECKOUT / "clients" / "emacs" / "README.md"
TYPED = "😀 é "

Open = Callable[[str], Screen]


@pytest.fixture(params=["eglot", "lsp-mode"])
def open_(request: pytest.FixtureRequest, home: Path, environment: dict[str, str], start: Start) -> Open:
    """Set up as the page says, and open a file."""
    for section in ("Set up", f"With {request.param}"):
        follow(PAGE, section, home, environment)
    return lambda name: start("emacs", "-nw", name, tree=True)


def test_counts(open_: Open, example: Example, artefacts: Path) -> None:
    screen = open_("team.prompt.md")
    total = example.total("team.prompt.md")
    screen.shows(
        f"{total:,} / 8,000 tokens",
        f"@AGENTS.md {example.included('AGENTS.md')}",
        f"@docs/style.md {example.total('docs/style.md')}",
        f"@docs/product.md {example.total('docs/product.md')}",
        f"{total:,} tokens · 9.3% · gpt-4o",
    )
    screen.save(artefacts)


def test_threshold(open_: Open, example: Example, artefacts: Path) -> None:
    screen = open_("prompts/review.prompt.md")
    total = example.total("prompts/review.prompt.md")
    screen.shows(
        f"{total:,} / 1,300 tokens",
        f"{total:,} tokens, {total / 1_300:.0%} of the budget of 1,300",
        f"{total:,} tokens · {total / 1_300:.0%} · gpt-4.1",
    )
    screen.save(artefacts)


def test_broken_references(open_: Open, example: Example, artefacts: Path) -> None:
    screen = open_("prompts/release-notes.prompt.md")
    screen.shows("3 broken")
    screen.keys("M-x")
    screen.type("flymake-show-buffer-diagnostics")
    screen.keys("Enter")
    screen.shows(*BROKEN, f"{example.total('prompts/release-notes.prompt.md')} tokens · ")
    screen.save(artefacts)


def test_after_an_edit(open_: Open, example: Example, artefacts: Path) -> None:
    screen = open_("team.prompt.md")
    screen.shows(f"{example.total('team.prompt.md')} tokens ·")
    screen.keys("M->", "C-p")
    screen.type(TYPED)
    screen.keys("C-e")
    screen.type(" Grüße 😀!")
    text = example.read("team.prompt.md")
    *lines, last = text.rstrip("\n").split("\n")
    edited = "\n".join([*lines, f"{TYPED}{last} Grüße 😀!", ""])
    # Line 1 was not edited: its hint is new because the status says so.
    screen.shows(
        f"{example.total('team.prompt.md', edited):,} tokens ·",
        example.of_total("team.prompt.md", edited),
        f"{TYPED}House rules for code: @AGENTS.md {example.included('AGENTS.md')} Grüße 😀!",
    )
    screen.save(artefacts)


def test_after_a_referenced_file_changed(open_: Open, example: Example, artefacts: Path) -> None:
    screen = open_("team.prompt.md")
    screen.shows(f"{example.total('team.prompt.md')} tokens ·")
    example.write("AGENTS.md", example.read("AGENTS.md") + "- Ask before you delete.\n")
    screen.shows(
        f"{example.total('team.prompt.md')} tokens ·",
        f"@AGENTS.md {example.included('AGENTS.md')}",
        example.of_total("team.prompt.md"),
    )
    screen.save(artefacts)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("report", ("747 tokens of 8,000 (9.3%), 99 as typed", "  100    file severity.md#The four levels")),
        ("render", ("The tracking service of Norwell.", "TrackPoint shows senders")),
        ("count", ("\n747 tokens",)),
    ],
)
def test_commands(
    open_: Open, example: Example, artefacts: Path, command: str, expected: tuple[str, ...]
) -> None:
    screen = open_("team.prompt.md")
    screen.shows(f"{example.total('team.prompt.md')} tokens ·")
    screen.keys("M-x")
    screen.type(f"weighbridge-{command}")
    screen.keys("Enter")
    screen.shows(*expected)
    screen.save(artefacts)


def test_commands_that_show_nothing(open_: Open, example: Example) -> None:
    screen = open_("team.prompt.md")
    screen.shows(f"{example.total('team.prompt.md')} tokens ·")
    screen.keys("M-:")
    screen.type(
        '(progn (weighbridge-refresh) (weighbridge-clear-cache) (weighbridge-count) (message "done"))'
    )
    screen.keys("Enter")
    screen.shows('\n"done"')
    screen.shows(f"{example.total('team.prompt.md')} tokens ·", example.of_total("team.prompt.md"))


def test_settings_of_the_page(open_: Open, home: Path, example: Example, artefacts: Path) -> None:
    follow(PAGE, "Settings", home)
    screen = open_("team.prompt.md")
    screen.shows(example.of_total("team.prompt.md", budget=1_000), "of the budget of 1,000")
    screen.save(artefacts)
