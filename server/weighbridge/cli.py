"""The command line: the same engine as the language server's, for terminals and CI.

weighbridge serve            run the language server on standard input and output
weighbridge count PATH…      count the tokens of prompts, with all that they refer to
weighbridge check PATH…      exit 1 when a budget is exceeded or a reference is broken
weighbridge render FILE      the resolved text, byte for byte
weighbridge verify FILE      ask the provider for its own count, with your key
weighbridge context [DIR]    show what agents load when they start in a folder
weighbridge report [DIR]     one page of HTML: where the tokens go, and what is lost
weighbridge mcp              two tools for agents, over the Model Context Protocol
weighbridge models           list the models known by name
weighbridge doctor           show what is installed and set here, and whether it works
weighbridge schema           the settings: as a JSON schema, for VS Code, as a table
weighbridge completion SHELL a script by which a shell completes all this
"""

import argparse
import asyncio
import gc
import json
import logging
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from weighbridge.arguments import parser
from weighbridge.errors import UnknownModelError, UnwatchableError

if TYPE_CHECKING:
    from weighbridge.agents.model import Agent
    from weighbridge.analysis.report import Report
    from weighbridge.batch import Outcome
    from weighbridge.budget.directive import Overrides
    from weighbridge.check import Checked
    from weighbridge.terminal import Finding

logger = logging.getLogger(__name__)

EXIT_OK = 0
EXIT_OVER = 1
EXIT_UNUSABLE = 2
EXIT_FAULT = 3
EXIT_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    at = given.index("--") if "--" in given and given[:1] == ["context"] else len(given)
    options = parser().parse_args(given[:at])
    options.agent_arguments = tuple(given[at + 1 :])
    _start_logging(options)
    try:
        code: int = _COMMANDS[options.command](options)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except UnknownModelError as error:
        _unusable(f"--model: {error}")
    except UnwatchableError as error:
        _unusable(f"--watch: {error}")
    except BrokenPipeError:
        _drop_output()
        return EXIT_OK
    except Exception as error:
        logger.exception("a fault of Weighbridge's own")
        sys.stderr.write(f"weighbridge: a fault of its own, {type(error).__name__}: please report it\n")
        return EXIT_FAULT
    return code


