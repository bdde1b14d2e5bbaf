"""A page of setup, followed word for word: its code blocks are what is run and what is written, nothing else."""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

CHECKOUT = Path(__file__).parents[2]
_HOME_FILE = re.compile(r"~/[\w./-]*\w")


@dataclass(frozen=True)
class Block:
    """A code block. `section`: the heading above it. `file`: where the page says it goes, from the home folder on."""

    section: str
    language: str
    text: str
    file: str | None


def blocks(page: Path) -> Iterator[Block]:
    """The fenced code blocks of a page, in order.

    A block's file is named in its own first line (`-- ~/.config/nvim/init.lua`), else by the paragraph right above.
    """
    section, above = "", ""
    tokens = MarkdownIt().parse(page.read_text(encoding="utf-8"))
    for before, token in zip([None, *tokens], tokens, strict=False):
        if token.type == "inline" and before is not None:
            if before.type == "heading_open":
                section, above = token.content, ""
            else:
                above = token.content
        elif token.type == "fence":
            first, _, rest = token.content.partition("\n")
            named = _HOME_FILE.search(first) if rest and not token.info.startswith("sh") else None
            named = named or _HOME_FILE.search(above)
            yield Block(section, token.info, token.content, named.group()[2:] if named else None)
            above = ""


def follow(page: Path, section: str, home: Path, environment: Mapping[str, str] | None = None) -> None:
    """Do what a section says: run its `sh` blocks in the checkout, add the others to the files they are for.

    A section without blocks is a mistake of the test's. `home`: the home folder of who follows it.
    """
    found = [block for block in blocks(page) if block.section == section]
    assert found, f"{page} has no code block under {section!r}"
    for block in found:
        if block.language == "sh":
            _run(block.text, home, environment or {})
        else:
            assert block.file, f"{page}: where does this go?\n{block.text}"
            file = home / block.file
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("a", encoding="utf-8") as written:
                written.write(block.text)


def _run(commands: str, home: Path, environment: Mapping[str, str]) -> None:
    done = subprocess.run(
        ["bash", "-euc", commands],
        cwd=CHECKOUT,
        env={**os.environ, **environment, "HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{commands}\n{done.stdout}{done.stderr}"
