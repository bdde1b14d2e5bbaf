"""Agents: programs that load context files by themselves. One module of rules each, none knows another."""

from weighbridge.agents.model import Agent


def agent_named(name: str) -> Agent | None:
    """The agent of this name or alias, None where there is none."""
    from weighbridge.agents.registry import AGENTS  # noqa: PLC0415  starting is what users feel

    return next((agent for agent in AGENTS.values() if name in (agent.name, *agent.aliases)), None)
