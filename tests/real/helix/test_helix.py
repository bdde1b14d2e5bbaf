"""The real Helix on the example workspace, set up as its page says, read off its screen."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.real.conftest import Start
from tests.real.example import BROKEN, Example
from tests.real.page import CHECKOUT, follow
from tests.real.screen import Screen

PAGE = CHECKOUT / "clients" / "helix" / "README.md"
TYPED = "😀 é "
#: Helix asks for hints when it is idle after a key.
NUDGE = ("l", "h")
#: Typed at once: Helix 25.01 sends such changes in another order than it numbers them.
BURST = " Overtaking itself, a burst of seventy-odd keys arrives in any order at all."

Open = Callable[[str], Screen]


@pytest.fixture
def open_(home: Path, environment: dict[str, str], start: Start) -> Open:
    """Set up as the page says, and open a file."""
    follow(PAGE, "Set up", home, environment)
    return lambda name: start("hx", name, tree=True)


def test_counts(open_: Open, example: Example, artefacts: Path) -> None:
    screen = open_("team.prompt.md")
    screen.shows(
        example.of_total("team.prompt.md"),
        f"@AGENTS.md {example.included('AGENTS.md')}",
        f"@docs/style.md {example.total('docs/style.md')}",
        f"@docs/product.md {example.total('docs/product.md')}",
        nudge=NUDGE,
    )
    screen.save(artefacts)


def test_threshold(open_: Open, example: Example, artefacts: Path) -> None:
    screen = open_("prompts/review.prompt.md")
    total = example.total("prompts/review.prompt.md")
    screen.shows(
        f"{total:,} / 1,300 tokens",
        f"{total:,} tokens, {total / 1_300:.0%} of the budget of 1,300",
        nudge=NUDGE,
    )
    screen.save(artefacts)


def test_broken_references(open_: Open, example: Example, artefacts: Path) -> None:
    screen = open_("prompts/release-notes.prompt.md")
    screen.shows(example.of_total("prompts/release-notes.prompt.md"), nudge=NUDGE)
    screen.keys("Space", "d")
    screen.shows(*BROKEN)
    screen.save(artefacts)


def test_after_an_edit(open_: Open, example: Example, artefacts: Path) -> None:
    screen = open_("team.prompt.md")
    screen.shows(example.of_total("team.prompt.md"), nudge=NUDGE)
    screen.keys("g", "e", "I")
    screen.shows("INS")
    screen.type(TYPED)
    screen.keys("End")
    screen.type(" Grüße 😀!")
    screen.keys("Escape")
    screen.shows("NOR")
    text = example.read("team.prompt.md")
    *lines, last = text.rstrip("\n").split("\n")
    edited = "\n".join([*lines, f"{TYPED}{last} Grüße 😀!", ""])
    screen.shows(
        example.of_total("team.prompt.md", edited),
        f"{TYPED}House rules for code: @AGENTS.md {example.included('AGENTS.md')} Grüße 😀!",
        nudge=NUDGE,
    )
    screen.save(artefacts)


def test_keys_that_overtake_each_other(open_: Open, example: Example, artefacts: Path) -> None:
    screen = open_("team.prompt.md")
    screen.shows(example.of_total("team.prompt.md"), nudge=NUDGE)
    screen.keys("g", "e", "A")
    screen.shows("INS")
    for words in (BURST[:25], BURST[25:50], BURST[50:]):
        screen.burst(words)
        screen.shows(words[-12:])
    screen.keys("Escape")
    screen.shows("NOR")
    edited = example.read("team.prompt.md").rstrip("\n") + BURST + "\n"
    screen.shows(example.of_total("team.prompt.md", edited), nudge=NUDGE)
    screen.save(artefacts)


def test_after_a_referenced_file_changed(open_: Open, example: Example, artefacts: Path) -> None:
    name = "prompts/review.prompt.md"
    screen = open_(name)
    screen.shows(example.of_total(name, budget=1_300), nudge=NUDGE)
    example.write("AGENTS.md", example.read("AGENTS.md") + "- Ask before you delete.\n" * 20)
    total = example.total(name)
    assert total > 1_300
    # By itself, without a key.
    screen.shows(f"{total:,} tokens, {total / 1_300:.0%} of the budget of 1,300")
    # Hints at the next edit: it asks for no others.
    screen.keys("g", "e", "o")
    screen.shows("INS")
    screen.type("more")
    screen.keys("Escape")
    screen.shows("NOR")
    edited = f"{example.read(name)}more\n"
    screen.keys("g", "g")
    screen.shows(
        example.of_total(name, edited, budget=1_300),
        f"@[file:../AGENTS.md] {example.included('AGENTS.md')}",
        nudge=NUDGE,
    )
    screen.save(artefacts)


def test_settings_of_the_page(open_: Open, home: Path, example: Example, artefacts: Path) -> None:
    follow(PAGE, "Settings", home)
    screen = open_("team.prompt.md")
    screen.shows(example.of_total("team.prompt.md", budget=1_000), "of the budget of 1,000", nudge=NUDGE)
    screen.save(artefacts)


def test_refresh_command(open_: Open, example: Example, artefacts: Path) -> None:
    screen = open_("team.prompt.md")
    screen.shows(example.of_total("team.prompt.md"), nudge=NUDGE)
    screen.type(":lsp-workspace-command weighbridge.refresh")
    screen.keys("Enter")
    screen.shows("NOR", example.of_total("team.prompt.md"), nudge=NUDGE)
    screen.save(artefacts)
