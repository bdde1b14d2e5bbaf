"""The results as tables in the terminal."""

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from bench.figures import Results, machine
from bench.targets import Target

_TITLES = {
    1: "1. A key to the true total",
    2: "2. Opening 1,000 references",
    3: "3. Counting what was never seen",
    4: "4. Start and memory",
    5: "5. A thousand documents, a typing storm, and the heaviest work",
    6: "6. Edits until memory is flat",
    7: "7. Peers: a key to the total, their way",
    8: "8. Answers when warm, p95",
    9: "9. A workspace of twenty thousand prompts",
    10: "10. Claude's tokenizer",
    11: "11. The gate: twenty thousand files",
}


def print_results(console: Console, results: Results, targets: Sequence[Target], seconds: float) -> None:
    """Print all of it."""
    for case in sorted({figure.case for figure in results.figures.values()}):
        table = _table(_TITLES[case])
        table.add_column("what", ratio=1)
        table.add_column("median", justify="right", no_wrap=True)
        table.add_column("tiktoken", justify="right", no_wrap=True)
        for figure in results.figures.values():
            if figure.case == case:
                ratio = "" if figure.against_tiktoken is None else f"{figure.against_tiktoken:,.3g} times"
                what = ", ".join(part for part in (figure.what, figure.who, figure.note) if part)
                table.add_row(what, f"{figure.value:,.4g} {figure.unit}", ratio)
        console.print(table)
    table = _table("Targets")
    for name, share in (("what", 4), ("wanted", 2), ("measured", 3)):
        table.add_column(name, ratio=share)
    table.add_column("met", no_wrap=True)
    for target in targets:
        met = {True: "yes", False: "no", None: "not measured"}[target.met]
        table.add_row(target.what, target.wanted, target.measured or "", met)
    console.print(table)
    for line in results.left_out:
        console.print(f"left out: {line}")
    about = machine()
    console.print(
        f"{about['cpu']}, {about['cores']} cores, Python {about['python']}, {about['engine']}; {seconds:,.0f} s"
    )


def _table(title: str) -> Table:
    """A table as wide as the window: texts are broken into lines, numbers are not."""
    return Table(title=title, title_justify="left", box=SIMPLE_HEAD, expand=True, padding=(0, 1, 0, 0))
