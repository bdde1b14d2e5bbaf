"""A client of the library's own, in memory or over the real process's pipes."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mcp.client import Client
from mcp.client.stdio import StdioServerParameters
from mcp.types import TextContent

from weighbridge.mcp_server import server_of
from weighbridge.tools import ToolWorkspace
from weighbridge.unsaved_texts import Unsaved


def in_memory(folder: Path, unsaved: Mapping[Path, str] | None = None, **settings: Any) -> Client:
    """A client of a server in this process. `unsaved`: what editors hold; `settings`: the user's own."""
    return Client(server_of(ToolWorkspace(folder, settings, lambda _: Unsaved(unsaved or {}))))


def over_pipes(folder: Path, home: Path) -> Client:
    """A client of `weighbridge mcp`, started in a folder."""
    return Client(
        StdioServerParameters(
            command=sys.executable,
            args=["-m", "weighbridge", "mcp"],
            env={"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache")},
            cwd=folder,
        )
    )


async def said(client: Client, tool: str, arguments: Mapping[str, Any]) -> tuple[bool, str]:
    """Whether a call failed, and what its answer says."""
    result = await client.call_tool(tool, dict(arguments))
    (content,) = result.content
    assert isinstance(content, TextContent)
    return result.is_error is True, content.text


async def answer(client: Client, tool: str, **arguments: str) -> dict[str, Any]:
    """What a call that succeeds answers."""
    failed, text = await said(client, tool, arguments)
    assert not failed, text
    found: dict[str, Any] = json.loads(text)
    return found
