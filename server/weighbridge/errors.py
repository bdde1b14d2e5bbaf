"""What can go wrong, as values.

A fault of a reference is not an exception to its readers: it is a `Problem`, carried by the reference it
belongs to, shown as a diagnostic. Handlers raise `ReferenceFault`; `Problem` is what arrives.

    WeighbridgeError
    ├── ReferenceFault     a reference can't be resolved; holds the Problem
    │   └── TransientFault worth another try (connection lost, 429, 5xx)
    ├── UnknownEncodingError
    ├── UnknownModelError
    └── BorderlessError    a text with nowhere to cut it, too long to be counted in one piece
"""

import asyncio
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

#: What is raised to end something, and is nobody's fault. All else is, be it an `Exception` or not (a panic of Rust's).
FATAL: Final = (KeyboardInterrupt, SystemExit, GeneratorExit, asyncio.CancelledError)


class Code(StrEnum):
    """The diagnostics' codes: fixed public names."""

    BUDGET = "budget"
    NOT_FOUND = "reference.not-found"
    CYCLE = "reference.cycle"
    DEPTH = "reference.depth"
    DENIED = "reference.denied"
    FAILED = "reference.failed"
    NOT_TEXT = "reference.not-text"
    TOO_LARGE = "reference.too-large"
    #: More tokens than a baseline says.
    GROWTH = "budget.growth"
    #: What looks like a reference and is none.
    TYPO = "reference.typo"
    UNDEFINED = "variable.undefined"
    #: Of agents' context files: looks like an import and is none; text behind a cut; a file that no agent loads.
    IGNORED = "import.ignored"
    TRUNCATED = "context.truncated"
    NOT_LOADED = "context.not-loaded"
    #: Looks as if a rule waited for files, and it loads always.
    ALWAYS = "context.loads-always"
    #: Text of a context file that its agent removes: it costs nothing.
    REMOVED = "context.removed"
    #: Text that may be another each time, before much that is not.
    VOLATILE = "cache.volatile"
    #: Not about a reference: a directive, the front matter or a setting that this document can't use.
    SETTINGS = "settings.invalid"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a reference stands for no content. `message` names the input and what to do; never a secret.

    `similar`: the file that the message proposes in its place, by its identity, and the message without that.
    """

    code: Code
    message: str
    similar: tuple[str, str] | None = None


def fault_of_ours(error: BaseException) -> Problem:
    """What is said of something that failed by a fault of Weighbridge's own: its kind; the log has the rest."""
    return Problem(
        Code.FAILED, f"could not be read: a fault of Weighbridge's own ({type(error).__name__}), see the log"
    )


class WeighbridgeError(Exception):
    """The root of all errors raised here."""


class ReferenceFault(WeighbridgeError):  # noqa: N818  a fault of the reference, not of ours
    """A reference can't be resolved, and trying again won't help.

    `links`: the links that lead to where it failed. It may be found once one of them is turned.
    """

    def __init__(self, code: Code, message: str, similar: tuple[str, str] | None = None) -> None:
        super().__init__(message)
        self.problem = Problem(code, message, similar)
        self.links: tuple[Path, ...] = ()


class TransientFault(ReferenceFault):
    """A fault that may pass: connection lost, 429, 5xx. `retry_after`: seconds the other side asked for."""

    def __init__(self, code: Code, message: str, retry_after: float | None = None) -> None:
        super().__init__(code, message)
        self.retry_after = retry_after


class UnknownEncodingError(WeighbridgeError):
    """An encoding nobody here knows; the message lists what there is."""


class UnknownModelError(WeighbridgeError):
    """A model nobody here knows; the message names those that are nearest."""


class UnwatchableError(WeighbridgeError):
    """Files that can't be watched here, whichever way."""


class BorderlessError(WeighbridgeError):
    """A text without a border for so long that counting it exactly would take unbounded memory: data, not text."""
