"""What every command says on a terminal, and the exit codes it leaves with."""

import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from weighbridge.batch import FileOutcome

EXIT_OK = 0
EXIT_OVER = 1
"""A budget is exceeded, or a reference is broken."""
EXIT_UNUSABLE = 2
"""Something that was named can't be used."""
EXIT_FAULT = 3
"""A fault of our own; the log has the rest."""
EXIT_INTERRUPTED = 130


def drop_output() -> None:
    """Whoever reads our output had enough; nothing more can be said."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def print_line(value: Any) -> None:
    """Print a line of JSON at once. Leaves where nobody reads it: what is left to be counted is no use to anybody."""
    try:
        sys.stdout.write(f"{json.dumps(value, default=_fields)}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        drop_output()
        sys.exit(EXIT_OK)


def print_json(value: Any) -> None:
    """Print what programs read, and people can."""
    import msgspec  # noqa: PLC0415  only who prints JSON needs it

    text = json.dumps(value, default=_fields)
    try:
        # Python indents by hand, and takes ten times as long.
        text = msgspec.json.format(text, indent=2)
    except msgspec.DecodeError:
        # Half of a surrogate pair: a file's name may hold any bytes.
        text = json.dumps(value, default=_fields, indent=2)
    sys.stdout.write(f"{text}\n")


def _fields(value: Any) -> Any:
    from weighbridge.json_values import as_json  # noqa: PLC0415  reports are dictionaries already

    return as_json(value)


def telling(unusable: list[str]) -> "Callable[[str], None]":
    """What tells of a setting that can't be used, and notes it in `unusable`."""

    def tell(warning: str) -> None:
        unusable.append(warning)
        warn(warning)

    return tell


def warn(text: str) -> None:
    """Say what the user should know; the command goes on."""
    sys.stderr.write(f"weighbridge: {text}\n")


def refuse(text: str) -> NoReturn:
    """Leave with what is wrong with what was asked for."""
    sys.stderr.write(f"weighbridge: {text}\n")
    sys.exit(EXIT_UNUSABLE)


def unusable_code(outcomes: "Sequence[FileOutcome]") -> int:
    """The exit code that files which can't be counted demand; 0 if all were, and there are any."""
    if any(outcome.ours for outcome in outcomes):
        return EXIT_FAULT
    return EXIT_UNUSABLE if not outcomes or any(outcome.problem for outcome in outcomes) else EXIT_OK


def tell_missing(encodings: Iterable[str]) -> None:
    """What is estimated only because a package is missing, and the command that installs it, once."""
    from weighbridge.tokens.families import is_missing, note  # noqa: PLC0415  only who counts needs it

    missing = sorted({name for name in encodings if is_missing(name)})
    if missing:
        warn(f"{', '.join(missing)}: {note(missing[0])}")


def tell_unusable(outcomes: "Sequence[FileOutcome]") -> None:
    """Say of each file why it can't be counted, if it can't."""
    reports = [outcome.report for outcome in outcomes if outcome.report is not None]
    tell_missing(encoding for report in reports for encoding in report.encodings)
    for outcome in outcomes:
        if outcome.problem is not None:
            sys.stderr.write(f"weighbridge: {outcome.problem}\n")
    if not outcomes:
        sys.stderr.write("weighbridge: no prompts or context files there (see the setting `include`)\n")
