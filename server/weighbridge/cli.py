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
import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from weighbridge import weighing
from weighbridge.arguments import parser
from weighbridge.console import (
    EXIT_FAULT,
    EXIT_INTERRUPTED,
    EXIT_OK,
    EXIT_UNUSABLE,
    drop_output,
    print_json,
    refuse,
    tell_missing,
    tell_unusable,
    unusable_code,
    warn,
)
from weighbridge.errors import UnknownModelError, UnwatchableError

if TYPE_CHECKING:
    from weighbridge.agents.model import Agent

logger = logging.getLogger(__name__)

#: New objects until the collector looks at them: more than are made until a first count, all of which are imported to stay.
_COLLECT_AFTER: Final = 100_000


def run() -> NoReturn:
    """The command as a program: run, and ended at once. To take itself apart costs an interpreter 70 ms that nobody needs."""
    code = main()
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        drop_output()
    except OSError as error:
        sys.stderr.write(f"weighbridge: standard output can't be written: {error.strerror}\n")
        code = EXIT_FAULT
    logging.shutdown()
    sys.stderr.flush()
    os._exit(code)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit code."""
    gc.set_threshold(_COLLECT_AFTER)
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
        refuse(f"--model: {error}")
    except UnwatchableError as error:
        refuse(f"--watch: {error}")
    except BrokenPipeError:
        drop_output()
        return EXIT_OK
    except Exception as error:
        logger.exception("a fault of Weighbridge's own")
        sys.stderr.write(f"weighbridge: a fault of its own, {type(error).__name__}: please report it\n")
        return EXIT_FAULT
    return code


def _schema(options: argparse.Namespace) -> int:
    from weighbridge.config import schema  # noqa: PLC0415  as above

    if options.reader == "markdown":
        sys.stdout.write(schema.markdown_table())
    elif options.reader == "vscode":
        properties, restricted = schema.vscode_properties(), schema.restricted_configurations()
        print_json({"properties": properties, "restrictedConfigurations": restricted})
    else:
        print_json(schema.json_schema())
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
        refuse(f"{text}: expected HOST:PORT or PORT")
    return host.strip("[]") or "127.0.0.1", int(port)


def _context(options: argparse.Namespace) -> int:
    from weighbridge import context  # noqa: PLC0415  as above
    from weighbridge.analysis import contexts  # noqa: PLC0415  as above
    from weighbridge.budget.directive import Overrides  # noqa: PLC0415  as above
    from weighbridge.workspaces import absolute, chosen  # noqa: PLC0415  as above

    weighing.check_encoding(options)
    folder = _folder(options.folder)
    home = absolute(options.home) if options.home else Path.home()
    agents = _agents(options.agent)
    if options.render and len(options.agent) != 1:
        refuse("--render: name one agent with --agent")
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
        loaded = [loading for loading in loaded if loading.context.entries]
    choice = chosen(folder, Overrides(None, options.model, options.encoding), warn)
    counted = contexts.counted(loaded, choice, texts=options.texts)
    tell_missing(context.encoding for context in counted)
    if options.format == "json":
        print_json({"contexts": counted})
    else:
        context.print_contexts(counted)
    return EXIT_OK


def _report(options: argparse.Namespace) -> int:
    from weighbridge.content.revision import UnknownRevisionError  # noqa: PLC0415  as above
    from weighbridge.page import page  # noqa: PLC0415  as above
    from weighbridge.page.contents import contents  # noqa: PLC0415  as above

    folder = _folder(options.folder)
    try:
        page_contents = contents(
            folder,
            _agents(options.agent),
            weighing.layer_of(options),
            weighing.flags_of(options),
            options.diff,
            warn,
        )
    except UnknownRevisionError as error:
        refuse(f"--diff {error}")
    tell_unusable(page_contents.outcomes)
    try:
        options.html.write_text(page(page_contents.shown), encoding="utf-8")
    except OSError as error:
        refuse(f"--html {options.html}: can't be written: {error.strerror}")
    return unusable_code(page_contents.outcomes)


def _folder(name: str) -> Path:
    """A folder that was named, its links as they are. Leaves if there is none."""
    from weighbridge.workspaces import absolute  # noqa: PLC0415  as above

    folder = absolute(name)
    if not folder.is_dir():
        refuse(f"{name}: no folder there")
    return folder


def _agents(names: Sequence[str]) -> "Sequence[Agent]":
    """Agents by their names, all without any. Leaves with what names none."""
    from weighbridge.agents.registry import AGENTS, agent_named  # noqa: PLC0415  as above

    if unknown := [name for name in names if agent_named(name) is None]:
        refuse(f"--agent {unknown[0]}: unknown; there are {', '.join(AGENTS)}")
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
        refuse("mcp: needs the extra `mcp`, which isn't installed here: pip install 'weighbridge[mcp]'")
    from weighbridge.tools import ToolWorkspace  # noqa: PLC0415  as above
    from weighbridge.unsaved_texts import unsaved_under  # noqa: PLC0415  as above

    settings = {"apiAllow": options.allow} if options.allow else {}
    asyncio.run(serve(ToolWorkspace(Path.cwd(), settings, unsaved_under)))
    return EXIT_OK


def _models(options: argparse.Namespace) -> int:
    from weighbridge.budget.models import matching, models_json, nearest  # noqa: PLC0415  as above
    from weighbridge.terminal import print_models  # noqa: PLC0415  as above

    models = matching(options.query)
    if not models:
        near = ", ".join(nearest(options.query, {}))
        refuse(f"no model is known by {options.query!r}{near and f'; near it are {near}'}")
    if options.format == "json":
        print_json(models_json(models))
    else:
        print_models(models)
    return EXIT_OK


_COMMANDS: Final[Mapping[str, Callable[[argparse.Namespace], int]]] = {
    "serve": _serve,
    "count": weighing.count,
    "check": weighing.check,
    "verify": weighing.verify,
    "render": weighing.render,
    "report": _report,
    "mcp": _mcp,
    "context": _context,
    "models": _models,
    "doctor": _doctor,
    "schema": _schema,
    "completion": _completion,
}


if __name__ == "__main__":
    run()
