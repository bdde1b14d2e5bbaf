"""Agents' contexts on a terminal: `weighbridge context`."""

import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from weighbridge.agents.registry import AGENTS
from weighbridge.analysis.contexts import repeated_text
from weighbridge.analysis.wording import number_text, tokens_text


def print_contexts(contexts: Sequence[Mapping[str, Any]]) -> None:
    """A table for people: each agent's files with their tokens, what is lost and what does not load."""
    write = sys.stdout.write
    for at, context in enumerate(contexts):
        agent = AGENTS[context["agent"]]
        exact = context["exactness"] == "exact"
        source = agent.as_of if agent.recorded else f"{agent.as_of}, as read, not recorded"
        write(
            f"{chr(10) if at else ''}{agent.title} ({source})  {tokens_text(context['tokens'], exact=exact)}\n"
        )
        folder = Path(context["folder"])
        for entry in context["entries"]:
            lost = entry["lost"]
            note = (
                ""
                if lost is None
                else f"  cut at line {lost['line'] + 1}: {tokens_text(lost['tokens'], exact=exact)} never arrive"
            )
            via = (
                ""
                if entry["imported_by"] is None
                else f"  (imported by {_shown(entry['imported_by'], folder)})"
            )
            write(
                f"{number_text(entry['tokens'], exact=exact):>10}  {_shown(entry['path'], folder)}{via}{note}\n"
            )
        for one in context["repeated"]:
            write(f"{'':>10}  {repeated_text(one, partial(_shown, folder=folder), exact=exact)}\n")
        for one in context["not_loaded"]:
            write(f"{'-':>10}  {_shown(one['path'], folder)}: {one['reason']}\n")


def _shown(path: str, folder: Path) -> str:
    try:
        return str(Path(path).relative_to(folder))
    except ValueError:
        return path
