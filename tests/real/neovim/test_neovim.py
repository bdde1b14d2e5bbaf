"""The real Neovim on the example workspace, set up as its page and the README say, read off its screen."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.real.conftest import Start
from tests.real.example import BROKEN, Example
from tests.real.page import CHECKOUT, follow
from tests.real.screen import Screen

PAGE = CHECKOUT / "clients" / "neovim" / "README.md"
#: Typed before a reference: its hint and what is typed after it must still be where they belong.
TYPED = "😀 é "

Open = Callable[[str], Screen]


@pytest.fixture
def open_(home: Path, environment: dict[str, str], start: Start) -> Open:
    """Set up as the page says, and open a file."""
    follow(PAGE, "Set up", home, environment)
    return lambda name: start("nvim", name)


def test_counts(open_: Open, example: Example, artefacts: Path) -> None:
    screen = open_("team.prompt.md")
    total = example.total("team.prompt.md")
    screen.shows(
        # The total is a lens; hints are of references.
        f"# TrackPoint {total:,} / 8,000 tokens (9.3%)",
        f"@AGENTS.md {example.included('AGENTS.md')}",
        # Not the whole of what docs/style.md holds: {{tone}} is the workspace's.
        f"@docs/style.md {example.total('docs/style.md')}",
        f"@docs/product.md {example.total('docs/product.md')}",
        f"{total:,} tokens · 9.3% · gpt-4o",
    )
    screen.save(artefacts)


def test_a_context_file_is_shown_as_its_agent_reads_it(
    open_: Open, example: Example, artefacts: Path
) -> None:
    screen = open_("CLAUDE.md")
    screen.shows(
        f"# TrackPoint {example.total('CLAUDE.md')} tokens in Claude Code",
        # The full stop behind the name belongs to it: this import fails, and the agent says nothing of it.
        "@docs/style.md.     ■ not imported",
    )
    screen.save(artefacts)


def test_a_context_file_is_cut_where_its_agent_stops(open_: Open, example: Example, artefacts: Path) -> None:
    (example.folder / "weighbridge.toml").unlink()
    rules = [
        f"- Rule {n}: a change that mends a fault comes with the test that showed it." for n in range(1, 451)
    ]
    example.write("AGENTS.md", "\n".join(["# House rules", "", *rules, ""]))
    screen = open_("AGENTS.md")
    screen.shows("tokens in Codex, cut")
    line = example.read("AGENTS.md").encode()[:32_768].count(b"\n") + 1
    screen.type(f":{line}")
    screen.keys("Enter", "z", "z")
    screen.shows("tokens never arrive: Codex reads 32,768 bytes")
    screen.save(artefacts)


def test_threshold(open_: Open, example: Example, artefacts: Path) -> None:
    screen = open_("prompts/review.prompt.md")
    total = example.total("prompts/review.prompt.md")
    assert 0.75 <= total / 1_300 < 1
    screen.shows(
        f"{total:,} / 1,300 tokens ({total / 1_300:.0%})",
        f"{total:,} tokens, {total / 1_300:.0%} of the budget of 1,300",
        f"{total:,} tokens · {total / 1_300:.0%} · gpt-4.1",
    )
    screen.save(artefacts)


def test_broken_references(open_: Open, example: Example, artefacts: Path) -> None:
    screen = open_("prompts/release-notes.prompt.md")
    screen.shows("3 broken")
    screen.type(":lua vim.diagnostic.setloclist()")
    screen.keys("Enter")
    screen.shows(*BROKEN, f"{example.total('prompts/release-notes.prompt.md')} tokens · ")
    screen.save(artefacts)


def test_after_an_edit(open_: Open, example: Example, artefacts: Path) -> None:
    screen = open_("team.prompt.md")
    screen.shows(f"{example.total('team.prompt.md')} tokens ·")
    screen.keys("G", "I")
    screen.type(TYPED)
    screen.keys("Escape", "A")
    screen.type(" Grüße 😀!")
    screen.keys("Escape")
    text = example.read("team.prompt.md")
    *lines, last = text.rstrip("\n").split("\n")
    edited = "\n".join([*lines, f"{TYPED}{last} Grüße 😀!", ""])
    screen.shows(
        f"{example.total('team.prompt.md', edited):,} tokens ·",
        f"# TrackPoint {example.of_total('team.prompt.md', edited)}",
        f"{TYPED}House rules for code: @AGENTS.md {example.included('AGENTS.md')} Grüße 😀!",
    )
    screen.save(artefacts)


def test_after_a_referenced_file_changed(open_: Open, example: Example, artefacts: Path) -> None:
    screen = open_("team.prompt.md")
    screen.shows(f"{example.total('team.prompt.md')} tokens ·")
    before = example.included("AGENTS.md")
    example.write("AGENTS.md", example.read("AGENTS.md") + "- Ask before you delete.\n")
    assert example.included("AGENTS.md") != before
    screen.shows(
        f"{example.total('team.prompt.md')} tokens ·",
        f"@AGENTS.md {example.included('AGENTS.md')}",
        f"# TrackPoint {example.of_total('team.prompt.md')}",
    )
    screen.save(artefacts)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (
            "report",
            (
                "747 tokens of 8,000 (9.3%), 99 as typed",
                "  422  file docs/product.md",
                "  100    file severity.md#The four levels",
            ),
        ),
        ("render", ("The tracking service of Norwell.", "TrackPoint shows senders")),
        ("count", ("747 tokens",)),
        ("refresh", ("Weighbridge: refresh done", "# TrackPoint 747 / 8,000 tokens")),
        ("clearCache", ("Weighbridge: clearCache done", "# TrackPoint 747 / 8,000 tokens")),
        ("toggleTokens", ("Weighbridge: toggleTokens on",)),
        ("restart", ("Weighbridge: restart done", "# TrackPoint 747 / 8,000 tokens")),
        ("nonsense", ('no command "nonsense"; there are clearCache, count, refresh, render',)),
    ],
)
def test_commands(
    open_: Open, example: Example, artefacts: Path, command: str, expected: tuple[str, ...]
) -> None:
    screen = open_("team.prompt.md")
    screen.shows(f"{example.total('team.prompt.md')} tokens ·")
    screen.type(f":Weighbridge {command}")
    screen.keys("Enter")
    screen.shows(*expected)
    screen.save(artefacts)


def test_the_resolved_text_follows_its_document(open_: Open, example: Example, artefacts: Path) -> None:
    screen = open_("team.prompt.md")
    screen.shows(f"{example.total('team.prompt.md')} tokens ·")
    screen.type(":Weighbridge render")
    screen.keys("Enter")
    screen.shows("TrackPoint shows senders", "weighbridge:///resolved/team.prompt.md?file%3A%2F%2F")
    screen.type(":wincmd p")
    screen.keys("Enter", "g", "g", "o")
    screen.type("And be {{tone}}!")
    screen.keys("Escape")
    screen.shows("And be calm, plain and short!")
    # Another server's text is shown, too.
    screen.type(":Weighbridge restart")
    screen.keys("Enter")
    screen.shows("Weighbridge: restart done")
    screen.type(":s/And be/Always be/")
    screen.keys("Enter")
    screen.shows("Always be calm, plain and short!")
    screen.save(artefacts)


def test_it_is_started_again_when_it_is_gone(open_: Open, example: Example, artefacts: Path) -> None:
    screen = open_("team.prompt.md")
    total = f"{example.total('team.prompt.md')} tokens ·"
    screen.shows(total)
    screen.type(":lua c = vim.lsp.get_clients({ name = 'weighbridge' })[1]; c:stop(true)")
    screen.keys("Enter")
    screen.type(":lua vim.wait(9000, function() return c:is_stopped() end, 20)")
    screen.keys("Enter")
    screen.type(":Weighbridge count")
    screen.keys("Enter")
    screen.shows("Weighbridge is not running in this buffer: try :Weighbridge restart")
    screen.type(":Weighbridge restart")
    screen.keys("Enter")
    screen.shows(total)
    screen.save(artefacts)


def test_settings_of_the_page(open_: Open, home: Path, example: Example, artefacts: Path) -> None:
    follow(PAGE, "Settings", home)
    screen = open_("team.prompt.md")
    total = example.total("team.prompt.md")
    # A hint and no lens.
    screen.shows(f"# TrackPoint {total} / 8,000 tokens\n")
    screen.save(artefacts)


def test_health(open_: Open, artefacts: Path) -> None:
    screen = open_("team.prompt.md")
    screen.shows("tokens ·")
    screen.type(":checkhealth weighbridge")
    screen.keys("Enter")
    screen.shows("OK weighbridge ", "1 of it running")
    screen.save(artefacts)


def test_quick_start_of_the_readme(home: Path, start: Start, example: Example, artefacts: Path) -> None:
    follow(CHECKOUT / "README.md", "Neovim 0.11", home)
    screen = start("nvim", "team.prompt.md")
    screen.shows(
        example.of_total("team.prompt.md"),
        f"@AGENTS.md {example.included('AGENTS.md')}",
    )
    screen.save(artefacts)


def test_neovim_0_10(
    home: Path, environment: dict[str, str], start: Start, example: Example, artefacts: Path
) -> None:
    follow(PAGE, "Set up", home, environment)
    # Its first lines are for 0.11.
    (home / ".config/nvim/init.lua").write_text("vim.diagnostic.config({ virtual_text = true })\n")
    follow(PAGE, "Neovim 0.10", home)
    screen = start("nvim", "team.prompt.md", tree=True)
    screen.shows(
        f"# TrackPoint {example.of_total('team.prompt.md')}",
        f"@AGENTS.md {example.included('AGENTS.md')}",
    )
    screen.type(":Weighbridge count")
    screen.keys("Enter")
    screen.shows(f"{example.total('team.prompt.md')} tokens")
    screen.type(":Weighbridge render")
    screen.keys("Enter")
    screen.shows("TrackPoint shows senders")
    screen.type(":wincmd p")
    screen.keys("Enter", "g", "g", "o")
    screen.type("And be {{tone}}!")
    screen.shows("And be calm, plain and short!")
    screen.save(artefacts)
