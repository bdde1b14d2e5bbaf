"""What agents may ask of a workspace: what a folder's context holds and loses, what a file or a text costs.

Answers are JSON of bounded size. Nothing outside the workspace can be named, every link followed; no text is in any answer.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from weighbridge import disk
from weighbridge.agents.registry import AGENTS, agent_named
from weighbridge.analysis import contexts
from weighbridge.analysis.report import Report
from weighbridge.batch import weigh
from weighbridge.budget.directive import Overrides
from weighbridge.config import Settings
from weighbridge.content.base import Scope
from weighbridge.content.policy import place_of, real_path, shown
from weighbridge.errors import Code, ReferenceFault, UnknownModelError, WeighbridgeError
from weighbridge.session.choice import choose
from weighbridge.session.other_models import model_report
from weighbridge.session.overlay import OpenTexts
from weighbridge.terminal import findings_of
from weighbridge.tokens.registry import tokenizer
from weighbridge.unsaved_texts import Unsaved
from weighbridge.workspaces import chosen_under, configuration_in

#: Characters of an answer, and of one text in it.
MOST_CHARACTERS = 40_000
_LONGEST = 300
#: Items of each list in an answer: fewer until it fits. The last always does.
_MOST_ITEMS = (100, 30, 10, 3, 1)


class UnusableArgumentError(WeighbridgeError):
    """What a caller gave can't be used; the message names it."""


