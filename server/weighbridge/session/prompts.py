"""The workspace's prompts as they were weighed last, and what is looked up in them. Does nothing by itself."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from weighbridge.analysis.graph import Subject, subjects_of
from weighbridge.analysis.report import Report
from weighbridge.content.agent_files import Awaited, any_concerned
from weighbridge.dependencies import Dependencies
from weighbridge.session.folder_index import FolderIndex
from weighbridge.uris import path_of, uri_of


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt as it was weighed last; of one that could not be, `counted` is false, and the report says why.

    `first_line_end`: where line 1 ends, in the client's units. `real`: where the links of its path lead.
    `awaited`: it depends on any file that these match, too;
    `shared`: and on these, as other prompts do.
    """

    report: Report
    first_line_end: int
    real: Path
    counted: bool = True
    awaited: tuple[Awaited, ...] = ()
    shared: tuple[frozenset[Path], ...] = ()


class Prompts:
    """Prompts by path. For the loop's thread."""

    def __init__(self) -> None:
        #: Grows with every prompt that is weighed or gone.
        self.revision = 0
        self._prompts: dict[Path, Prompt] = {}
        #: The prompts, and what they refer to, themselves or in what they include.
        self._subjects = Dependencies[Path, Subject]()
        #: The prompts, and the files that their reports are made of, existing or not.
        self._files = Dependencies[Path, Path]()
        #: The prompts, and the sets of files that many of them depend on: of these there are few.
        self._shared = Dependencies[Path, frozenset[Path]]()
        self._awaiting: dict[Path, tuple[Awaited, ...]] = {}
        self._below = FolderIndex(lambda: map(os.fspath, self.files()))
        self._links: dict[str, str] = {}
        #: The prompts that are links, and where they lead.
        self._real = Dependencies[Path, Path]()
        #: The revision at which each prompt, of those there ever were, changed last; in that order.
        self._changed: dict[Path, int] = {}

    def __contains__(self, path: Path) -> bool:
        return path in self._prompts

    def get(self, path: Path) -> Prompt | None:
        """What is known of a prompt."""
        return self._prompts.get(path)

    def changes(self, since: int) -> dict[Path, Prompt | None]:
        """The prompts weighed after that revision, and those that went; all of them after -1."""
        changed: dict[Path, Prompt | None] = {}
        for path in reversed(self._changed):
            if self._changed[path] <= since:
                break
            changed[path] = self._prompts.get(path)
        return changed

    def reports(self) -> dict[Path, Report]:
        """What is known of the prompts that can be counted, by path: on disk, and including what is open as in the editor."""
        return {path: prompt.report for path, prompt in self._prompts.items() if prompt.counted}

    def reports_about(self, subject: Subject) -> dict[Path, Report]:
        """The same of those that refer to something, themselves or in what they include; of a file, its own as well."""
        paths = {*self._subjects.users(subject)}
        if isinstance(subject, str):
            file = path_of(subject)
            if file is not None:
                paths.update(path for path in (file, *self._real.users(file)) if path in self._prompts)
        return {path: self._prompts[path].report for path in paths}

    def that_need(self, path: Path) -> set[Path]:
        """The prompts whose reports depend on a file, existing or not, or on any in a folder."""
        files = frozenset((path, *map(Path, self._below.of(os.fspath(path)))))
        needing = {prompt for file in files for prompt in self._files.users(file)}
        return needing.union(
            *(self._shared.users(shared) for shared in self._shared if not files.isdisjoint(shared))
        )

    def that_await(self, paths: Sequence[Path]) -> list[Path]:
        """The prompts that wait for files, where any of these is one that they wait for."""
        return [path for path, awaited in self._awaiting.items() if any_concerned(awaited, paths)]

    def need_any_in(self, folder: Path) -> bool:
        """Whether a report depends on a file in a folder, however deep."""
        return bool(self._below.of(os.fspath(folder)))

    def need(self, file: Path) -> bool:
        """Whether a report depends on a file, existing or not."""
        return file in self._files or any(file in shared for shared in self._shared)

    def files(self) -> frozenset[Path]:
        """All files that the reports depend on, existing or not."""
        return frozenset(self._files).union(*self._shared)

    def links(self) -> Mapping[str, str]:
        """The URIs of prompts that links lead to, and of where those lead."""
        return self._links

    def keep(self, path: Path, prompt: Prompt, files: Iterable[Path]) -> bool:
        """Keep a prompt that was weighed. `files`: those that its report is made of, existing or not, and itself.

        Returns whether the reports depend on other files than before.
        """
        self._prompts[path] = prompt
        self._awaiting.pop(path, None)
        if prompt.awaited:
            self._awaiting[path] = prompt.awaited
        return self._note(path, files, prompt.shared, subjects_of(prompt.report), prompt.real)

    def forget(self, path: Path) -> bool:
        """Forget a prompt that went. Returns whether the reports depend on other files than before."""
        self._awaiting.pop(path, None)
        return self._prompts.pop(path, None) is not None and self._note(path, (), (), (), path)

    def _note(
        self,
        path: Path,
        files: Iterable[Path],
        shared: Iterable[frozenset[Path]],
        subjects: Iterable[Subject],
        real: Path,
    ) -> bool:
        """Note that a prompt was weighed or went. `real`: where the links of its path lead."""
        self.revision += 1
        self._changed.pop(path, None)
        self._changed[path] = self.revision
        self._subjects.replace(path, subjects)
        self._real.replace(path, () if real == path else (real,))
        self._links.pop(uri_of(path), None)
        if real != path:
            self._links[uri_of(path)] = uri_of(real)
        changed = any((*self._files.replace(path, files), *self._shared.replace(path, shared)))
        if changed:
            self._below.changed()
        return changed
