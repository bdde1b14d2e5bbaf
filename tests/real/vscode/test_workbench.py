"""VS Code as people see it: every count on the screen is what tiktoken says of the resolved text, in this test."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator
from tests.real.vscode import codeserver
from tests.real.vscode.conftest import OpenWorkbench, Servers
from tests.real.vscode.samples import (
    BUDGET,
    ENCODING,
    HOSTILE,
    HOSTILE_FILE,
    LONG_RULES,
    MODEL,
    NOTE,
    NOTES,
    NOTES_FILE,
    PROMPT,
    PROMPT_FILE,
    count,
    resolve,
    write_workspace,
)
from tests.real.vscode.workbench import plain


def shown(number: int) -> str:
    return f"{number:,} tokens"


def weight(label: str | None) -> int:
    """The tokens that a label ends in."""
    found = re.search(r"([\d,]+) tokens?", label or "")
    assert found is not None, f"no count in {label!r}"
    return int(found[1].replace(",", ""))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A workspace whose resolved texts are made by hand."""
    return write_workspace(tmp_path / "workspace")


def test_opening_shows_the_counts(
    workbench: OpenWorkbench, examples: Path, resolved: Callable[[Path], str]
) -> None:
    whole = count(resolved(examples / "prompts" / "triage.prompt.md"))
    bench = workbench(examples, "prompts/triage.prompt.md")
    bench.until_status(shown(whole), f"{whole / 8000:.0%}", MODEL)
    bench.until_text(f"{whole:,} / 8,000 tokens")
    hover = bench.hover(
        ".statusbar-item[id*='weighbridge.tokens']", ".monaco-hover:visible", "largest references"
    )
    bench.shot("open")
    said = " ".join(hover.inner_text().split())
    typed = count((examples / "prompts" / "triage.prompt.md").read_text("utf-8"))
    assert f"{whole:,} tokens as the model receives it" in said
    assert f"{typed:,} as typed" in said
    # The tracker may not be fetched here: a sample stands for what it would say.
    assert "1 from a sample" in said
    assert f"{MODEL} · {ENCODING} · estimate" in said


def test_the_language_status_names_the_tokenizer_and_the_walkthrough_begins(
    workbench: OpenWorkbench, folder: Path
) -> None:
    bench = workbench(folder, PROMPT_FILE, width=1500)
    bench.until_status(MODEL)
    item = bench.hover(
        ".statusbar-item[id='status.languageStatus']", ".hover-language-status .element", MODEL
    )
    assert f"{ENCODING}, exact" in plain(item.inner_text())
    bench.shot("language-status")
    bench.command("Welcome: Open Walkthrough")
    bench.page.keyboard.type("Know What the Model Receives")
    bench.pick("Know What the Model Receives").click()
    bench.page.locator(".getting-started-step", has_text="Open a prompt").wait_for()
    bench.frame().get_by_text("The numbers are what the model receives").wait_for()
    bench.shot("walkthrough")


def test_typing_counts_every_word(workbench: OpenWorkbench, folder: Path) -> None:
    bench = workbench(folder, PROMPT_FILE)
    bench.until_status(shown(count(resolve(PROMPT))))
    bench.go(PROMPT.count("\n") + 1)
    more = "Wörter Ωμέγα"
    bench.type(more)
    whole = count(resolve(PROMPT + more))
    bench.until_status(shown(whole))
    bench.until_text(f"{whole} / {BUDGET} tokens")
    bench.shot("typing")


