"""The workbench in a browser, as a person sees it: what stands on the screen, what is typed, pictures of it."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from playwright.sync_api import Browser, FrameLocator, Locator, Page, Route
from playwright.sync_api import TimeoutError as NotInTime
from tests.real.vscode.codeserver import ROOT, CodeServer

ARTEFACTS = ROOT / "artefacts" / "editors" / "vscode"
#: Milliseconds until something is seen, on a busy machine.
PATIENCE = 60_000
#: Times that the palette is opened until a command is chosen in it.
PALETTES = 6
#: Milliseconds that the mouse rests until a hover is there, on a quiet machine.
SHOWN_AFTER = 1_200
LOCAL = re.compile(r"^https?://(127\.0\.0\.1|localhost)[:/]|^(?!https?://)")

T = TypeVar("T")


class Workbench:
    """One page with a folder open."""

    def __init__(self, browser: Browser, server: CodeServer, folder: Path, *, width: int = 1280) -> None:
        self._context = browser.new_context(viewport={"width": width, "height": 800})
        self._context.set_default_timeout(PATIENCE)
        self._server = server
        self._folder = folder
        self.refused: set[str] = set()
        # Nothing is asked of the world.
        self._context.route(lambda url: LOCAL.match(url) is None, self._refuse)
        self.page: Page = self._context.new_page()

    def _refuse(self, route: Route) -> None:
        self.refused.add(route.request.url)
        route.abort()

    def close(self) -> None:
        self._context.close()

    def open(self, *files: str) -> None:
        """The folder, with files open."""
        payload = [("openFile", self._server.remote(self._folder / file)) for file in files]
        self.page.goto(self._server.url(self._folder, payload=payload))
        self.page.wait_for_selector(".monaco-workbench")
        if files:
            self.page.wait_for_selector(".monaco-editor .view-line")

    # What is seen

    def status(self) -> str:
        """The text of Weighbridge's item in the status bar; empty if it isn't there."""
        return self.texts('.statusbar-item[id*="weighbridge.tokens"]:visible', first=True)

    def status_class(self) -> str:
        found = self.page.locator('.statusbar-item[id*="weighbridge.tokens"]')
        return str(found.evaluate_all("all => all.map(one => one.className).join(' ')"))

    def text(self, number: int = 0) -> str:
        """What an editor shows, hints included; the first one is 0."""
        return self.texts(f".editor-instance >> nth={number} >> .view-lines", first=True)

    def texts(self, selector: str, *, first: bool = False) -> str:
        # Of this moment: what is looked at may go while one looks.
        parts = self.page.locator(selector).all_inner_texts()
        return plain("\n".join(parts[:1] if first else parts))

    def labels(self, selector: str) -> list[str]:
        """What a screen reader would say of them."""
        found: list[str] = self.page.locator(selector).evaluate_all(
            "all => all.map(one => one.getAttribute('aria-label') ?? '')"
        )
        return found

    def frame(self) -> FrameLocator:
        """What is in the web view that is shown."""
        return self.page.frame_locator("iframe.webview.ready").frame_locator("#active-frame")

    def until(self, what: str, look: Callable[[], T]) -> T:
        """Look again and again until there is something."""
        deadline = time.monotonic() + PATIENCE / 1000
        while not (found := look()):
            if time.monotonic() > deadline:
                self.shot(f"failed-{re.sub(r'[^a-z0-9]+', '-', what.lower())}")
                raise AssertionError(
                    f"never seen: {what}; the status bar: {self.status()!r}; the text: {self.text()!r}"
                )
            self.page.wait_for_timeout(50)
        return found

    def until_status(self, *parts: str) -> str:
        def all_there() -> str:
            shown = self.status()
            return shown if all(part in shown for part in parts) else ""

        return self.until(f"status {' '.join(parts)}", all_there)

    def until_text(self, *parts: str) -> None:
        self.until(f"text {' '.join(parts)}", lambda: all(part in self.text() for part in parts))

    def until_marked(self) -> None:
        """The second editor's sources have their colours."""
        marks = self.page.locator(".editor-instance >> nth=1 >> .cdr[class*=ced-]")
        self.until("marks", lambda: marks.count() >= 2)

    # What is done

    def command(self, title: str) -> None:
        """Run a command by its title, as from the palette, which goes when something else takes the focus."""
        row = self.page.locator(".quick-input-list .monaco-list-row", has_text=title).first
        box = self.page.locator(".quick-input-widget input[type=text]")
        for left in reversed(range(PALETTES)):
            self.page.keyboard.press("F1")
            try:
                box.fill(f">{title}", timeout=PATIENCE / PALETTES)
                row.click(timeout=PATIENCE / PALETTES)
            except NotInTime:
                if not left:
                    raise
                # Left open it keeps its list, with what could be run when that was made.
                self.page.keyboard.press("Escape")
            else:
                return

    def hover(self, over: str, seen: str, text: str) -> Locator:
        """Point at something until its hover is there: one that is drawn anew meanwhile shows none."""
        found = self.page.locator(seen, has_text=text).first

        def there() -> bool:
            self.page.mouse.move(1, 1)
            self.page.locator(over).first.hover()
            self.page.wait_for_timeout(SHOWN_AFTER)
            return found.is_visible()

        self.until(f"hover {text}", there)
        return found

    def pick(self, text: str) -> Locator:
        row = self.page.locator(".quick-input-list .monaco-list-row", has_text=text).first
        row.wait_for()
        return row

    def open_file(self, name: str) -> None:
        self.page.keyboard.press("Control+P")
        box = self.page.locator(".quick-input-widget input[type=text]")
        box.wait_for()
        box.fill(name)
        self.pick(name.rsplit("/", 1)[-1]).click()
        self.page.locator(f'.tab.active[data-resource-name="{name.rsplit("/", 1)[-1]}"]').wait_for()

    def go(self, line: int, column: int = 1) -> None:
        """Put the cursor there."""
        self.page.keyboard.press("Control+G")
        box = self.page.locator(".quick-input-widget input[type=text]")
        box.wait_for()
        box.fill(f":{line}:{column}")
        self.page.keyboard.press("Enter")
        self.page.locator(".quick-input-widget").wait_for(state="hidden")

    def type(self, text: str) -> None:
        """Key by key; what the editor would add by itself is kept away by the profile's settings."""
        self.page.keyboard.type(text, delay=20)

    def shot(self, name: str) -> Path:
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        path = ARTEFACTS / f"{name}.png"
        self.page.screenshot(path=path)
        return path


def plain(text: str) -> str:
    """The workbench writes no-break spaces for spaces, and marks that take no room."""
    return re.sub("[\u200b\u200c\u200d\u2060\ufeff]", "", text.replace("\u00a0", " "))
