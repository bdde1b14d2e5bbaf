"""python -m bench [--quick] [--only N …]: measure, print the tables, write bench/results.json."""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console

from bench import answers, claude, crowd, gate, keystroke, memory, opening, peers, starting, storm, throughput
from bench.figures import Results
from bench.tables import print_results
from bench.targets import judged

HERE = Path(__file__).resolve().parent
#: Takes what it measures from the registries.
_PEERS = 7
CASES: dict[int, Callable[[Results, Path], None]] = {
    1: keystroke.run,
    2: opening.run,
    3: throughput.run,
    4: starting.run,
    5: storm.run,
    6: memory.run,
    7: peers.run,
    8: answers.run,
    9: crowd.run,
    10: claude.run,
    11: gate.run,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; returns the exit code: 0 whatever the figures are."""
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measure Weighbridge against tiktoken and others, as ratios in one run.",
    )
    parser.add_argument("--quick", action="store_true", help="a look in under a minute: fewer and smaller")
    parser.add_argument(
        "--only",
        type=int,
        action="append",
        choices=sorted(CASES),
        metavar="N",
        help="only this part, 1 to 11",
    )
    parser.add_argument("--json", type=Path, default=HERE / "results.json", metavar="FILE")
    options = parser.parse_args(arguments)
    if not sys.platform.startswith("linux"):
        parser.error("processor time and memory are read as Linux tells them")
    console = Console()
    began = time.perf_counter()
    with console.status("measuring") as status:
        results = Results(options.quick, lambda text: status.update(f"measuring {text}"))
        with tempfile.TemporaryDirectory(prefix="weighbridge-bench-") as folder:
            # Counts of this process's own sessions stay out of the user's cache.
            os.environ["XDG_CACHE_HOME"] = str(Path(folder, "cache"))
            for case in options.only or [case for case in CASES if case != _PEERS or not options.quick]:
                CASES[case](results, Path(folder))
    targets = judged(results)
    print_results(console, results, targets, time.perf_counter() - began)
    results.write(options.json, [target.as_json() for target in targets])
    return 0


if __name__ == "__main__":
    sys.exit(main())