def test_a_threshold_that_is_crossed_is_seen(workbench: OpenWorkbench, folder: Path) -> None:
    bench = workbench(folder, PROMPT_FILE)
    before = count(resolve(PROMPT))
    assert before < 0.8 * BUDGET
    bench.until_status(shown(before))
    assert "warning-kind" not in bench.status_class()
    bench.go(PROMPT.count("\n") + 1)
    more = "and more " * 10
    bench.type(more)
    whole = count(resolve(PROMPT + more))
    assert 0.8 * BUDGET <= whole < BUDGET
    bench.until_status(shown(whole))
    bench.until("a warning's colour", lambda: "warning-kind" in bench.status_class())
    bench.page.locator(".monaco-editor .squiggly-warning").first.wait_for()
    bench.shot("threshold-warning")
    bench.type("and more " * 10)
    whole = count(resolve(PROMPT + more * 2))
    assert whole > BUDGET
    bench.until_status(shown(whole))
    bench.until("an error's colour", lambda: "error-kind" in bench.status_class())
    bench.page.keyboard.press("Control+Shift+M")
    message = f"{whole} tokens, {whole / BUDGET:.0%} of the budget of {BUDGET}"
    bench.page.locator(".markers-panel .monaco-list-row", has_text=message).first.wait_for()
    bench.until_text(f"{whole} / {BUDGET} tokens")
    bench.shot("threshold-error")


def test_broken_references_are_seen_and_mended(workbench: OpenWorkbench, examples: Path) -> None:
    bench = workbench(examples, "prompts/release-notes.prompt.md")
    bench.until_status(MODEL)
    bench.page.keyboard.press("Control+Shift+M")
    for message in (
        "docs/translators.md: not found",
        "index.md: includes itself",
        "fetching from 127.0.0.1:8877 is not allowed",
    ):
        bench.page.locator(".markers-panel .monaco-list-row", has_text=message).first.wait_for()
    # `{{translator}}` may be no reference at all: a hint where it stands, no problem.
    bench.go(20)
    bench.page.locator(".monaco-editor .squiggly-hint").first.wait_for()
    bench.shot("broken")
    (examples / "docs" / "translators.md").write_text("Translate it all.\n", "utf-8")
    row = bench.page.locator(".markers-panel .monaco-list-row", has_text="docs/translators.md: not found")
    row.wait_for(state="detached")


def test_a_referenced_file_that_changes_counts_at_once(workbench: OpenWorkbench, folder: Path) -> None:
    bench = workbench(folder, PROMPT_FILE)
    bench.until_status(shown(count(resolve(PROMPT))))
    note = NOTE + "\nOne more line.\n"
    (folder / "prompts" / "note.md").write_text(note, "utf-8")
    bench.until_status(shown(count(resolve(PROMPT, note=note))))


def test_a_selection_is_counted_with_several_cursors(workbench: OpenWorkbench, folder: Path) -> None:
    bench = workbench(folder, PROMPT_FILE)
    bench.until_status(MODEL)
    bench.go(1)
    bench.page.keyboard.press("Shift+End")
    bench.until_status(f"({count('# Greeting')} tokens selected)")
    bench.command("Add Cursor Below")
    bench.command("Add Cursor Below")
    bench.until_status("selected)")
    bench.page.keyboard.press("Escape")
    bench.page.keyboard.press("Escape")
    bench.page.keyboard.press("ArrowDown")
    bench.until("no selection", lambda: "selected" not in bench.status())


