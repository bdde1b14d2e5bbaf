"""Files that Copilot CLI names to the model without their text: rules that wait for a file, and AGENTS.md of added folders.

What stands in the tables is recorded, their form is its earlier versions'.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

_RULES = (
    "Here is a list of instruction files that contain rules for modifying or creating new code.",
    "These files are important for ensuring that the code is modified or created correctly.",
    "Please make sure to follow the rules specified in these files when working with the codebase.",
    "If you have not already read the file, use the `view` tool to acquire it.",
    "Make sure to acquire the instructions before making any changes to the code.",
    "| Pattern | File Path | Description |",
    "| ------- | --------- | ----------- |",
)
_AGENTS = (
    "Here is a list of nested AGENTS.md files that contain additional agent instructions.",
    "These files provide context-specific instructions for different parts of the codebase.",
    "Please make sure to follow the rules specified in these files when working with the relevant areas.",
    "If you have not already read the file, use the `view` tool to acquire it.",
    "Make sure to acquire the instructions before making any changes to the code in those areas.",
    "| Directory | File Path | Description |",
    "| --------- | --------- | ----------- |",
)


def tables(rules: Iterable[tuple[str, str, str]], agents: Iterable[Path], root: Path) -> Iterator[str]:
    """The tables that have rows. `rules`: patterns, name and description of each; `agents`: files, named from `root` on."""
    nested = [(shown := _shown(path, root), os.path.dirname(shown)) for path in agents]  # noqa: PTH120  letters alone
    rows = [
        f"| {folder}/ | '{shown}' | Agent instructions for {folder}/**/* |"
        for shown, folder in nested
        if folder
    ]
    if rows:
        yield "\n".join((*_AGENTS, *rows))
    rows = [f"| {_cell(pattern)} | '{name}' | {_cell(description)} |" for pattern, name, description in rules]
    if rows:
        yield "\n".join((*_RULES, *rows))


def _cell(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")


def _shown(path: Path, root: Path) -> str:
    return Path(os.path.relpath(path, root)).as_posix()