def _drop_output() -> None:
    """Whoever reads our output had enough; nothing more can be said."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _schema(options: argparse.Namespace) -> int:
    from weighbridge.config import schema  # noqa: PLC0415  as above

    if options.reader == "markdown":
        sys.stdout.write(schema.markdown_table())
    elif options.reader == "vscode":
        properties, restricted = schema.vscode_properties(), schema.restricted_configurations()
        _print_json({"properties": properties, "restrictedConfigurations": restricted})
    else:
        _print_json(schema.json_schema())
    return EXIT_OK


def _completion(options: argparse.Namespace) -> int:
    from weighbridge.completion import script  # noqa: PLC0415  as above

    sys.stdout.write(f"{script(options.shell)}\n")
    return EXIT_OK


def _start_logging(options: argparse.Namespace) -> None:
    logging.basicConfig(
        stream=sys.stderr,
        level=options.log_level.upper(),
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    # These write whole requests, with what is in them.
    for chatty in ("httpx", "httpcore", "mcp", "pygls", "watchfiles"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _serve(options: argparse.Namespace) -> NoReturn:
    # Until the session is there: what is imported stays for good, and the collector would walk it several times.
    gc.disable()
    from weighbridge.lsp import logs, serve  # noqa: PLC0415  each command imports what it needs: starting is what users feel

    content: bool = options.log_content
    logs.start(options.log_level, content=content)
    if options.tcp is not None:
        transport = serve.on_tcp(*_address(options.tcp))
    elif options.ws is not None:
        transport = serve.on_websocket(*_address(options.ws))
    elif options.pipe is not None or options.socket is not None:
        transport = serve.at(options.pipe or options.socket)
    else:
        transport = serve.on_stdio()
    serve.leave(
        serve.serve(
            transport,
            content=content,
            process_id=options.client_process_id,
            offers_unsaved=options.mcp,
        )
    )


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not port.isdecimal() or int(port) > 65535:
        _unusable(f"{text}: expected HOST:PORT or PORT")
    return host.strip("[]") or "127.0.0.1", int(port)


class _Lines:
    """Documents that are printed a line each, as JSON, as soon as they are known; and by which tokenizers they were counted."""

    def __init__(self) -> None:
        self.encodings: set[str] = set()

    def outcome(self, outcome: "Outcome") -> None:
        """Print what `count` says of a file."""
        if outcome.report is not None:
            self._report(outcome.report, {})

    def document(self, report: "Report", findings: "Sequence[Finding]") -> None:
        """Print what `check` says of a document."""
        self._report(report, {"findings": [asdict(finding) for finding in findings]})

    def _report(self, report: "Report", besides: Mapping[str, Any]) -> None:
        self.encodings.update(report.encodings)
        _print_line({**report.as_json(), **besides})


def _print_line(value: Any) -> None:
    """Print a line of JSON at once. Leaves where nobody reads it: what is left to be counted is no use to anybody."""
    try:
        sys.stdout.write(f"{json.dumps(value)}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        _drop_output()
        sys.exit(EXIT_OK)


def _count(options: argparse.Namespace) -> int:
    from weighbridge.batch import weigh  # noqa: PLC0415  as above
    from weighbridge.terminal import print_table  # noqa: PLC0415  as above
    from weighbridge.tokens.base import Exactness, weakest  # noqa: PLC0415  as above

    _refuse_beside_watch(options)
    paths, layer, flags = [Path(path) for path in options.paths], _layer(options), _flags(options)
    lines, warnings = _Lines(), list[str]()
    streamed = lines.outcome if options.format == "jsonl" else None
    look = partial(weigh, paths, layer, flags, depends=options.watch, on_outcome=streamed)
    outcomes = look(_telling(warnings))
    _tell_missing(lines.encodings)
    _tell_unusable(outcomes)
    if options.format == "json":
        _print_json(
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
    return _unusable_code(outcomes) or EXIT_OK


def _check(options: argparse.Namespace) -> int:
    from weighbridge.check import Options, check  # noqa: PLC0415  as above
    from weighbridge.content.revision import UnknownRevisionError  # noqa: PLC0415  as above
    from weighbridge.gate import UnusableBaselineError  # noqa: PLC0415  as above
    from weighbridge.growth import told  # noqa: PLC0415  as above
    from weighbridge.terminal import print_findings  # noqa: PLC0415  as above

    if options.update_baseline and options.baseline is None:
        _unusable("--update-baseline: name the file with --baseline")
    _refuse_beside_watch(options, "diff", "summary", "update_baseline")
    request = Options(
        [Path(path) for path in options.paths],
        _layer(options),
        _flags(options),
        baseline=options.baseline,
        update=options.update_baseline,
        tolerance=options.tolerance,
        since=options.diff,
        sections=options.format in {"json", "jsonl"},
        depends=options.watch,
    )
    unusable: list[str] = []
    lines = _Lines()
    look = partial(check, request, on_document=lines.document if options.format == "jsonl" else None)
    try:
        checked = look(_telling(unusable))
    except UnusableBaselineError as error:
        _unusable(str(error))
    except UnknownRevisionError as error:
        _unusable(f"--diff {error}")
    _tell_missing(lines.encodings)
    _tell_unusable(checked.outcomes)
    if options.format == "json":
        _print_json(checked.as_json())
    elif options.format == "jsonl":
        _print_line({"summary": checked.summary_json()})
    elif options.format == "text":
        if (changes := checked.changes) is not None:
            said = told(changes.documents, changes.contexts, changes.since)
            sys.stdout.writelines(f"{line}\n" for line in said)
        print_findings(checked.reports, checked.findings)
    else:
        _print_for_builds(options.format, checked.reports, checked.findings)
    if options.watch:
        from weighbridge.watch import watch  # noqa: PLC0415  as above

        watch(request.paths, checked, unusable, look)
    code = _unusable_code(checked.outcomes) or (EXIT_UNUSABLE if unusable else EXIT_OK)
    code = code or (EXIT_OVER if checked.fails(strict=options.strict) else EXIT_OK)
    if options.summary is not None:
        _write_summary(options.summary, checked, unusable, fails=code != EXIT_OK)
    return code


def _refuse_beside_watch(options: argparse.Namespace, *names: str) -> None:
    """Leave where something is asked for that is made once, and not again whenever files change."""
    others = [f"--{name.replace('_', '-')}" for name in names if getattr(options, name)]
    others += ["--format"] if options.format != "text" else []
    if options.watch and others:
        _unusable(f"--watch: not together with {', '.join(others)}")


def _write_summary(path: Path, checked: "Checked", unusable: "Sequence[str]", *, fails: bool) -> None:
    from weighbridge.summary import summary  # noqa: PLC0415  as above

    try:
        path.write_text(
            summary(checked, unusable, Path.cwd(), fails=fails), encoding="utf-8", errors="replace"
        )
    except OSError as error:
        _unusable(f"--summary {path}: can't be written: {error.strerror}")


def _print_for_builds(form: str, reports: "Sequence[Report]", findings: "Sequence[Finding]") -> None:
    """Print findings as a build reads them, paths relative to the current folder."""
    from weighbridge import build_logs  # noqa: PLC0415  as above

    folder = Path.cwd()
    if form == "sarif":
        _print_json(build_logs.sarif(findings, folder))
    elif form == "github":
        sys.stdout.write(build_logs.github(findings, folder))
    else:
        text = build_logs.junit([report.uri for report in reports], findings, folder)
        sys.stdout.write(text.decode("utf-8") + "\n")


def _render(options: argparse.Namespace) -> int:
    from weighbridge.batch import render_file  # noqa: PLC0415  as above

    outcome = asyncio.run(render_file(Path(options.path), _layer(options), _flags(options)))
    if outcome.text is None:
        sys.stderr.write(f"weighbridge: {outcome.problem}\n")
        return _unusable_code([outcome])
    sys.stdout.buffer.write(outcome.text.encode("utf-8", "surrogatepass"))
    sys.stdout.buffer.flush()
    return EXIT_OK


def _verify(options: argparse.Namespace) -> int:
    from weighbridge.batch import render_file  # noqa: PLC0415  as above
    from weighbridge.verify import VerifyError, verify  # noqa: PLC0415  as above
    from weighbridge.workspaces import absolute, configuration_of  # noqa: PLC0415  as above

    path = absolute(options.path)
    added = configuration_of([path], _layer(options), _flags(options)).settings_of(path).models
    outcome = asyncio.run(render_file(Path(options.path), _layer(options), _flags(options)))
    if outcome.text is None or outcome.report is None:
        sys.stderr.write(f"weighbridge: {outcome.problem}\n")
        return _unusable_code([outcome])
    try:
        found = verify(outcome.report, outcome.text, options.provider, added)
    except VerifyError as error:
        _unusable(str(error))
    if options.format == "json":
        _print_json(found.as_json())
    else:
        sys.stdout.write(f"{options.path}: {found}\n")
    return EXIT_OK


def _context(options: argparse.Namespace) -> int:
    from weighbridge import context  # noqa: PLC0415  as above
    from weighbridge.analysis import contexts  # noqa: PLC0415  as above
    from weighbridge.budget.directive import Overrides  # noqa: PLC0415  as above
    from weighbridge.workspaces import absolute, chosen  # noqa: PLC0415  as above

    _check_encoding(options)
    folder = _folder(options.folder)
    home = absolute(options.home) if options.home else Path.home()
    agents = _agents(options.agent)
    if options.render and len(options.agent) != 1:
        _unusable("--render: name one agent with --agent")
    loaded = contexts.load(
        agents,
        folder,
        home,
        arguments=options.agent_arguments,
        file_roots=[absolute(root) for root in options.file_root],
    )
    if options.render:
        sys.stdout.buffer.write(contexts.rendered(loaded[0].context))
        sys.stdout.buffer.flush()
        return EXIT_OK
    if not options.agent:
        loaded = [one for one in loaded if one.context.entries]
    choice = chosen(folder, Overrides(None, options.model, options.encoding), _warn)
    counted = contexts.counted(loaded, choice, texts=options.texts)
    _tell_missing(one["encoding"] for one in counted)
    if options.format == "json":
        _print_json({"contexts": counted})
    else:
        context.print_contexts(counted)
    return EXIT_OK


def _report(options: argparse.Namespace) -> int:
    from weighbridge.content.revision import UnknownRevisionError  # noqa: PLC0415  as above
    from weighbridge.page import page  # noqa: PLC0415  as above
    from weighbridge.page.contents import contents  # noqa: PLC0415  as above

    folder = _folder(options.folder)
    try:
        made = contents(folder, _agents(options.agent), _layer(options), _flags(options), options.diff, _warn)
    except UnknownRevisionError as error:
        _unusable(f"--diff {error}")
    _tell_unusable(made.outcomes)
    try:
        options.html.write_text(page(made.shown), encoding="utf-8")
    except OSError as error:
        _unusable(f"--html {options.html}: can't be written: {error.strerror}")
    return _unusable_code(made.outcomes)


def _folder(name: str) -> Path:
    """A folder that was named, its links as they are. Leaves if there is none."""
    from weighbridge.workspaces import absolute  # noqa: PLC0415  as above

    folder = absolute(name)
    if not folder.is_dir():
        _unusable(f"{name}: no folder there")
    return folder


def _agents(names: Sequence[str]) -> "Sequence[Agent]":
    """Agents by their names, all without any. Leaves with what names none."""
    from weighbridge.agents import agent_named  # noqa: PLC0415  as above
    from weighbridge.agents.registry import AGENTS  # noqa: PLC0415  as above

    if unknown := [name for name in names if agent_named(name) is None]:
        _unusable(f"--agent {unknown[0]}: unknown; there are {', '.join(AGENTS)}")
    return [agent for name in names if (agent := agent_named(name)) is not None] or [*AGENTS.values()]


def _doctor(options: argparse.Namespace) -> int:
    from weighbridge.doctor import signs  # noqa: PLC0415  as above

    del options
    faults = 0
    for sign in signs(Path.cwd()):
        sys.stdout.write(f"{sign}\n")
        faults += bool(sign.fault)
    return EXIT_UNUSABLE if faults else EXIT_OK


def _mcp(options: argparse.Namespace) -> int:
    try:
        from weighbridge.mcp_server import serve  # noqa: PLC0415  as above
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in {"mcp", "mcp_types"}:
            raise
        _unusable("mcp: needs the extra `mcp`, which isn't installed here: pip install 'weighbridge[mcp]'")
    from weighbridge.tools import Workspace  # noqa: PLC0415  as above
    from weighbridge.unsaved_texts import unsaved_under  # noqa: PLC0415  as above

    settings = {"apiAllow": options.allow} if options.allow else {}
    asyncio.run(serve(Workspace(Path.cwd(), settings, unsaved_under)))
    return EXIT_OK


def _models(options: argparse.Namespace) -> int:
    from weighbridge.budget.models import matching, models_json, nearest  # noqa: PLC0415  as above
    from weighbridge.terminal import print_models  # noqa: PLC0415  as above

    found = matching(options.query)
    if not found:
        near = ", ".join(nearest(options.query, {}))
        _unusable(f"no model is known by {options.query!r}{near and f'; near it are {near}'}")
    if options.format == "json":
        _print_json(models_json(found))
    else:
        print_models(found)
    return EXIT_OK


def _telling(unusable: list[str]) -> "Callable[[str], None]":
    """What tells of a setting that can't be used, and notes it in `unusable`."""

    def tell(warning: str) -> None:
        unusable.append(warning)
        _warn(warning)

    return tell


