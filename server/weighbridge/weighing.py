"""The commands that weigh files: `count`, `check`, `render`, `verify`.

Each imports what it needs when it runs: starting is what users feel.
"""

import argparse
import asyncio
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weighbridge.console import (
    EXIT_OK,
    EXIT_OVER,
    EXIT_UNUSABLE,
    print_json,
    print_line,
    refuse,
    tell_missing,
    tell_unusable,
    telling,
    unusable_code,
)

if TYPE_CHECKING:
    from weighbridge.analysis.report import Report
    from weighbridge.batch import FileOutcome
    from weighbridge.budget.directive import Overrides
    from weighbridge.check import Checked
    from weighbridge.terminal import Finding


def count(options: argparse.Namespace) -> int:
    from weighbridge.batch import weigh  # noqa: PLC0415  as above
    from weighbridge.terminal import print_table  # noqa: PLC0415  as above
    from weighbridge.tokens.base import Exactness, weakest  # noqa: PLC0415  as above

    _refuse_beside_watch(options)
    paths, layer, flags = [Path(path) for path in options.paths], layer_of(options), flags_of(options)
    lines, warnings = _JsonLines(), list[str]()
    streamed = lines.outcome if options.format == "jsonl" else None
    look = partial(weigh, paths, layer, flags, depends=options.watch, on_outcome=streamed)
    outcomes = look(telling(warnings))
    tell_missing(lines.encodings)
    tell_unusable(outcomes)
    if options.format == "json":
        print_json(
            {
                "documents": [outcome.report.as_json() for outcome in outcomes if outcome.report is not None],
                "total": sum(outcome.report.tokens for outcome in outcomes if outcome.report is not None),
                "exactness": weakest(
                    Exactness.EXACT,
                    *(outcome.report.exactness for outcome in outcomes if outcome.report is not None),
                ).value,
            }
        )
    elif any(outcome.report is not None for outcome in outcomes):
        print_table([outcome.report for outcome in outcomes if outcome.report is not None])
    if options.watch:
        from weighbridge.watch import watch  # noqa: PLC0415  as above

        watch(paths, outcomes, warnings, look)
    return unusable_code(outcomes) or EXIT_OK


def check(options: argparse.Namespace) -> int:
    from weighbridge.check import Options, check  # noqa: PLC0415  as above
    from weighbridge.content.revision import UnknownRevisionError  # noqa: PLC0415  as above
    from weighbridge.gate import UnusableBaselineError  # noqa: PLC0415  as above
    from weighbridge.growth import change_lines  # noqa: PLC0415  as above
    from weighbridge.terminal import print_findings  # noqa: PLC0415  as above

    if options.update_baseline and options.baseline is None:
        refuse("--update-baseline: name the file with --baseline")
    _refuse_beside_watch(options, "diff", "summary", "update_baseline")
    request = Options(
        [Path(path) for path in options.paths],
        layer_of(options),
        flags_of(options),
        baseline=options.baseline,
        update=options.update_baseline,
        tolerance=options.tolerance,
        since=options.diff,
        sections=options.format in {"json", "jsonl"},
        depends=options.watch,
    )
    unusable: list[str] = []
    lines = _JsonLines()
    look = partial(check, request, on_document=lines.document if options.format == "jsonl" else None)
    try:
        checked = look(telling(unusable))
    except UnusableBaselineError as error:
        refuse(str(error))
    except UnknownRevisionError as error:
        refuse(f"--diff {error}")
    tell_missing(lines.encodings)
    tell_unusable(checked.outcomes)
    if options.format == "json":
        print_json(checked.as_json())
    elif options.format == "jsonl":
        print_line({"summary": checked.summary_json()})
    elif options.format == "text":
        if (changes := checked.changes) is not None:
            said = change_lines(changes.documents, changes.contexts, changes.since)
            sys.stdout.writelines(f"{line}\n" for line in said)
        print_findings(checked.reports, checked.findings)
    else:
        _print_for_builds(options.format, checked.reports, checked.findings)
    if options.watch:
        from weighbridge.watch import watch  # noqa: PLC0415  as above

        watch(request.paths, checked, unusable, look)
    code = unusable_code(checked.outcomes) or (EXIT_UNUSABLE if unusable else EXIT_OK)
    code = code or (EXIT_OVER if checked.fails(strict=options.strict) else EXIT_OK)
    if options.summary is not None:
        _write_summary(options.summary, checked, unusable, fails=code != EXIT_OK)
    return code


