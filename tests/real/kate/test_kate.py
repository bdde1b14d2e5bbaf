"""The real Kate on the example workspace, set up as its page says, read off its screen."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.real.conftest import TREE
from tests.real.example import BROKEN, Example
from tests.real.page import CHECKOUT, follow
from tests.real.window import Window

PAGE = CHECKOUT / "clients" / "kate" / "README.md"

REVIEW = "prompts/review.prompt.md"

Open = Callable[[str], Window]


@pytest.fixture
def open_(home: Path, environment: dict[str, str], example: Example) -> Iterator[Open]:
    """Set up as the page says, and open a file."""
    follow(PAGE, "Set up", home)
    running = home / "run"
    running.mkdir(mode=0o700)
    # Not part of the page: a window without a welcome, and of a size that shows all.
    katerc = home / ".config/katerc"
    katerc.write_text("[General]\nShow welcome view for new window=false\n\n" + katerc.read_text())
    within = {
        **environment,
        "XDG_RUNTIME_DIR": str(running),
        "QT_QPA_PLATFORM": "xcb",
        # Large letters, for who reads them.
        "QT_SCALE_FACTOR": "2",
        "LIBGL_ALWAYS_SOFTWARE": "1",
    }
    with ExitStack() as stack:

        def opened(name: str) -> Window:
            scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="weighbridge-screen-"))
            command = (
                *(TREE, "run", "env", f"--chdir={example.folder}", "PATH=/opt/weighbridge/bin:/usr/bin:/bin"),
                *("dbus-run-session", "--", "kate", "--block", "--new", str(example.folder / name)),
            )
            window = Window(command, cwd=example.folder, environment=within, scratch=Path(scratch))
            stack.enter_context(window)
            window.fill("kate")
            return window

        yield opened


def test_counts(open_: Open, example: Example, artefacts: Path) -> None:
    window = open_("team.prompt.md")
    window.shows(
        example.of_total("team.prompt.md"),
        f"@AGENTS.md {example.included('AGENTS.md')}",
        f"style.md {example.total('docs/style.md')}",
        f"product.md {example.total('docs/product.md')}",
    )
    window.photograph(artefacts.with_suffix(".png"))


def test_threshold_and_after_changes(open_: Open, example: Example, artefacts: Path) -> None:
    window = open_(REVIEW)
    window.shows(example.of_total(REVIEW, budget=1_300))
    window.click("Diagnostics")
    window.shows(of_budget(example.total(REVIEW)))
    window.photograph(artefacts.with_name("threshold.png"))

    window.click("Code")
    window.keys("ctrl+Home", "Down", "Down", "Return", "Up")
    window.type(" Mind @../AGENTS.md and be kind")
    first, second, rest = example.read(REVIEW).split("\n", 2)
    edited = f"{first}\n{second}\n Mind @../AGENTS.md and be kind\n{rest}"
    window.shows(
        of_budget(example.total(REVIEW, edited)), f"AGENTS.md {example.included('AGENTS.md')} and be kind"
    )
    window.photograph(artefacts.with_name("after-an-edit.png"))

    example.write("AGENTS.md", example.read("AGENTS.md") + "- Ask before you delete.\n" * 20)
    window.shows(of_budget(example.total(REVIEW, edited)))
    window.photograph(artefacts.with_name("after-a-referenced-file-changed.png"))


def test_broken_references(open_: Open, example: Example, artefacts: Path) -> None:
    window = open_("prompts/release-notes.prompt.md")
    window.shows(example.of_total("prompts/release-notes.prompt.md"))
    window.click("Diagnostics")
    window.shows(*BROKEN)
    window.photograph(artefacts.with_suffix(".png"))


def of_budget(total: int) -> str:
    """What the diagnostic of a crossed threshold says."""
    return f"{total:,} tokens, {total / 1_300:.0%} of the budget of 1,300"