def test_the_context_view_shows_what_weighs(
    workbench: OpenWorkbench, examples: Path, resolved: Callable[[Path], str]
) -> None:
    whole = count(resolved(examples / "prompts" / "triage.prompt.md"))
    style = count(resolved(examples / "docs" / "style.md"))
    bench = workbench(examples, "prompts/triage.prompt.md")
    bench.until_status(shown(whole))
    bench.command("Weighbridge: Show Context")
    row = bench.page.locator("[aria-label^='file ../docs/style.md, ']").first
    row.wait_for()
    total = f"{shown(whole)} of 8,000"
    bench.until("the total", lambda: total in bench.texts(".tree-explorer-viewlet-tree-view"))
    # A file's count is its own; joined with what stands before and after it may share a token with it.
    assert abs(weight(row.get_attribute("aria-label")) - style) <= 1
    bench.page.locator("[aria-label^='api issues, ≈33 tokens']").first.wait_for()
    # At the width that the view has by itself every number is seen.
    inside = bench.page.locator(".tree-explorer-viewlet-tree-view").first.bounding_box()
    assert inside is not None
    numbers = bench.page.locator(".tree-explorer-viewlet-tree-view .label-name")
    for text, box in zip(numbers.all_inner_texts(), _boxes(numbers), strict=True):
        assert re.match(r"≈?[\d,]+\s", text), text
        assert box["x"] + 40 < inside["x"] + inside["width"], text
    bench.shot("tree")

    def sections() -> list[int]:
        found = bench.labels(".tree-explorer-viewlet-tree-view .monaco-list-row")
        return [weight(label) for label in found if label.startswith("section ")]

    assert sections() != sorted(sections(), reverse=True)
    bench.page.locator(".action-label[aria-label='Sort by Size']:visible").click()
    bench.until("the heaviest first", lambda: sections() == sorted(sections(), reverse=True))
    row.click()
    bench.until("the cursor at the reference", lambda: "Ln 31" in bench.texts(".statusbar-item:visible"))


def test_the_views_have_the_themes_colours(workbench: OpenWorkbench, examples: Path) -> None:
    (examples / ".vscode").mkdir()
    (examples / ".vscode" / "settings.json").write_text(
        json.dumps({"workbench.colorTheme": "Default Dark Modern"}), "utf-8"
    )
    bench = workbench(examples, "prompts/review.prompt.md", width=1500)
    bench.until_status("gpt-4.1")
    bench.command("Weighbridge: Show Context")
    bench.page.locator("[aria-label^='file ../AGENTS.md, ']").first.wait_for()
    bench.command("Weighbridge: Show Token Map")
    box = bench.frame().locator("button.box.file").first
    box.wait_for()
    colour = "element => getComputedStyle(element)"
    page = bench.frame().locator("body").evaluate(f"{colour}.backgroundColor")
    assert page == bench.page.locator(".monaco-editor").first.evaluate(f"{colour}.backgroundColor")
    assert _brightness(page) < 60
    assert _brightness(box.evaluate(f"{colour}.color")) > 150
    bench.shot("dark")


def _boxes(found: Locator) -> list[dict[str, float]]:
    boxes: list[dict[str, float]] = found.evaluate_all("all => all.map(one => one.getBoundingClientRect())")
    return boxes


def _brightness(colour: str) -> float:
    """Of a colour as a page says it: from 0, black, to 255."""
    parts = [float(part) for part in re.findall(r"[\d.]+", colour)[:3]]
    return sum(parts) / 3


def test_the_token_map_shows_where_tokens_go(
    workbench: OpenWorkbench, examples: Path, resolved: Callable[[Path], str]
) -> None:
    whole = count(resolved(examples / "prompts" / "triage.prompt.md"))
    bench = workbench(examples, "prompts/triage.prompt.md", width=1500)
    bench.until_status(shown(whole))
    bench.command("Weighbridge: Show Context")
    bench.page.locator("[aria-label^='file ../docs/style.md, ']").first.wait_for()
    bench.command("Weighbridge: Show Token Map")
    frame = bench.frame()
    frame.locator("#summary", has_text=f"{shown(whole)} of 8,000").wait_for()
    boxes = frame.locator("button.box")
    boxes.filter(has_text="product.md").first.wait_for()
    bench.shot("map")
    for box in boxes.all():
        number = box.locator(".tokens")
        if number.count():
            # Whole, or not there at all.
            around, own = box.bounding_box(), number.bounding_box()
            assert around is not None
            assert own is not None
            assert own["x"] + own["width"] <= around["x"] + around["width"], box.get_attribute("aria-label")
    product = count(resolved(examples / "docs" / "product.md"))
    assert abs(weight(boxes.filter(has_text="product.md").first.get_attribute("aria-label")) - product) <= 1
    # What counts by a sample is marked, and so is what holds it, as in the text.
    marked = [str(box.get_attribute("aria-label")) for box in boxes.all()]
    assert {label.split(":")[0] for label in marked if "≈" in label} == {
        "Support triage",
        "Open issues",
        "issues",
    }
    # By keyboard: along the boxes, and from a box to its text.
    boxes.first.focus()
    bench.page.keyboard.press("End")
    last = frame.locator("button.box:focus")
    assert last.get_attribute("data-id") == boxes.last.get_attribute("data-id")
    bench.page.keyboard.press("Home")
    boxes.filter(has_text="product.md").first.focus()
    # Its number stays where the user looks for it.
    bench.until_status(shown(whole))
    bench.shot("map-keyboard")
    bench.page.keyboard.press("Enter")
    bench.until(
        "the cursor at the reference", lambda: "Ln 14, Col 1" in bench.texts(".statusbar-item:visible")
    )
    # It can load and run nothing but its own.
    policy = frame.locator("meta[http-equiv=Content-Security-Policy]").get_attribute("content")
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    bench.command("Weighbridge: Open Resolved Prompt to the Side")
    bench.until("the resolved text", lambda: "Norwell's support inbox" in bench.text(1))
    bench.until_marked()
    bench.until("rest", lambda: "Activating" not in bench.texts(".statusbar-item:visible"))
    bench.page.locator(".editor-instance >> nth=1 >> .view-line .mtkb").first.wait_for()
    bench.shot("overview")


