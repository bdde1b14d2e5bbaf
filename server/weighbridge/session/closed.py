"""Texts that nobody edits, each weighed in one go on a worker: by the functions that keep an open document's counts true.

    text ──▶ refers to nothing ──(plain_reports: many at once)──▶ report
      └────▶ prepare ──▶ Document ──▶ its references, expanded, contents read on the way ──▶ counts ──▶ report

The command line, the workspace's prompts and completion's costs are weighed so. A worker can't ask APIs: a text that needs an answer
says so (`Weighed.unanswered`), and is weighed again once it is there.
"""

import logging
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from weighbridge.analysis.arriving import Setting, arrived
from weighbridge.analysis.render import Source
from weighbridge.analysis.report import Report
from weighbridge.content.agent_files import Awaited
from weighbridge.content.base import ContentRequest
from weighbridge.content.policy import roots_stay
from weighbridge.errors import TransientFault
from weighbridge.references.model import Kind
from weighbridge.session.arriving import setting_of
from weighbridge.session.configuration import Configuration
from weighbridge.session.contents import Contents
from weighbridge.session.document import Document
from weighbridge.session.other_models import with_models
from weighbridge.session.outline import Filled
from weighbridge.session.plain_reports import PlainReport, plain_reports
from weighbridge.session.prepare import prepare
from weighbridge.session.prepared import Prepared, PreparedBefore
from weighbridge.session.preparing import Terms, terms_of
from weighbridge.session.reporting import report_steps
from weighbridge.steps import finish
from weighbridge.text import LineBuffer, PositionEncoding
from weighbridge.tokens.service import TokenCountingService
from weighbridge.work import CancelToken, Outcome, Priority, TaskCancelledError, TaskManager

logger = logging.getLogger(__name__)

#: References expanded, pieces counted and seconds for which sections are summed up between two looks at the token.
_REFERENCES: Final = 1000
_PIECES: Final = 64
_SECONDS: Final = 0.1
#: Times that a text is weighed anew because files changed between counting and rendering.
_RENDERINGS: Final = 3


@dataclass(frozen=True, slots=True)
class ClosedText:
    """A text, and what the configuration says of it. `path`: its file's, if it has one; `setting`: gives where an agent would load it."""

    uri: str
    path: Path | None
    terms: Terms
    setting: Callable[[], Setting]
    text: str


@dataclass(frozen=True, slots=True)
class Weighed:
    """A text's report, and what it was made of.

    `first_line_end`: where line 1 ends, in the client's units. `depends`: files that its references and its agent depend on,
    existing or not; `shared`: and others, as other texts do; `awaited`: and any file that these match. `unanswered`: API
    references that it waits for: the report says `counting`. `rendered`: the resolved text, if it was needed, with its
    `sources`.
    """

    report: Report
    first_line_end: int
    depends: frozenset[Path] = frozenset()
    unanswered: Mapping[Hashable, ContentRequest] = field(default_factory=dict)
    rendered: str | None = None
    sources: Sequence[Source] = ()
    awaited: tuple[Awaited, ...] = ()
    shared: tuple[frozenset[Path], ...] = ()


def closed_text(configuration: Configuration, uri: str, path: Path | None, text: str = "") -> ClosedText:
    """A text as it is weighed under the settings in force now, whatever becomes of them. On the loop."""
    setting = setting_of(configuration, path)
    return ClosedText(uri, path, terms_of(configuration, path), lambda: setting, text)


def weigh(
    texts: Sequence[ClosedText],
    contents: Contents,
    encoding: PositionEncoding,
    token: CancelToken,
    *,
    rendering: bool = False,
    sections: bool = True,
) -> list[Outcome[Weighed]]:
    """Weigh texts; what became of each, in order: a fault of one is its own. Blocks: a worker's work.

    `rendering`: have them rendered, too. `sections`: whether anybody asks for the sections of those that refer to nothing.
    """
    contents.bound()
    plain: Sequence[PlainReport | None] = [None] * len(texts)
    if not rendering:
        try:
            plain = plain_reports(
                [(text.uri, text.terms, text.text) for text in texts],
                contents.service,
                encoding,
                sections=sections,
            )
        except KeyboardInterrupt:
            raise
        except BaseException:  # whatever it is, it is one text's: each is looked at by itself
            logger.exception("some texts could not be counted together")
    with roots_stay():
        return [
            _weighed(text, contents, encoding, token, rendering=rendering)
            if report is None
            else Outcome(Weighed(report.report, report.first_line_end))
            for text, report in zip(texts, plain, strict=True)
        ]


