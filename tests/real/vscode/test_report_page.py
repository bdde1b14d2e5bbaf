"""The page of `weighbridge report`, looked at in Chromium: drawn, sorted, followed and read, at few files and at thousands."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.real.vscode.codeserver import ROOT
from tests.real.vscode.workbench import ARTEFACTS

Show = Callable[..., Page]


def report(folder: Path, *words: str) -> Path:
    page = folder.parent / "page.html"
    subprocess.run(
        [sys.executable, "-m", "weighbridge.cli", "report", folder, "--html", page, *words],
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder.parent / "home"),
            "XDG_CACHE_HOME": str(folder.parent / "cache"),
            "PYTHONPATH": str(ROOT / "server"),
        },
        check=True,
    )
    return page


@pytest.fixture
def show(browser: Browser) -> Iterator[Show]:
    """Opens a page that may reach nothing; what it complains of fails the test."""
    said: list[str] = []
    pages: list[Page] = []

    def get(path: Path, scheme: str = "light") -> Page:
        context = browser.new_context(
            viewport={"width": 1280, "height": 900},
            color_scheme="dark" if scheme == "dark" else "light",
            offline=True,
        )
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: said.append(request.url) if request.url != path.as_uri() else None)
        page.goto(path.as_uri())
        pages.append(page)
        return page

    yield get
    for page in pages:
        page.context.close()
    assert said == []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "prompts").mkdir(parents=True)
    (tmp_path / "home").mkdir()
    (folder / "AGENTS.md").write_text("# House rules\n\n" + "- say why, and keep it short\n" * 1_500)
    (folder / "style.md").write_text("Short sentences <b>only</b>.\n")
    for number in range(10):
        words = "words to read " * (number + 1)
        (folder / "prompts" / f"{number}.prompt.md").write_text(
            f"# Part {number}\n\n{words}\n\n@../style.md\n"
        )
    return folder


def test_a_few_files(folder: Path, show: Show) -> None:
    page = show(report(folder, "--agent", "codex"))
    expect(page.locator("#summary")).to_contain_text("11 documents")
    expect(page.locator("#rows tr")).to_have_count(12)
    assert page.locator("#map .box").count() > 10
    page.screenshot(path=ARTEFACTS / "report.png", full_page=True)
    # Sorted by what is clicked, the other way at the second click.
    name = page.get_by_role("button", name="Name")
    name.click()
    expect(page.locator("#rows tr").first).to_contain_text("AGENTS.md")
    name.click()
    expect(page.locator("#rows tr").first).to_contain_text("prompts/9.prompt.md")
    page.get_by_label("Filter").fill("9.prompt")
    expect(page.locator("#rows tr")).to_have_count(1)
    page.get_by_role("link", name="prompts/9.prompt.md").click()
    expect(page.locator("#title")).to_have_text("prompts/9.prompt.md")
    expect(page.locator("#text .source")).to_contain_text("Short sentences <b>only</b>.")
    expect(page.locator("#text b")).to_have_count(0)
    page.screenshot(path=ARTEFACTS / "report-document.png", full_page=True)


def test_what_is_lost_stands_in_its_place_in_the_dark_too(folder: Path, show: Show) -> None:
    page = show(report(folder, "--agent", "codex"), "dark")
    page.get_by_role("link", name="Codex").click()
    lost = page.locator("#text del.lost")
    lost.scroll_into_view_if_needed()
    expect(lost).to_contain_text("keep it short")
    expect(page.locator("#text .origin.lost")).to_contain_text("never arrive")
    page.screenshot(path=ARTEFACTS / "report-lost.png")


def test_boxes_are_reached_and_chosen_by_keys(folder: Path, show: Show) -> None:
    page = show(report(folder, "--agent", "codex"))
    page.locator("#scopes").focus()
    page.keyboard.press("Tab")
    box = page.locator("#map .box:focus")
    expect(box).to_have_count(1)
    assert box.get_attribute("aria-label")
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    expect(page.locator("#detail")).to_be_visible()


def test_what_changed(folder: Path, show: Show) -> None:
    for words in (
        ["init", "-q"],
        ["add", "-A"],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "one"],
    ):
        subprocess.run(["git", *words], cwd=folder, check=True)
    (folder / "style.md").write_text("Short sentences only, and no more than three of them.\n")
    page = show(report(folder, "--diff", "HEAD", "--agent", "codex"))
    expect(page.locator("#changed tr")).to_have_count(10)
    expect(page.locator("#changed tr").first).to_contain_text("by style.md +")
    page.screenshot(path=ARTEFACTS / "report-diff.png", full_page=True)


def test_thousands_of_files(tmp_path: Path, show: Show) -> None:
    folder = tmp_path / "project"
    (tmp_path / "home").mkdir()
    for number in range(5_000):
        place = folder / f"team{number % 40}" / f"{number}.prompt.md"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(f"# Part {number}\n\n" + "words to read " * (number % 97 + 1) + "\n")
    path = report(folder, "--agent", "codex")
    assert path.stat().st_size < 20_000_000
    page = show(path)
    expect(page.locator("#summary")).to_contain_text("5,000 documents")
    expect(page.locator("#rows tr")).to_have_count(500)
    page.screenshot(path=ARTEFACTS / "report-5000.png", full_page=False)
    page.get_by_role("button", name="More rows").click()
    expect(page.locator("#rows tr")).to_have_count(1_000)
    page.get_by_label("Filter").fill("/4999.")
    expect(page.locator("#rows tr")).to_have_count(1)
