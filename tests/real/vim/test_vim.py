"""The real Vim on the example workspace, with each of its clients, set up as the page says, read off its screen."""

from pathlib import Path

from tests.real.conftest import Start
from tests.real.example import BROKEN, Example
from tests.real.page import CHECKOUT, follow
from tests.real.screen import Screen

PAGE = CHECKOUT / "clients" / "vim" / "README.md"
TYPED = "😀 é "
#: Killed, Vim leaves YouCompleteMe's server behind.
LEAVE = ("Escape", "Escape", ":qa!", "Enter")
REVIEW = "prompts/review.prompt.md"


def command(screen: Screen, text: str) -> None:
    """Run an Ex command."""
    screen.type(f":{text}")
    screen.keys("Enter")


def with_a_line(example: Example) -> str:
    """The text with a line before its last: YouCompleteMe fails where the last line on the screen isn't ASCII."""
    *lines, last = example.read(REVIEW).splitlines(keepends=True)
    return "".join([*lines, f"{TYPED}more\n", last])


def test_ycm_counts(home: Path, start: Start, example: Example, artefacts: Path) -> None:
    follow(PAGE, "With YouCompleteMe", home)
    screen = start("vim", "team.prompt.md", leave=LEAVE)
    screen.shows(
        example.of_total("team.prompt.md"),
        f"@AGENTS.md {example.included('AGENTS.md')}",
        f"@docs/style.md {example.total('docs/style.md')}",
        f"@docs/product.md {example.total('docs/product.md')}",
    )
    screen.save(artefacts)


def test_ycm_threshold_and_after_changes(home: Path, start: Start, example: Example, artefacts: Path) -> None:
    follow(PAGE, "With YouCompleteMe", home)
    screen = start("vim", REVIEW, leave=LEAVE)
    total = example.total(REVIEW)
    screen.shows(
        example.of_total(REVIEW, budget=1_300),
        f"{total:,} tokens, {total / 1_300:.0%} of the budget of 1,300",
    )
    screen.save(artefacts.with_name("ycm-threshold"))

    screen.keys("G", "O")
    screen.type(f"{TYPED}more")
    screen.keys("Escape")
    edited = with_a_line(example)
    screen.keys("g", "g")
    screen.shows(example.of_total(REVIEW, edited, budget=1_300))
    screen.save(artefacts.with_name("ycm-after-an-edit"))

    example.write("AGENTS.md", example.read("AGENTS.md") + "- Ask before you delete.\n" * 20)
    total = example.total(REVIEW, edited)
    screen.shows(f"{total:,} tokens, {total / 1_300:.0%} of the budget of 1,300")
    screen.keys("G", "k", "d", "d", "g", "g")
    screen.shows(
        example.of_total(REVIEW, budget=1_300),
        f"@[file:../AGENTS.md] {example.included('AGENTS.md')}",
    )
    screen.save(artefacts.with_name("ycm-after-a-referenced-file-changed"))


def test_ycm_broken_references(home: Path, start: Start, example: Example, artefacts: Path) -> None:
    follow(PAGE, "With YouCompleteMe", home)
    screen = start("vim", "prompts/release-notes.prompt.md", leave=LEAVE)
    screen.shows(example.of_total("prompts/release-notes.prompt.md"))
    command(screen, "YcmDiags")
    screen.shows(*BROKEN)
    screen.save(artefacts)


def test_ale_counts(home: Path, start: Start, example: Example, artefacts: Path) -> None:
    follow(PAGE, "With ALE", home)
    screen = start("vim", REVIEW, leave=LEAVE)
    total = example.total(REVIEW)
    screen.shows(f"{total:,} tokens, {total / 1_300:.0%} of the budget of 1,300")
    command(screen, "10")
    command(screen, "ALEHover")
    screen.shows(f"{example.included('AGENTS.md')} tokens")
    screen.save(artefacts)


def test_ale_threshold_and_after_changes(home: Path, start: Start, example: Example, artefacts: Path) -> None:
    follow(PAGE, "With ALE", home)
    screen = start("vim", REVIEW, leave=LEAVE)
    total = example.total(REVIEW)
    screen.shows(f"{total:,} tokens, {total / 1_300:.0%} of the budget of 1,300")
    screen.save(artefacts.with_name("ale-threshold"))

    screen.keys("G", "O")
    screen.type(f"{TYPED}more")
    screen.keys("Escape")
    edited = with_a_line(example)
    total = example.total(REVIEW, edited)
    screen.keys("g", "g")
    screen.shows(f"{total:,} tokens, {total / 1_300:.0%} of the budget of 1,300")
    screen.save(artefacts.with_name("ale-after-an-edit"))

    example.write("AGENTS.md", example.read("AGENTS.md") + "- Ask before you delete.\n" * 20)
    total = example.total(REVIEW, edited)
    screen.shows(f"{total:,} tokens, {total / 1_300:.0%} of the budget of 1,300")
    screen.save(artefacts.with_name("ale-after-a-referenced-file-changed"))


def test_ale_broken_references(home: Path, start: Start, artefacts: Path) -> None:
    follow(PAGE, "With ALE", home)
    screen = start("vim", "prompts/release-notes.prompt.md", leave=LEAVE)
    screen.shows("docs/translators.md: not found")
    command(screen, "lopen")
    screen.shows(*BROKEN)
    screen.save(artefacts)