async def weigh_with_apis(
    tasks: TaskManager,
    key: Hashable,
    text: ClosedText,
    contents: Contents,
    encoding: PositionEncoding,
    *,
    rendering: bool = False,
) -> Weighed:
    """Weigh a text as `weigh` does, and ask the APIs that it waits for. On the loop. Raises what became of it."""
    try:
        while True:
            work = partial(weigh, [text], contents, encoding, rendering=rendering)
            (outcome,) = await tasks.submit(("closed", key), work, title=text.uri)
            weighed = outcome.unwrap()
            if not weighed.unanswered:
                return weighed
            await contents.ask(tasks, weighed.unanswered, Priority.MEDIUM)
    finally:
        tasks.cancel(("closed", key))


def _weighed(
    text: ClosedText, contents: Contents, encoding: PositionEncoding, token: CancelToken, *, rendering: bool
) -> Outcome[Weighed]:
    try:
        for _ in range(_RENDERINGS):
            try:
                return Outcome(_weigh(text, contents, encoding, token, rendering=rendering))
            except TransientFault as fault:
                # A file is not what was counted any more.
                last = fault
                contents.forget()
        return Outcome.failed(last)
    except (TaskCancelledError, KeyboardInterrupt):
        raise
    except BaseException as error:  # noqa: BLE001  whatever it is, the others are weighed
        return Outcome.failed(error)


def _weigh(
    text: ClosedText, contents: Contents, encoding: PositionEncoding, token: CancelToken, *, rendering: bool
) -> Weighed:
    terms, path = text.terms, text.path
    document = Document(text.uri, None, LineBuffer(text.text, encoding), path)
    snapshot = document.snapshot()
    prepared = prepare(
        snapshot, path, terms.settings, terms.dialect, PreparedBefore(None, None, (), {}), terms.flags
    )
    expander = contents.expander_of(document, prepared, terms, token)
    document.adopt(prepared, expander)
    while not document.settled:
        token.raise_if_cancelled()
        document.expand_dirty(_REFERENCES)
    if contents.arrivals and document.arrival_due and prepared.dialect.agent and path is not None:
        document.arrival_begins()
        counting = partial(contents.service.count, tokenizer=prepared.tokenizer)
        document.arrives(
            arrived(
                prepared.dialect.agent,
                path,
                text.text,
                text.setting(),
                contents.loads.open_text,
                counting,
                encoding,
                exact=prepared.exact,
                loads=contents.loads,
            )
        )
    _count(document, prepared, contents.service, token)
    finish(document.follow_outline())
    while (filled := document.fill_outline(_SECONDS)) is not Filled.ALL:
        # What has no border at its ends is counted by itself.
        counted = _count(document, prepared, contents.service, token)
        if filled is Filled.WAITS and not counted:
            raise RuntimeError("sections wait for counts that nobody makes")
    report = finish(report_steps(document, encoding))
    unanswered = {
        key: request
        for key, request in expander.requests.items()
        if request.kind is Kind.API and not contents.answered(key)
    }
    rendered: str | None = None
    sources: Sequence[Source] = ()
    if (rendering or prepared.choice.others) and not unanswered:
        rendered, sources = contents.rendered(document, token)
        if prepared.choice.others:
            report = with_models(report, rendered, prepared.choice)
    depends = contents.depends(expander.requests)
    awaited: tuple[Awaited, ...] = ()
    shared: tuple[frozenset[Path], ...] = ()
    if document.arrived is not None:
        own, *others = document.arrived.watched
        depends |= own
        shared, awaited = tuple(others), document.arrived.awaited
    return Weighed(
        report, document.buffer.line_end(0), depends, unanswered, rendered, sources, awaited, shared
    )


def _count(document: Document, prepared: Prepared, service: TokenCountingService, token: CancelToken) -> bool:
    """Count what is uncounted of a document; whether there was anything."""
    counted = False
    for buffer in document.buffers():
        while jobs := buffer.pending(_PIECES):
            token.raise_if_cancelled()
            private = any(job.private for job in jobs)
            counts = service.count_many([job.text for job in jobs], prepared.tokenizer, private=private)
            for job, tokens in zip(jobs, counts, strict=True):
                buffer.answer(job, tokens)
            counted = True
    return counted
