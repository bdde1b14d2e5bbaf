"""What agents load, laid out once for all documents that ask while nothing changes."""

import threading
from collections.abc import Callable, Container, Hashable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from weighbridge.agents.model import Agent, Context, Start
from weighbridge.content.agent_files import AgentFiles
from weighbridge.content.depends import Depends


class _Every:
    """All files."""

    def __contains__(self, path: object) -> bool:
        return True


EVERY_FILE: Container[Path] = _Every()


@dataclass(frozen=True, slots=True)
class Load:
    """An agent's context. `watched`: files and folders that it depends on, of those in folders that may be read.

    `depends`: all that it depends on. `hashes`: of the files' bytes that it was made of, by their real paths; None of those that were not there.
    """

    context: Context
    watched: frozenset[Path]
    depends: Depends
    hashes: Mapping[Path, int | None]


@dataclass(slots=True)
class Loads:
    """Contexts of agents by how these are started. Whoever has them drops them when any file, setting or open text changes.

    `open_text`: the unsaved text of an open document. `inspected_files`: the files that are looked through for what looks like
    an import and is none. `links`: paths with all links followed, as far as they were looked up. `moved`: as for `AgentFiles`. Any
    thread may use it.
    """

    open_text: Callable[[Path], str | None]
    inspected_files: Container[Path] = EVERY_FILE
    links: dict[Path, Path] = field(default_factory=dict)
    moved: tuple[Path, Path] | None = None
    _loads: dict[Hashable, Load] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, agent: Agent, start: Start, roots: tuple[Path, ...]) -> Load:
        """What an agent loads. `roots`: the folders whose files may be opened, besides the agent's own."""
        key = (agent.name, start.folder, start.prompt, start.home, roots)
        with self._lock:
            load = self._loads.get(key)
            if load is None:
                files = AgentFiles(
                    roots, agent.folders_in(start.home), self.open_text, self.moved, links=self.links
                )
                context = agent.load(replace(start, inspected_files=self.inspected_files), files)
                load = self._loads[key] = Load(context, files.watched(), files.depends, files.hashes)
            return load
