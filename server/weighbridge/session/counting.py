"""The uncounted pieces of documents: handed to workers, some in each turn of the loop, and their counts brought back."""

import asyncio
import itertools
import logging
from collections.abc import Callable

from weighbridge.errors import FATAL
from weighbridge.session.document import Document
from weighbridge.tokens.base import Tokenizer
from weighbridge.tokens.counted import CountedBuffer, Job
from weighbridge.tokens.service import TokenCountingService
from weighbridge.work import Priority, Task, TaskCancelledError, TaskManager

logger = logging.getLogger(__name__)

#: Characters counted in one task: long enough to be worth a thread's while, short enough to stop soon.
_CHARACTERS_A_TASK = 256 * 1024
#: Uncounted chunks handed out in one turn of the loop.
_JOBS_A_TURN = 64


class Counting:
    """The way of the documents' counts through the workers."""

    def __init__(
        self,
        tasks: TaskManager,
        service: TokenCountingService,
        answered: Callable[[Document], None],
        failed: Callable[[Document, BaseException], bool],
    ) -> None:
        """`answered` is told when counts of a document are there; `failed` when some never will be. It decides what then."""
        self._tasks = tasks
        self._service = service
        self._answered = answered
        self._failed = failed
        self._numbers = itertools.count()
        self._following: set[asyncio.Task[None]] = set()

    def hand_out(self, document: Document, buffer: CountedBuffer, tokenizer: Tokenizer) -> bool:
        """Hand out what is uncounted, a turn's worth; True when that was all."""
        jobs = buffer.pending(_JOBS_A_TURN)
        batch: list[Job] = []
        characters = 0
        for job in jobs:
            batch.append(job)
            characters += len(job.text)
            if characters >= _CHARACTERS_A_TASK or job is jobs[-1]:
                self._submit(document, buffer, batch, tokenizer)
                batch, characters = [], 0
        return len(jobs) < _JOBS_A_TURN

    def _submit(
        self, document: Document, buffer: CountedBuffer, jobs: list[Job], tokenizer: Tokenizer
    ) -> None:
        service, texts = self._service, [job.text for job in jobs]
        private = any(job.private for job in jobs)
        task = self._tasks.submit(
            ("count", document.uri, next(self._numbers)),
            lambda token: service.count_many(texts, tokenizer, private=private),
            priority=Priority.HIGH,
            title=document.uri,
        )
        following = asyncio.get_running_loop().create_task(self._follow(document, buffer, jobs, task))
        self._following.add(following)
        following.add_done_callback(self._following.discard)

    async def _follow(
        self, document: Document, buffer: CountedBuffer, jobs: list[Job], task: Task[list[int]]
    ) -> None:
        try:
            for job, tokens in zip(jobs, await task, strict=True):
                buffer.answer(job, tokens)
        except TaskCancelledError:
            return
        except FATAL:
            raise
        except BaseException as error:  # whatever it is, who waits for the count must hear of it
            logger.exception("a text could not be counted")
            # Of what was dropped meanwhile, another task may have failed before.
            if any(counted is buffer for counted in document.buffers()):
                self._failed(document, error)
            return
        self._answered(document)
