"""All agents, by name. An agent's rules are loaded when they are first asked for: some load a Markdown parser."""

import importlib
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final

from weighbridge.agents.model import Agent
from weighbridge.agents.readers import TITLES

#: The modules that are not named as their agents are.
_MODULES: Final = {"factory-droid": "droid", "continue-cli": "cn", "mistral-vibe": "vibe"}


class _Agents(Mapping[str, Agent]):
    def __getitem__(self, name: str) -> Agent:
        if name not in TITLES:
            raise KeyError(name)
        return _loaded(name)

    def __iter__(self) -> Iterator[str]:
        return iter(TITLES)

    def __len__(self) -> int:
        return len(TITLES)


@cache
def _loaded(name: str) -> Agent:
    module = _MODULES.get(name, name.replace("-", "_"))
    agent: Agent = getattr(importlib.import_module(f"weighbridge.agents.{module}"), module.upper())
    return agent


AGENTS: Final[Mapping[str, Agent]] = _Agents()


def agent_named(name: str) -> Agent | None:
    """The agent of this name or alias, None where there is none."""
    return AGENTS.get(name) or next((agent for agent in AGENTS.values() if name in agent.aliases), None)
