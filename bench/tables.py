"""The results as tables in the terminal."""

from collections.abc import Sequence

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
}


def print_results(console: Console, results: Results, targets: Sequence[Target], seconds: float) -> None:
    """Print all of it."""
    for case in sorted({figure.case for figure in results.figures.values()}):
        table = Table(title=_TITLES[case], title_justify="left")
        for name in ("what", "who", "median", "against tiktoken", ""):
            table.add_column(name, justify="right" if name in {"median", "against tiktoken"} else "left")
        for figure in results.figures.values():
            if figure.case == case:
                ratio = "" if figure.against_tiktoken is None else f"{figure.against_tiktoken:,.3g} times"
                table.add_row(
                    figure.what, figure.who, f"{figure.value:,.4g} {figure.unit}", ratio, figure.note
                )
        console.print(table)
    table = Table(title="Targets", title_justify="left")
    for name in ("what", "wanted", "measured", "met"):
        table.add_column(name)
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
