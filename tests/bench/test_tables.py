"""The results in a window of 80 columns."""

import io

from bench.figures import Results
from bench.tables import print_results
from bench.targets import Target
from rich.console import Console


def test_every_line_fits_and_no_number_is_broken() -> None:
    results = Results(quick=True, tell=lambda _: None)
    what = "a key to the true total over standard input and output, 10 MB of prose in one line"
    results.add(
        "1.long", what, "weighbridge with the fast engine", 1234.5, "ms", 12_345.6, "median of 400 keys"
    )
    results.add("4.memory", "memory", "weighbridge", 122.25, "MB")
    target = Target(what, "1,000 times less", measured="1,940 times (0.24 ms)", met=True)
    screen = io.StringIO()
    print_results(Console(width=80, file=screen), results, [target], 425)
    lines = screen.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    for number in ("1,234 ms", "1.23e+04 times", "122.2 MB"):
        assert [line for line in lines if number in line], number
