"""The example workspace, copied for one test, and what tiktoken counts of it."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.real.page import CHECKOUT
from tests.tokens.reference import tokens

#: The encoding of the models that the example names, gpt-4o and gpt-4.1.
ENCODING = "o200k_base"
#: What the diagnostics of its three faults say, in their order.
BROKEN = (
    "docs/translators.md: not found",
    "translator: not set",
    "index.md: includes itself",
)


@dataclass(frozen=True)
class Example:
    """A copy of the workspace in `folder`; texts are tried in another one beside it, so that nobody sees them."""

    folder: Path

    @classmethod
    def at(cls, folder: Path) -> "Example":
        """Copy it there."""
        shutil.copytree(CHECKOUT / "examples", folder, ignore=shutil.ignore_patterns("__pycache__"))
        return cls(folder)

    def read(self, name: str) -> str:
        """A file as it is on disk."""
        return (self.folder / name).read_text(encoding="utf-8")

    def write(self, name: str, text: str) -> None:
        """Change a file on disk."""
        (self.folder / name).write_text(text, encoding="utf-8")

    def total(self, name: str, text: str | None = None) -> int:
        """Tokens of what the model receives, by tiktoken on the rendered text. `text`: instead of the file's."""
        tried = self.folder
        if text is not None:
            tried = self.folder.with_name(f"{self.folder.name}-tried")
            shutil.rmtree(tried, ignore_errors=True)
            # Editors' own files come and go: Emacs's locks are links that lead nowhere.
            shutil.copytree(self.folder, tried, ignore=shutil.ignore_patterns(".*"))
            (tried / name).write_text(text, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "weighbridge", "render", tried / name], capture_output=True, check=False
        )
        assert done.stdout, done.stderr.decode()
        return len(tokens(ENCODING, done.stdout.decode()))

    def included(self, name: str) -> int:
        """Tokens of a file where a prompt includes it: of its text, which refers to nothing."""
        return len(tokens(ENCODING, self.read(name)))

    def of_total(self, name: str, text: str | None = None, *, budget: int = 8_000) -> str:
        """What stands at the end of line 1: the total over the budget."""
        return f"{self.total(name, text):,} / {budget:,} tokens"
