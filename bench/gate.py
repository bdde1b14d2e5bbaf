"""11. The gate: `weighbridge check` over a repository of twenty thousand Markdown files, and what one commit changes in it.

Each run is held against one process of tiktoken that reads and encodes the same bytes, its start included, just before it.
`python -m bench.gate FOLDER [FILES]` only writes such a repository.
"""

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Final

from bench.baseline import fast_engine, quantile
from bench.corpora import prose
from bench.crowd import seconds_of_children
from bench.figures import Results
from weighbridge.tokens.fast import SWITCH

FILES: Final = 20_000
#: Files of one folder; how many of all refer to something; files that these include; folders with a context file.
_IN_A_FOLDER, _REFERRING, _SHARED, _CONTEXTS = 50, 400, 12, 120
_CHARACTERS: Final = 3_100
_CHANGED: Final = "shared/style-00.md"
_GIT: Final = (
    "git",
    "-c",
    "user.name=Bench",
    "-c",
    "user.email=bench@example.org",
    "-c",
    "commit.gpgsign=false",
)


def write_repository(folder: Path, files: int = FILES) -> None:
    """Write a repository with one commit, and change a shared file after it."""
    chance = random.Random(f"gate {files}")
    text = prose(4_000_000, 11)

    def write(name: str, text: str) -> None:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def some(characters: int) -> str:
        start = chance.randrange(len(text) - characters)
        return text[start : start + characters]

    write(
        "weighbridge.toml",
        'include = ["**/*.md"]\n[budgets]\n"**/SKILL.md" = 2000\n"context:codex" = 8000\n',
    )
    for number in range(_SHARED):
        write(f"shared/style-{number:02}.md", f"# Style {number}\n\n{some(1_500)}\n")
    for number in range(_SHARED, files):
        group = number // _IN_A_FOLDER
        deep = "/".join(f"part-{group // 7**level % 7}" for level in range(group % 5))
        folder_name = "/".join(filter(None, (f"area-{group % 11:02}", deep, f"group-{group:03}")))
        up = "../" * (folder_name.count("/") + 1)
        name = f"note-{number:05}.md"
        body = f"# Note {number}\n\n{some(_CHARACTERS)}\n\n## More of {number}\n\nBe short.\n"
        if number % _IN_A_FOLDER == 0 and number // _IN_A_FOLDER < _CONTEXTS:
            name = "CLAUDE.md" if group % 2 else "AGENTS.md"
        elif number % (files // _REFERRING) == 1:
            body += f"\n@[file:{up}shared/style-{chance.randrange(_SHARED):02}.md]\n"
        write(f"{folder_name}/{name}", body)
    write("CLAUDE.md", f"# All\n\nSee @{_CHANGED} first.\n")
    for command in (("init", "-q"), ("add", "."), ("commit", "-q", "-m", "first")):
        subprocess.run([*_GIT, "-C", str(folder), *command], check=True)
    with (folder / _CHANGED).open("a", encoding="utf-8") as shared:
        shared.write("\nOne more rule, which everybody receives.\n")


def run(results: Results, folder: Path) -> None:
    """Measure."""
    files, runs = (1_000, 1) if results.quick else (FILES, 3)
    place, cache = folder / "gate", folder / "gate-cache"
    results.tell("gate: writing files")
    write_repository(place, files)
    what = f"{files:,} files"
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache)}
    check = ("-m", "weighbridge.cli", "check", ".")
    rows: dict[str, tuple[str, Sequence[str], Mapping[str, str], bool]] = {
        "cold": ("check ., cold", check, {**environment, SWITCH: "0"}, True)
    }
    if fast_engine():
        rows["cold fast"] = ("check ., cold, the fast engine", check, environment, True)
    # These have the counts of the engine that was cold just before.
    rows["warm"] = ("check ., warm", check, environment, False)
    rows["diff"] = ("check . --diff HEAD, warm", (*check, "--diff", "HEAD"), environment, False)
    alone: list[float] = []
    taken: dict[str, list[tuple[float, float]]] = {key: [] for key in rows}
    ratios: dict[str, list[float]] = {key: [] for key in rows}
    for number in range(runs):
        for key, (who, arguments, env, cold) in rows.items():
            results.tell(f"gate: {who}, run {number + 1} of {runs}")
            before = _run(("-m", "bench.baseline", str(place)), Path(__file__).parent.parent, environment)
            alone.append(before[1])
            if cold:
                shutil.rmtree(cache, ignore_errors=True)
            taken[key].append(_run(arguments, place, env))
            ratios[key].append(before[1] / taken[key][-1][1])
    results.add("11/tiktoken", what, "tiktoken, one process, read and encode", median(alone), "s", 1.0)
    for key, (who, *_) in rows.items():
        costs, seconds = zip(*taken[key], strict=True)
        note = f"{min(ratios[key]):.2f} to {max(ratios[key]):.2f} times; processor {quantile([*costs], 0.5):.1f} s"
        results.add(f"11/{key}", what, f"weighbridge {who}", median(seconds), "s", median(ratios[key]), note)


def _run(arguments: Sequence[str], folder: Path, environment: Mapping[str, str]) -> tuple[float, float]:
    """Seconds of processor time of a new Python process, and seconds by the clock."""

    def work() -> object:
        return subprocess.run(
            [sys.executable, *arguments], cwd=folder, env=environment, stdout=subprocess.DEVNULL, check=True
        )

    return seconds_of_children(work)


if __name__ == "__main__":
    write_repository(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else FILES)
