"""`make demo` in a window of 80 columns and 24 lines."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_screen_fits_a_window_and_the_end_says_what_to_do_next(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "examples.demo"],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "80", "XDG_CONFIG_HOME": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    assert [line for line in lines if len(line) > 80] == []
    sentence, *screens = re.split(r"(?m)^(?=[1-9] of 4  )", done.stdout)
    assert sentence.startswith("Weighbridge shows how many tokens a model receives")
    assert [screen[:6] for screen in screens] == ["1 of 4", "2 of 4", "3 of 4", "4 of 4"]
    assert max(len(screen.splitlines()) for screen in (sentence + screens[0], *screens[1:])) < 24
    assert re.search(r"\b0 tokens", done.stdout) is None
    *_, following, one, two, three = lines
    assert following == "Next:"
    assert all(line.startswith("  ") for line in (one, two, three))
