"""Scripts that complete the command line's words in shells: `weighbridge completion SHELL`."""

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import shtab

from weighbridge.agents.readers import DIALECTS
from weighbridge.agents.registry import AGENTS
from weighbridge.arguments import parser
from weighbridge.budget.models import MODELS
from weighbridge.tokens.registry import encodings

#: What an argument's word may be, by what stands for it in the help.
_PLACES: Final = {"FILE": shtab.FILE, "PATH": shtab.FILE, "DIR": shtab.DIRECTORY}
#: Words that are known of arguments that take others, too; a colon would end a word in bash.
_KNOWN: Final[Mapping[str, Callable[[], Sequence[str]]]] = {
    "agent": lambda: [*AGENTS],
    "dialect": lambda: [*DIALECTS],
    "encoding": encodings,
    "model": lambda: [model.name for model in MODELS if ":" not in model.name],
}


def script(shell: str) -> str:
    """The script for a shell, of `shtab.SUPPORTED_SHELLS`."""
    described = parser()
    for action in _actions(described):
        if isinstance(action.metavar, str) and action.metavar in _PLACES:
            vars(action)["complete"] = _PLACES[action.metavar]
        elif action.dest in _KNOWN:
            # Nothing is parsed by this one.
            action.choices = _KNOWN[action.dest]()
    return shtab.complete(described, shell)


def _actions(described: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """The arguments of a parser and of its commands."""
    for action in described._actions:  # noqa: SLF001  argparse has no other way to them
        yield action
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for command in action.choices.values():
                yield from _actions(command)