def _refuse_beside_watch(options: argparse.Namespace, *names: str) -> None:
    """Leave where something is asked for that is made once, and not again whenever files change."""
    others = [f"--{name.replace('_', '-')}" for name in names if getattr(options, name)]
    others += ["--format"] if options.format != "text" else []
    if options.watch and others:
        refuse(f"--watch: not together with {', '.join(others)}")


def _write_summary(path: Path, checked: "Checked", unusable: "Sequence[str]", *, fails: bool) -> None:
    from weighbridge.summary import summary  # noqa: PLC0415  as above

    try:
        path.write_text(
            summary(checked, unusable, Path.cwd(), fails=fails), encoding="utf-8", errors="replace"
        )
    except OSError as error:
        refuse(f"--summary {path}: can't be written: {error.strerror}")


def _print_for_builds(form: str, reports: "Sequence[Report]", findings: "Sequence[Finding]") -> None:
    """Print findings as a build reads them, paths relative to the current folder."""
    from weighbridge import build_logs  # noqa: PLC0415  as above

    folder = Path.cwd()
    if form == "sarif":
        print_json(build_logs.sarif(findings, folder))
    elif form == "github":
        sys.stdout.write(build_logs.github(findings, folder))
    else:
        text = build_logs.junit([report.uri for report in reports], findings, folder)
        sys.stdout.write(text.decode("utf-8") + "\n")


def render(options: argparse.Namespace) -> int:
    from weighbridge.batch import render_file  # noqa: PLC0415  as above

    outcome = asyncio.run(render_file(Path(options.path), layer_of(options), flags_of(options)))
    if outcome.text is None:
        sys.stderr.write(f"weighbridge: {outcome.problem}\n")
        return unusable_code([outcome])
    sys.stdout.buffer.write(outcome.text.encode("utf-8", "surrogatepass"))
    sys.stdout.buffer.flush()
    return EXIT_OK


def verify(options: argparse.Namespace) -> int:
    from weighbridge.batch import render_file  # noqa: PLC0415  as above
    from weighbridge.verify import VerifyError, verify  # noqa: PLC0415  as above
    from weighbridge.workspaces import absolute, configuration_of  # noqa: PLC0415  as above

    path = absolute(options.path)
    added = configuration_of([path], layer_of(options), flags_of(options)).settings_of(path).models
    outcome = asyncio.run(render_file(Path(options.path), layer_of(options), flags_of(options)))
    if outcome.text is None or outcome.report is None:
        sys.stderr.write(f"weighbridge: {outcome.problem}\n")
        return unusable_code([outcome])
    try:
        verified = verify(outcome.report, outcome.text, options.provider, added)
    except VerifyError as error:
        refuse(str(error))
    if options.format == "json":
        print_json(verified)
    else:
        sys.stdout.write(f"{options.path}: {verified}\n")
    return EXIT_OK


def flags_of(options: argparse.Namespace) -> "Overrides":
    """What the command line says of every document, over what it says of itself."""
    from weighbridge.budget.directive import Overrides  # noqa: PLC0415  as above

    first, *others = options.model or [None]
    return Overrides(options.budget, first, options.encoding, others=tuple(others) if first else None)


def layer_of(options: argparse.Namespace) -> dict[str, Any]:
    """The command line's settings, over all others. Leaves with what is wrong with them."""
    from weighbridge.agents.readers import DIALECTS  # noqa: PLC0415  as above

    check_encoding(options)
    if options.dialect is not None and options.dialect not in DIALECTS:
        refuse(f"--dialect {options.dialect}: unknown; there are {', '.join(DIALECTS)}")
    settings: dict[str, Any] = {}
    if options.allow:
        settings["apiAllow"] = options.allow
    if options.env:
        settings["env"] = options.env
    if options.dialect is not None:
        settings["dialects"] = {"**": options.dialect}
    return settings


def check_encoding(options: argparse.Namespace) -> None:
    from weighbridge.tokens.registry import encodings  # noqa: PLC0415  as above

    if options.encoding is not None and options.encoding not in encodings():
        refuse(f"--encoding {options.encoding}: unknown; there are {', '.join(encodings())}")


class _JsonLines:
    """Documents that are printed a line each, as JSON, as soon as they are known; and by which tokenizers they were counted."""

    def __init__(self) -> None:
        self.encodings: set[str] = set()

    def outcome(self, outcome: "FileOutcome") -> None:
        """Print what `count` says of a file."""
        if outcome.report is not None:
            self._report(outcome.report, {})

    def document(self, report: "Report", findings: "Sequence[Finding]") -> None:
        """Print what `check` says of a document."""
        self._report(report, {"findings": findings})

    def _report(self, report: "Report", besides: Mapping[str, Any]) -> None:
        self.encodings.update(report.encodings)
        print_line({**report.as_json(), **besides})