def _flags(options: argparse.Namespace) -> "Overrides":
    """What the command line says of every document, over what it says of itself."""
    from weighbridge.budget.directive import Overrides  # noqa: PLC0415  as above

    first, *others = options.model or [None]
    return Overrides(options.budget, first, options.encoding, others=tuple(others) if first else None)


def _layer(options: argparse.Namespace) -> dict[str, Any]:
    """The command line's settings, over all others. Leaves with what is wrong with them."""
    from weighbridge.agents.readers import DIALECTS  # noqa: PLC0415  as above

    _check_encoding(options)
    if options.dialect is not None and options.dialect not in DIALECTS:
        _unusable(f"--dialect {options.dialect}: unknown; there are {', '.join(DIALECTS)}")
    found: dict[str, Any] = {}
    if options.allow:
        found["apiAllow"] = options.allow
    if options.env:
        found["env"] = options.env
    if options.dialect is not None:
        found["dialects"] = {"**": options.dialect}
    return found


def _check_encoding(options: argparse.Namespace) -> None:
    from weighbridge.tokens.registry import encodings  # noqa: PLC0415  as above

    if options.encoding is not None and options.encoding not in encodings():
        _unusable(f"--encoding {options.encoding}: unknown; there are {', '.join(encodings())}")


def _warn(text: str) -> None:
    sys.stderr.write(f"weighbridge: {text}\n")


