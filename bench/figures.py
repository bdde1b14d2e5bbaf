"""What was measured: figures in the order they came, the machine, and both as JSON."""

import json
import os
import platform
import re
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from weighbridge.tokens.registry import tokenizer


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value.

    `key`: unique in a run; targets go by it. `value`: a median unless the text says otherwise, in `unit`.
    `against_tiktoken`: how many times better than tiktoken on the whole text in the same run; None where there is
    nothing to compare.
    """

    key: str
    case: int
    what: str
    who: str
    value: float
    unit: str
    against_tiktoken: float | None = None
    note: str = ""


@dataclass(slots=True)
class Results:
    """All figures of one run."""

    quick: bool
    tell: Callable[[str], None]
    figures: dict[str, Figure] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    load_before: tuple[float, float, float] = field(default_factory=os.getloadavg)

    def add(
        self,
        key: str,
        what: str,
        who: str,
        value: float,
        unit: str,
        against_tiktoken: float | None = None,
        note: str = "",
    ) -> None:
        """Note a figure; `key` starts with the case's number."""
        self.figures[key] = Figure(
            key, int(re.split(r"\D", key, maxsplit=1)[0]), what, who, value, unit, against_tiktoken, note
        )

    def leave_out(self, what: str, why: str) -> None:
        """Note something that can't be measured here."""
        self.left_out.append(f"{what}: {why}")

    def value(self, key: str) -> float | None:
        """A figure's value, if it was measured."""
        figure = self.figures.get(key)
        return None if figure is None else figure.value

    def ratio(self, key: str) -> float | None:
        """How many times better than tiktoken, if it was measured."""
        figure = self.figures.get(key)
        return None if figure is None else figure.against_tiktoken

    def write(self, path: Path, targets: list[dict[str, Any]]) -> None:
        """Write all of it as JSON."""
        content = {
            "machine": machine(),
            "quick": self.quick,
            "load": {"before": self.load_before, "after": os.getloadavg()},
            "targets": targets,
            "figures": [asdict(figure) for figure in self.figures.values()],
            "left_out": self.left_out,
        }
        path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def machine() -> dict[str, Any]:
    """What it ran on."""
    cpu = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    models = [line.partition(":")[2].strip() for line in cpu.splitlines() if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cpu": models[0] if models else platform.processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(memory / 1e9, 1),
        "system": platform.platform(),
        "python": sys.version.split()[0],
        "weighbridge": version("weighbridge"),
        "tiktoken": version("tiktoken"),
        "engine": tokenizer("cl100k_base").version,
    }
