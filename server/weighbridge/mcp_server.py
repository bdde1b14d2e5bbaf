"""`weighbridge mcp`: the tools of `tools.py` for agents, over the Model Context Protocol on standard input and output.

The descriptions are in every request of an agent that uses them: they are counted (`tests/mcp`).
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

from mcp.server import Server, ServerRequestContext
from mcp.server.stdio import stdio_server
from mcp.types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
    ToolAnnotations,
)

from weighbridge import __version__
from weighbridge.content.policy import shown
from weighbridge.errors import FATAL
from weighbridge.tools import ToolWorkspace, UnusableArgumentError

logger = logging.getLogger(__name__)

_MODEL = "e.g. gpt-5, opus"


async def serve(workspace: ToolWorkspace) -> None:
    """Answer until standard input ends."""
    server = server_of(workspace)
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())


def server_of(workspace: ToolWorkspace) -> Server[Any]:
    """A server of a workspace's tools, for any transport."""
    calls: Mapping[str, Callable[..., str]] = {"context": workspace.context, "count": workspace.count}

    async def tools(_: ServerRequestContext[Any], __: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=TOOLS)

    async def call(_: ServerRequestContext[Any], params: CallToolRequestParams) -> CallToolResult:
        try:
            arguments = _checked(params.name, params.arguments or {})
            text = await asyncio.to_thread(calls[params.name], **arguments)
        except UnusableArgumentError as error:
            return _result(str(error), is_error=True)
        except FATAL:
            raise
        except BaseException as error:  # whatever it is, the next call is answered
            logger.exception("a call failed")
            return _result(
                f"a fault of Weighbridge's own ({type(error).__name__}), see its log", is_error=True
            )
        return _result(text)

    return Server("weighbridge", version=__version__, on_list_tools=tools, on_call_tool=call)


def _tool(name: str, description: str, **arguments: str) -> Tool:
    """A tool that takes texts, each described."""
    properties = {name: {"type": "string", "description": text} for name, text in arguments.items()}
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    annotations = ToolAnnotations(read_only_hint=True)
    return Tool(name=name, description=description, input_schema=schema, annotations=annotations)


TOOLS = [
    _tool(
        "context",
        "What coding agents load by themselves (CLAUDE.md, AGENTS.md, rules, skills) when started in a folder: "
        "each file with its tokens, text that is lost on the way, files that are not loaded and why, totals.",
        folder="default: the workspace",
        agent="e.g. claude-code, codex; default: all that load anything",
        model=f"{_MODEL}; default: each agent's",
    ),
    _tool(
        "count",
        "What a file or a text costs: tokens, exactness, share of the model's context window, price as input. "
        "A file counts as the model receives it, with all that it refers to; a text as it is.",
        path="a file in the workspace",
        text="instead of path",
        model=_MODEL,
    ),
]


def _checked(name: str, arguments: Mapping[str, Any]) -> Mapping[str, str]:
    """A tool's arguments, all of them texts that it takes."""
    properties = next((tool.input_schema["properties"] for tool in TOOLS if tool.name == name), None)
    if properties is None:
        tool_names = ", ".join(tool.name for tool in TOOLS)
        raise UnusableArgumentError(f"{shown(name)}: unknown tool; there are {tool_names}")
    for argument, value in arguments.items():
        if argument not in properties:
            raise UnusableArgumentError(
                f"{shown(argument)}: unknown argument; there are {', '.join(properties)}"
            )
        if not isinstance(value, str):
            raise UnusableArgumentError(f"{argument}: expected a text, got {type(value).__name__}")
    return arguments


def _result(text: str, *, is_error: bool = False) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=text)], is_error=is_error)