def test_context_files_are_shown_as_their_agents_get_them(workbench: OpenWorkbench, examples: Path) -> None:
    # Without a model that somebody named, each file counts for whom it is written.
    (examples / "weighbridge.toml").unlink()
    (examples / "service").mkdir()
    (examples / "service" / "AGENTS.md").write_text(LONG_RULES, "utf-8")
    bench = workbench(examples, "CLAUDE.md", width=1500)
    # The import brings what it names; the other one fails, since the full stop behind it belongs to the name.
    bench.until_text("tokens in Claude Code", "@docs/product.md≈")
    bench.page.locator(".editor-instance .squiggly-warning").first.wait_for()
    bench.open_file("service/AGENTS.md")
    bench.command("View: Move Editor into Right Group")
    bench.until("the cut", lambda: "tokens in Codex, cut" in bench.text(1))
    line = LONG_RULES.encode()[:32_768].count(b"\n") + 1
    bench.go(line)
    bench.page.locator(".editor-instance >> nth=1 >> .squiggly-inline-unnecessary").first.wait_for()
    bench.page.keyboard.press("Control+Shift+M")
    problems = bench.page.locator(".markers-panel .monaco-list-row")
    problems.filter(has_text="Codex reads 32,768 bytes of all project files together").first.wait_for()
    problems.filter(has_text="the full stop belongs to the path here").first.wait_for()
    bench.page.mouse.move(1, 1)
    bench.page.locator(".monaco-hover:visible").wait_for(state="detached")
    bench.shot("context-files")


def test_the_views_of_a_context_file_show_all_that_its_agent_loads(
    workbench: OpenWorkbench, examples: Path
) -> None:
    bench = workbench(examples, "CLAUDE.md", width=1500)
    bench.until_text("tokens in Claude Code")
    bench.command("Weighbridge: Show Context")
    bench.page.locator("[aria-label^='agent Claude Code, ']").first.wait_for()
    bench.page.locator("[aria-label^='file CLAUDE.md, ']").first.wait_for()
    row = bench.page.locator("[aria-label^='file docs/product.md, ']").first
    row.wait_for()
    bench.command("Weighbridge: Show Token Map")
    box = bench.frame().locator("button.box.file").filter(has_text="product.md").first
    box.wait_for()
    assert weight(box.get_attribute("aria-label")) == weight(row.get_attribute("aria-label"))
    bench.shot("agent")
    box.click()
    bench.page.locator(".tab.active", has_text="product.md").last.wait_for()


