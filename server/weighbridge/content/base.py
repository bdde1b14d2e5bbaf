"""The interface of handlers, one for every kind of content.

A handler turns a `ContentRequest` (a reference seen from the place it stands in) into `Content`. Two steps, so that asking
"is it the same thing?" never reads it:

    key = handler.key(request)          # loop, no input or output: names the thing; equal keys share one reading
    content = await/handler.load(...)   # worker (file, variable) or loop (api, async): may block or fail
    for chunk in content.chunks(): …    # worker: the text, streamed, again from the start at each call

Whether a file or a variable changed is told by its text's digest alone: a look at a file's times tells nothing for sure (they can be set,
clocks are coarse), and to read is nearly as quick.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from weighbridge.config import Settings
from weighbridge.errors import Problem, TransientFault
from weighbridge.references.model import Kind
from weighbridge.work import RetryPolicy


@dataclass(frozen=True, slots=True)
class Scope:
    """What the place of a reference decides: shared by all references of one root document.

    `document`: the root document's path, None while it has none (untitled). `folders`: those its references may read.
    `front_matter`: the root document's front matter `variables:`.
    """

    document: Path | None
    folders: tuple[Path, ...]
    settings: Settings
    front_matter: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ContentRequest:
    """A reference as a handler needs it. `base`: the folder that relative paths start from (of the including file)."""

    kind: Kind
    target: str
    fragment: str | None
    default: str | None
    base: Path | None
    scope: Scope


@dataclass(frozen=True, slots=True)
class Content:
    """What a reference stands for.

    `identity`: the thing itself, after links are followed (a real path, a URL, a variable's name): equal for two ways
    to the same thing, so cycles are seen. `source`: where it came from, for people; never a secret. `path`: the file
    behind it, if any. `scannable`: nested references are looked for in it.
    `stale`: the last good text, not today's; or, with `sampled`, the settings' sample. `size`: bytes, where known. `secret`: the text must not be shown.
    `private`: no digest of the text may be kept; it is literal text then, whatever it holds. A secret is private.
    `chunks()` yields the text (str, any size of piece) from the start at every call; it raises ReferenceFault
    (not text, vanished, too large) in the middle if it must. `raw()`: the bytes it is decoded from, where it is a file's.

    With a fragment, `chunks()` yields the selection only, `lines` says which lines of the file it is (from 0, the end
    excluded) and `whole()` yields the whole file: what a line means (inside a fence or not) depends on all above it.
    """

    identity: str
    source: str
    chunks: Callable[[], Iterator[str]]
    path: Path | None = None
    scannable: bool = False
    stale: bool = False
    sampled: bool = False
    size: int | None = None
    secret: bool = False
    private: bool = False
    #: Seconds until it should be looked at again (an API's time to live); None: only when told of a change.
    expires_in: float | None = None
    #: Seconds since 1970 at which it was fetched, where it was.
    fetched_at: float | None = None
    #: Why it is stale.
    problem: Problem | None = None
    lines: tuple[int, int] | None = None
    whole: Callable[[], Iterator[str]] | None = None
    raw: Callable[[], Iterator[bytes]] | None = None
    #: What `changed` of an API compares; opaque.
    stamp: Hashable = None
    #: The links that lead to the file, where there are any: it is another file when one of them is turned.
    links: tuple[Path, ...] = ()

    def __post_init__(self) -> None:
        if self.secret and not self.private:
            object.__setattr__(self, "private", True)


class Overlay(Protocol):
    """The documents that are open in an editor: their text counts, saved or not."""

    def text_of(self, path: Path) -> tuple[Hashable, Iterable[str]] | None:
        """Give the open document at this real path: its version and its text in pieces; None if it is not open.

        Called from workers. The pieces can be iterated over again and again, and never change.
        """
        ...


class NoOverlay:
    """Nothing is open: the command line's overlay."""

    def text_of(self, path: Path) -> None:  # noqa: ARG002  (a protocol's parameter)
        return None


class Handler(Protocol):
    """Resolves one kind of reference."""

    kind: Kind

    def key(self, request: ContentRequest) -> Hashable:
        """Name what the request stands for, without input or output. Equal keys: one reading serves all."""
        ...

    def paths(self, request: ContentRequest) -> tuple[Path, ...]:
        """Name the files that decide what it stands for, existing or not, without input or output: what to watch."""
        ...

    def load(self, request: ContentRequest) -> Content:
        """Find it and check that it may be read. Blocks: call on a worker.

        Raises:
            ReferenceFault: not found, denied, failed, undefined.
            TransientFault: the same, and another try may help.
        """
        ...


class AsyncHandler(Protocol):
    """A handler whose `load` waits for the network: call on the loop."""

    kind: Kind

    def key(self, request: ContentRequest) -> Hashable: ...

    def paths(self, request: ContentRequest) -> tuple[Path, ...]: ...

    async def load(self, request: ContentRequest, *, force: bool = False) -> Content:
        """As `Handler.load`; `force` asks the other side even if the time to live is not over."""
        ...

    def changed(self, content: Content) -> bool:
        """Tell whether it is time to ask again."""
        ...


def retry_policy(settings: Settings) -> RetryPolicy:
    """The settings' `retry` as a policy: only faults that may pass are tried again."""
    retry = settings.retry
    return RetryPolicy(
        attempts=retry.attempts,
        delay=retry.delay,
        backoff=retry.backoff,
        max_delay=retry.max_delay,
        retry_on=(TransientFault,),
    )
