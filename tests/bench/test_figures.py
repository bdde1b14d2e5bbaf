"""The benchmark's own sums: what is held against the targets is what was measured."""

import pytest
from bench.baseline import quantile
from bench.figures import Results
from bench.targets import judged


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([3.0, 1.0, 2.0], 0.5, 2.0),
        ([1.0], 0.99, 1.0),
        (list(map(float, range(100))), 0.95, 95.0),
        ([1.0, 2.0], 1.0, 2.0),
    ],
)
def test_quantiles(values: list[float], share: float, expected: float) -> None:
    assert quantile(values, share) == expected


def test_targets_are_met_missed_or_not_measured() -> None:
    results = Results(True, lambda text: None)
    results.add("1/stdio/prose/1 MB", "", "", 0.4, "ms", 250.0)
    results.add("1/stdio/prose/10 KB", "", "", 0.2, "ms", 2.0)
    results.add("1/stdio/prose/10 MB", "", "", 0.5, "ms", 999.0)
    results.add("4/idle MB", "", "", 120.0, "MB")
    results.add("8/a", "", "", 3.0, "ms")
    results.add("8/b", "", "", 12.0, "ms")
    found = {target.what: (target.measured, target.met) for target in judged(results)}
    assert found["key to true total, stdio, 1 MB prose, against tiktoken"] == ("250.0 times", True)
    assert found["key to true total, stdio, 10 MB prose, against tiktoken"] == ("999.0 times", False)
    assert found["the same at 10 MB against 10 KB"] == ("2.50 times", False)
    assert found["memory, idle with one encoding loaded"] == ("120 MB", True)
    assert found["each feature's answer when warm, p95"] == ("12.0 ms", False)
    assert found["p99 loop turn in the typing storm"] == (None, None)