def _unusable(text: str) -> NoReturn:
    sys.stderr.write(f"weighbridge: {text}\n")
    sys.exit(EXIT_UNUSABLE)


def _unusable_code(outcomes: "Sequence[Outcome]") -> int:
    """The exit code that files which can't be counted demand; 0 if all were, and there are any."""
    if any(outcome.ours for outcome in outcomes):
        return EXIT_FAULT
    return EXIT_UNUSABLE if not outcomes or any(outcome.problem for outcome in outcomes) else EXIT_OK


def _tell_missing(encodings: Iterable[str]) -> None:
    """What is estimated only because a package is missing, and the command that installs it, once."""
    from weighbridge.tokens.families import is_missing, note  # noqa: PLC0415  as above

    missing = sorted({name for name in encodings if is_missing(name)})
    if missing:
        _warn(f"{', '.join(missing)}: {note(missing[0])}")


def _tell_unusable(outcomes: "Sequence[Outcome]") -> None:
    reports = [outcome.report for outcome in outcomes if outcome.report is not None]
    _tell_missing(encoding for report in reports for encoding in report.encodings)
    for outcome in outcomes:
        if outcome.problem is not None:
            sys.stderr.write(f"weighbridge: {outcome.problem}\n")
    if not outcomes:
        sys.stderr.write("weighbridge: no prompts or context files there (see the setting `include`)\n")


def _print_json(value: Any) -> None:
    json.dump(value, sys.stdout, ensure_ascii=True, indent=2)
    sys.stdout.write("\n")


_COMMANDS: Final[Mapping[str, Callable[[argparse.Namespace], int]]] = {
    "serve": _serve,
    "count": _count,
    "check": _check,
    "verify": _verify,
    "render": _render,
    "report": _report,
    "mcp": _mcp,
    "context": _context,
    "models": _models,
    "doctor": _doctor,
    "schema": _schema,
    "completion": _completion,
}


if __name__ == "__main__":
    sys.exit(main())