@dataclass(frozen=True, slots=True)
class ToolWorkspace:
    """`folder`: the one that may be read. `settings`: the user's own, over those of the folder's file.

    `unsaved`: what editors hold that files in a folder don't, which counts in their place. Blocks.
    """

    folder: Path
    settings: Mapping[str, Any]
    unsaved: Callable[[Path], Unsaved] = lambda _: Unsaved({})

    def context(self, folder: str = ".", agent: str | None = None, model: str | None = None) -> str:
        """What agents load when they are started in a folder; without a name all that load anything."""
        place = self._place(folder)
        if not place.is_dir():
            raise UnusableArgumentError(f"folder: {shown(folder)}: no folder there")
        named = None if agent is None else agent_named(agent)
        if agent is not None and named is None:
            raise UnusableArgumentError(f"agent: {shown(agent)}: unknown; there are {', '.join(AGENTS)}")
        flags = Overrides(None, model)
        warnings: list[str] = []
        open_texts = self._open_texts(warnings)
        settings = self._settings(flags, warnings, place)
        choice = chosen_under(settings, flags, warnings.append)
        agents = AGENTS.values() if named is None else [named]
        loaded = contexts.load(
            agents, place, Path.home(), roots=(self.folder,), open_text=open_texts.whole_text_of
        )
        wanted = [loading for loading in loaded if named is not None or loading.context.entries]
        counted = contexts.counted(wanted, choice, texts=False)
        return _fitted({"contexts": [self._context(loading) for loading in counted], "warnings": warnings})

    def count(self, path: str | None = None, text: str | None = None, model: str | None = None) -> str:
        """What a file costs, with all that it refers to, or a text as it is."""
        flags = Overrides(None, model)
        warnings: list[str] = []
        if path is not None and text is None:
            place = self._place(path)
            if place.is_dir():
                raise UnusableArgumentError(f"path: {shown(path)}: a folder; name one of its files")
            settings = self._settings(flags, warnings, place)
            open_texts = self._open_texts(warnings)
            (outcome,) = weigh(
                [place], self.settings, flags, warnings.append, self.folder, open_texts=open_texts
            )
            if outcome.report is None:
                raise UnusableArgumentError(f"path: {outcome.problem}")
            return _fitted({**self._file(outcome.report, settings), "warnings": [*dict.fromkeys(warnings)]})
        if text is None or path is not None:
            raise UnusableArgumentError("give either path or text")
        settings = self._settings(flags, warnings)
        size = len(text.encode("utf-8", "surrogatepass"))
        if size > settings.max_file_bytes:
            raise UnusableArgumentError(
                f"text: {size:,} bytes, more than the {settings.max_file_bytes:,} of weighbridge.maxFileBytes"
            )
        choice = choose(settings, flags)
        counting = tokenizer(choice.encoding)
        report = model_report(choice, counting.name, choice.exactness(counting), counting.count(text))
        return _fitted({**asdict(report), "model": choice.name, "warnings": [*warnings, *choice.warnings]})

    def _open_texts(self, warnings: list[str]) -> OpenTexts:
        """What editors hold unsaved in the folder; `warnings` takes what could not be had."""
        unsaved = self.unsaved(disk.followed_or_same(self.folder))
        warnings += unsaved.warnings
        open_texts = OpenTexts()
        for path, text in unsaved.texts.items():
            open_texts.put(path, 0, (text,))
        return open_texts

    def _settings(self, flags: Overrides, warnings: list[str], path: Path | None = None) -> Settings:
        """The settings in force for a path, without one for the workspace; `warnings` takes what can't be used of them."""
        try:
            configuration = configuration_in([self.folder], self.settings, flags)
        except UnknownModelError as error:
            raise UnusableArgumentError(f"model: {error}") from None
        warnings += configuration.warnings
        return configuration.settings_of(path)

    def _place(self, written: str) -> Path:
        """Where a path leads that was named."""
        try:
            place = place_of(written, self.folder, Scope(None, (self.folder,), Settings()))
            real_path(place)
        except ReferenceFault as fault:
            if fault.problem.code is Code.DENIED:
                raise UnusableArgumentError(
                    f"{shown(written)}: outside {shown(str(self.folder))}, the only folder that is read here"
                ) from None
            raise UnusableArgumentError(fault.problem.message) from None
        return place.path

    def _name(self, path: Path) -> str:
        """A path as `count` takes it; whole where it is outside."""
        return str(path.relative_to(self.folder) if path.is_relative_to(self.folder) else path)

    def _context(self, context: contexts.CountedContext) -> dict[str, Any]:
        """An agent's context; first the entries that lose text, then the largest."""
        entries = [
            {
                "path": self._name(entry.path),
                "tokens": entry.tokens,
                "imported_by": entry.imported_by and self._name(entry.imported_by),
                "lost": (lost := entry.lost)
                and {"tokens": lost.tokens, "from_line": lost.line + 1, "code": lost.code},
            }
            for entry in sorted(context.entries, key=lambda entry: (entry.lost is None, -entry.tokens))
        ]
        return {
            "agent": context.agent,
            "tokens": context.tokens,
            "exactness": context.exactness,
            "encoding": context.encoding,
            "model": context.model,
            "entries": entries,
            "repeated": [
                contexts.repeated_text(repeated, self._name, exact=context.exact)
                for repeated in context.repeated
            ],
            "ignored": [
                {
                    "path": self._name(failed.path),
                    "line": failed.line + 1,
                    "text": failed.text,
                    "reason": failed.reason,
                }
                for failed in context.ignored
            ],
            "not_loaded": [
                {"path": self._name(file.path), "reason": file.reason} for file in context.not_loaded
            ],
        }

    def _file(self, report: Report, settings: Settings) -> dict[str, Any]:
        """A file's counts; of its references the largest first."""
        choice = choose(settings, Overrides(None, report.model, report.encoding))
        counted = model_report(choice, report.encoding, report.exactness, report.tokens)
        references = sorted(report.references, key=lambda reference: -(reference.tokens or 0))
        return {
            **asdict(counted),
            "model": report.model,
            "own_tokens": report.own_tokens,
            "budget": {"limit": report.budget.limit, "used": report.budget.used},
            "references": [
                {"target": reference.target, "tokens": reference.tokens} for reference in references
            ],
            "findings": [
                {"line": finding.line, "severity": finding.severity, "message": finding.message}
                for finding in findings_of([report])
            ],
        }


def _fitted(answer: Mapping[str, Any]) -> str:
    """An answer as JSON of at most `MOST_CHARACTERS`; what was left out of each list is said beside it."""
    for most in _MOST_ITEMS:
        text = json.dumps(_within(answer, most), ensure_ascii=False, separators=(",", ":"))
        if len(text) <= MOST_CHARACTERS:
            break
    return text


def _within(value: Any, most: int) -> Any:
    """JSON with at most so many items in each list but that of contexts, without what is empty."""
    if isinstance(value, str):
        return shown(value, _LONGEST)
    if isinstance(value, list):
        return [_within(item, most) for item in value]
    if not isinstance(value, dict):
        return value
    shortened: dict[str, Any] = {}
    for name, item in value.items():
        if item is None or item == []:
            continue
        cut = isinstance(item, list) and name != "contexts" and len(item) > most
        shortened[name] = _within(item[:most] if cut else item, most)
        if cut:
            shortened[f"{name}_left_out"] = len(item) - most
    return shortened