def test_what_agents_load_in_a_folder_is_listed_and_a_file_is_opened_where_it_is_cut(
    workbench: OpenWorkbench, tmp_path: Path
) -> None:
    folder = tmp_path / "shop"
    files = {
        ".git/HEAD": "ref: refs/heads/main\n",
        "CLAUDE.md": "# Shop\n\nRead @docs/prices.md first.\n",
        "docs/prices.md": "Prices are in cents.\n",
        "AGENTS.md": LONG_RULES,
        "service/AGENTS.md": "# Service\n\nAnswer within a second.\n",
        "service/CLAUDE.md": "# Service\n\nAnswer within a second.\n",
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    bench = workbench(folder, "service/CLAUDE.md")
    bench.until_text("tokens in Claude Code")
    rows = bench.page.locator(".quick-input-list .monaco-list-row")

    def asked(agent: str) -> str:
        """What is listed of an agent that is started in the folder of the service, which is chosen first."""
        bench.command("Weighbridge: What Agents Load…")
        bench.pick("shop/service").click()
        # Who loses text stands first.
        bench.until("agents", lambda: "Codex" in plain(rows.first.inner_text()))
        bench.shot("agents")
        bench.type(agent)
        bench.until("one agent", lambda: rows.count() == 1 and agent in plain(rows.first.inner_text()))
        said = plain(rows.first.inner_text())
        rows.first.click()
        rows.filter(has_text="AGENTS.md").first.wait_for()
        bench.shot(f"agents-{agent.split(maxsplit=1)[0].lower()}")
        return said

    # Started there, the import lies outside; the root's rules use up what Codex reads.
    assert "without ../docs/prices.md" in asked("Claude Code")
    bench.page.keyboard.press("Escape")
    line = LONG_RULES.encode()[:32_768].count(b"\n") + 1
    assert f"../AGENTS.md cut at line {line}" in asked("Codex")
    rows.filter(has_text="never arrive").first.click()
    bench.page.locator('.tab.active[data-resource-name="AGENTS.md"]').wait_for()
    bench.until("the cut", lambda: f"Rule {line - 2}:" in bench.text())
    bench.shot("agents-file")


def test_the_preview_is_what_the_model_receives_and_follows(workbench: OpenWorkbench, folder: Path) -> None:
    bench = workbench(folder, PROMPT_FILE, width=1500)
    bench.until_status(shown(count(resolve(PROMPT))))
    bench.command("Weighbridge: Open Resolved Prompt to the Side")
    bench.until("the resolved text", lambda: "Hello Ada, read this first." in bench.text(1))
    bench.until_marked()
    bench.shot("preview")
    bench.page.locator(".editor-instance >> nth=0 >> .view-line").first.click()
    bench.go(PROMPT.count("\n") + 1)
    bench.type("Bye {{name}}, bye")
    bench.until("what was typed, resolved", lambda: "Bye Ada, bye" in bench.text(1))


def test_it_is_quiet_on_what_is_no_prompt_until_asked(workbench: OpenWorkbench, folder: Path) -> None:
    bench = workbench(folder, PROMPT_FILE)
    bench.until_status(MODEL)
    bench.open_file("notes.md")
    bench.until("nothing", lambda: bench.status() == "")
    bench.command("Weighbridge: Count This Document")
    bench.until_status(shown(count(NOTES)))


def test_the_menu_changes_the_model(workbench: OpenWorkbench, folder: Path) -> None:
    bench = workbench(folder, PROMPT_FILE)
    bench.until_status(MODEL)
    bench.page.locator(".statusbar-item[id*='weighbridge.tokens'] a").click()
    bench.pick("Copy Resolved Prompt")
    bench.shot("menu")
    bench.pick("Change Model").click()
    bench.page.locator(".quick-input-title", has_text="Weighbridge: Model").wait_for()
    bench.shot("models")
    bench.page.keyboard.type("gpt-4.1-mini")
    bench.pick("gpt-4.1-mini").click()
    bench.pick("For This Workspace").click()
    bench.until_status("gpt-4.1-mini")


def test_a_server_that_cannot_start_says_why_and_where_its_log_is(
    workbench: OpenWorkbench, servers: Servers, folder: Path
) -> None:
    settings = servers().profile / "data" / "Machine" / "settings.json"
    settings.parent.mkdir(exist_ok=True)
    settings.write_text(json.dumps({"weighbridge.server.path": "/nowhere/weighbridge"}), "utf-8")
    try:
        bench = workbench(folder, PROMPT_FILE)
        bench.until("an error's colour", lambda: "error-kind" in bench.status_class())
        toast = bench.page.locator(".notification-toast")
        toast.filter(has_text="There is no server at /nowhere/weighbridge").wait_for()
        assert toast.count() == 1
        bench.shot("failed")
        toast.locator(".monaco-button", has_text="Show Log").click()
        log = bench.page.locator(".output-view-content-override .view-line, .output-view .view-line")
        log.filter(has_text="There is no server at /nowhere/weighbridge").first.wait_for()
    finally:
        settings.write_text("{}", "utf-8")
    bench.page.locator(".editor-instance .view-line").first.click()
    bench.until_status(shown(count(resolve(PROMPT))))


def test_a_server_that_dies_at_once_is_told_of_once_and_can_be_restarted(
    workbench: OpenWorkbench, servers: Servers, folder: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "weighbridge"
    broken.write_text("#!/bin/sh\necho it is broken >&2\nexit 3\n", "utf-8")
    broken.chmod(0o755)
    settings = servers().profile / "data" / "Machine" / "settings.json"
    settings.parent.mkdir(exist_ok=True)
    settings.write_text(json.dumps({"weighbridge.server.path": str(broken)}), "utf-8")
    try:
        bench = workbench(folder, PROMPT_FILE)
        toast = bench.page.locator(".notification-toast")
        toast.filter(has_text="stopped five times in a row").wait_for()
        assert toast.count() == 1
        bench.shot("died")
        broken.unlink()
        broken.symlink_to(codeserver.INSTALLED / "weighbridge")
        bench.page.locator(".statusbar-item[id*='weighbridge.tokens'] a").click()
        rows = bench.page.locator(".quick-input-list .monaco-list-row")
        rows.first.wait_for()
        assert "Restart Server" in plain(rows.first.inner_text())
        bench.shot("died-menu")
        rows.first.click()
        bench.until_status(shown(count(resolve(PROMPT))))
    finally:
        settings.write_text("{}", "utf-8")


def test_what_is_no_prompt_says_so_and_is_counted_when_asked(workbench: OpenWorkbench, folder: Path) -> None:
    bench = workbench(folder, NOTES_FILE)
    item = bench.hover(
        ".statusbar-item[id='status.languageStatus']", ".hover-language-status .element", "Not a prompt"
    )
    bench.shot("no-prompt")
    item.get_by_text("Count This Document").click()
    whole = count(NOTES)
    bench.until_status(shown(whole))
    bench.until_text(f"{whole} / {BUDGET} tokens")
    bench.shot("no-prompt-counted")


def test_the_problems_are_those_of_open_files_until_the_workspace_is_checked(
    workbench: OpenWorkbench, examples: Path
) -> None:
    bench = workbench(examples, "prompts/triage.prompt.md")
    bench.until_status(MODEL)
    bench.page.keyboard.press("Control+Shift+M")
    problems = bench.page.locator(".markers-panel .monaco-list-row")
    problems.filter(has_text="triage.prompt.md").first.wait_for()
    assert problems.filter(has_text="release-notes").count() == 0
    bench.shot("problems-of-open-files")
    bench.command("Weighbridge: Check Workspace")
    bench.until("found", lambda: problems.filter(has_text="release-notes.prompt.md").count())
    bench.until("what was found", lambda: "problems in" in bench.texts(".statusbar-item:visible"))
    bench.shot("problems-of-the-workspace")


def test_the_budgets_state_is_seen_without_colors(workbench: OpenWorkbench, folder: Path) -> None:
    (folder / ".vscode").mkdir(exist_ok=True)
    (folder / ".vscode" / "settings.json").write_text(
        json.dumps({"workbench.colorTheme": "Default High Contrast"}), "utf-8"
    )
    bench = workbench(folder, PROMPT_FILE)
    bench.until_status("▰▰▰▱▱")
    icon = bench.page.locator(".statusbar-item[id*='weighbridge.tokens'] .codicon")
    assert "codicon-law" in str(icon.first.get_attribute("class"))
    bench.go(PROMPT.count("\n") + 1)
    bench.type("and more " * 30)
    bench.until_status("▰▰▰▰▰")
    bench.page.locator(".statusbar-item[id*='weighbridge.tokens'] .codicon-error").wait_for()
    bench.shot("high-contrast")


def test_the_change_since_the_last_commit_is_in_the_tooltip(workbench: OpenWorkbench, folder: Path) -> None:
    (folder / ".vscode").mkdir(exist_ok=True)
    (folder / ".vscode" / "settings.json").write_text(json.dumps({"git.enabled": True}), "utf-8")
    git = ["git", "-C", str(folder), "-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "first"]):
        subprocess.run([*git, *command], check=True)
    more = "One more sentence.\n"
    (folder / PROMPT_FILE).write_text(PROMPT + more, "utf-8")
    grown = count(PROMPT + more) - count(PROMPT)
    bench = workbench(folder, PROMPT_FILE)
    bench.until_status(shown(count(resolve(PROMPT + more))))
    hover = bench.hover(
        ".statusbar-item[id*='weighbridge.tokens']", ".monaco-hover:visible", "since the last commit"
    )
    assert f"as typed, +{grown} since the last commit" in " ".join(hover.inner_text().split())
    bench.shot("since-commit")
    # It stays when the same counts are drawn again, and follows commits made elsewhere.
    bench.command("View: Split Editor Right")
    bench.hover(
        ".statusbar-item[id*='weighbridge.tokens']",
        ".monaco-hover:visible",
        f"+{grown} since the last commit",
    )
    subprocess.run([*git, "commit", "-q", "-a", "-m", "second"], check=True)
    bench.hover(
        ".statusbar-item[id*='weighbridge.tokens']", ".monaco-hover:visible", "±0 since the last commit"
    )


def test_a_folder_that_is_not_trusted_is_counted_but_reads_nothing_outside(
    workbench: OpenWorkbench, tmp_path: Path
) -> None:
    folder = write_workspace(tmp_path / "workspace", hostile=True)
    whole = count(resolve(HOSTILE))
    bench = workbench(folder, HOSTILE_FILE, trusted=False)
    bench.until("restricted mode", lambda: "Restricted Mode" in bench.texts(".statusbar-item:visible"))
    bench.until_status(shown(whole))
    bench.until_text(f"{whole} / {BUDGET} tokens")
    bench.page.keyboard.press("Control+Shift+M")
    problems = bench.page.locator(".markers-panel .monaco-list-row")
    not_fetched = problems.filter(has_text="not fetched: the workspace is not trusted")
    not_fetched.wait_for()
    problems.filter(has_text="secret.md: outside the workspace's folders").wait_for()
    problems.filter(has_text="WEIGHBRIDGE_TEST_SECRET: not set").wait_for()
    bench.shot("untrusted")
    # Trust is told to the server at once; what a folder's files may not decide stays undecided.
    bench.command("Workspaces: Manage Workspace Trust")
    bench.page.locator(".workspace-trust-editor .monaco-button", has_text="Trust").first.click()
    bench.until("trust", lambda: "Restricted Mode" not in bench.texts(".statusbar-item:visible"))
    not_fetched.wait_for(state="detached")
    problems.filter(has_text="fetching from 127.0.0.1:9 is not allowed").wait_for()
    problems.filter(has_text="secret.md: outside the workspace's folders").wait_for()
    bench.shot("trusted-now")
    assert bench.texts(".notification-toast") == ""
