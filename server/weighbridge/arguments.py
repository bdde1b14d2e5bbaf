"""What can be written on the command line: each command's words. `cli` has what they do."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from weighbridge import __version__

if TYPE_CHECKING:
    from weighbridge.gate import Tolerance

_Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001  argparse has no other name for it


def parser() -> argparse.ArgumentParser:
    """The command line's parser; `command` is the name of the one that was written."""
    parser = argparse.ArgumentParser(
        prog="weighbridge",
        description="Exact token counts of prompts and agent context files, references resolved.",
    )
    parser.add_argument("--version", action="version", version=f"weighbridge {__version__}")
    parser.add_argument(
        "--log-level",
        default="warning",
        choices=("debug", "info", "warning", "error"),
        help="to standard error",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    _add_serve(commands)
    _add_count(commands)
    _add_check(commands)
    _add_file_commands(commands)
    _add_report(commands)
    _add_mcp(commands)
    _add_context(commands)
    models = commands.add_parser("models", help="list the models known by name")
    models.add_argument(
        "query", nargs="?", default="", metavar="QUERY", help="part of a name, or of a family's"
    )
    models.add_argument("--format", choices=("text", "json"), default="text")
    commands.add_parser("doctor", help="show what is installed and set here, and whether it works")
    schema = commands.add_parser(
        "schema", help="print the settings: names, types, defaults, bounds, meanings"
    )
    schema.add_argument(
        "--for",
        dest="reader",
        choices=("json", "vscode", "markdown"),
        default="json",
        help="a JSON schema, what VS Code's manifest says of them, or a table",
    )
    completion = commands.add_parser(
        "completion", help="print a script by which a shell completes these words, and known values"
    )
    completion.add_argument("shell", choices=("bash", "fish", "powershell", "tcsh", "zsh"))
    return parser


def _add_serve(commands: _Commands) -> None:
    serve = commands.add_parser("serve", help="run the language server on standard input and output")
    way = serve.add_mutually_exclusive_group()
    way.add_argument("--stdio", action="store_true", help="the default")
    way.add_argument(
        "--tcp", metavar="HOST:PORT", help="on a TCP port instead; 127.0.0.1 when no host is given"
    )
    way.add_argument("--ws", metavar="HOST:PORT", help="on a WebSocket instead")
    way.add_argument("--pipe", metavar="PATH", help="at the Unix socket where the client waits")
    way.add_argument(
        "--socket", type=int, metavar="PORT", help="at the port of this machine where the client waits"
    )
    serve.add_argument(
        "--clientProcessId",
        dest="client_process_id",
        type=int,
        metavar="PID",
        help="leave when this process is gone",
    )
    serve.add_argument(
        "--mcp",
        action="store_true",
        help="let this user's `weighbridge mcp` count what is typed and not saved yet",
    )
    serve.add_argument(
        "--log-content",
        action="store_true",
        help="logs and verbose traces may hold what documents and settings say",
    )


def _add_count(commands: _Commands) -> None:
    count = commands.add_parser("count", help="count the tokens of prompts, with all that they refer to")
    _add_paths(count, "jsonl")
    _add_engine(count)


def _add_check(commands: _Commands) -> None:
    command = commands.add_parser(
        "check",
        help="check prompts against their budgets: exit 1 if one is exceeded or a reference is broken",
        epilog="Exit codes: 0 within budget; 1 a budget is exceeded, a reference is broken, the baseline is outgrown, or,"
        " with --strict, there is a warning; 2 a file or a setting can't be used; 3 a fault of Weighbridge's own; 130 interrupted.",
    )
    _add_paths(command, "jsonl", "sarif", "github", "junit")
    command.add_argument("--strict", action="store_true", help="fail for warnings, too")
    command.add_argument(
        "--diff",
        metavar="REVISION",
        help="show what changed since this revision of git's, in prompts and in what agents load",
    )
    command.add_argument(
        "--baseline",
        type=Path,
        metavar="FILE",
        help="fail on growth beyond these numbers, not on budgets that were crossed already",
    )
    command.add_argument(
        "--update-baseline", action="store_true", help="write the numbers of today to that file"
    )
    command.add_argument(
        "--tolerance",
        type=_tolerance,
        default="0",
        metavar="GROWTH",
        help="growth over the baseline that is no fault: 5%%, or 200 tokens",
    )
    command.add_argument(
        "--summary",
        type=Path,
        metavar="FILE",
        help="besides, write what came of it as Markdown, for a build's summary or a comment",
    )
    _add_engine(command)


def _add_paths(command: argparse.ArgumentParser, *formats: str) -> None:
    command.add_argument("paths", nargs="+", metavar="PATH", help="a file, or a folder of prompts")
    command.add_argument(
        "--format",
        choices=("text", "json", *formats),
        default="text",
        help="text for people (the default), or what programs read; jsonl: a line for each document as soon as it is known",
    )
    command.add_argument(
        "--watch",
        action="store_true",
        help="stay, and print what changes whenever files do, until Ctrl-C; with --format text only",
    )


def _add_file_commands(commands: _Commands) -> None:
    """The commands that take one file."""
    verify = commands.add_parser(
        "verify", help="send a prompt's resolved text to the provider's counting endpoint, and compare"
    )
    verify.add_argument("path", metavar="FILE")
    verify.add_argument("--provider", choices=("anthropic", "google"), required=True)
    verify.add_argument("--format", choices=("text", "json"), default="text")
    _add_engine(verify)

    render = commands.add_parser("render", help="print the text that the model receives, byte for byte")
    render.add_argument("path", metavar="FILE")
    _add_engine(render)


def _add_report(commands: _Commands) -> None:
    report = commands.add_parser(
        "report", help="write one page of HTML: where the tokens go, and what is lost"
    )
    report.add_argument("folder", nargs="?", default=".", metavar="DIR", help="default: the current folder")
    report.add_argument(
        "--html", type=Path, required=True, metavar="FILE", help="the page, which is replaced"
    )
    report.add_argument(
        "--agent", action="append", default=[], metavar="NAME", help="default: all that load anything"
    )
    report.add_argument("--diff", metavar="REVISION", help="show what changed since this revision of git's")
    _add_engine(report)


def _add_mcp(commands: _Commands) -> None:
    mcp = commands.add_parser(
        "mcp", help="serve agents two tools over the Model Context Protocol, on standard input and output"
    )
    _add_hosts(mcp)


def _add_context(commands: _Commands) -> None:
    context = commands.add_parser(
        "context",
        help="show what agents load when they start in a folder",
        epilog="Words behind `--` are the agent's own: weighbridge context --agent claude-code -- --add-dir ../lib",
    )
    context.add_argument("folder", nargs="?", default=".", metavar="DIR", help="default: the current folder")
    context.add_argument(
        "--agent", action="append", default=[], metavar="NAME", help="default: all that load anything"
    )
    context.add_argument("--format", choices=("text", "json"), default="text")
    context.add_argument("--texts", action="store_true", help="with --format json: the texts that arrive")
    context.add_argument("--render", action="store_true", help="one agent's context, byte for byte")
    context.add_argument(
        "--home", metavar="DIR", help="whose files count as the user's; default: the user's home"
    )
    context.add_argument(
        "--file-root",
        action="append",
        default=[],
        metavar="DIR",
        help="another folder whose files may be opened",
    )
    context.add_argument("--model", help="picks the tokenizer")
    context.add_argument("--encoding", help="the tokenizer, if no model is set")


def _add_engine(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--model",
        action="append",
        default=[],
        metavar="NAME",
        help="the model: decides tokenizer, context window and price; more of them are shown beside the first",
    )
    command.add_argument("--encoding", help="the tokenizer, if no model is set")
    command.add_argument("--budget", type=_positive, metavar="TOKENS")
    command.add_argument("--dialect", help="how the documents write references")
    _add_hosts(command)
    command.add_argument(
        "--env", action="append", default=[], metavar="NAME", help="an environment variable that may be read"
    )


def _add_hosts(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--allow", action="append", default=[], metavar="HOST", help="a host that may be fetched from"
    )


def _positive(text: str) -> int:
    number = int(text.replace("_", "").replace(",", ""))
    if number < 1:
        raise argparse.ArgumentTypeError("expected a number of tokens, 1 or more")
    return number


def _tolerance(text: str) -> "Tolerance":
    from weighbridge.gate import Tolerance  # noqa: PLC0415  few need it: starting is what users feel

    try:
        return Tolerance.of(text)
    except (ValueError, ZeroDivisionError):
        raise argparse.ArgumentTypeError(f"{text}: expected a share, as 5%, or a number of tokens") from None
