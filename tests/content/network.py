"""A network in memory: names to addresses, addresses to answers, a clock, and a record of all that was asked."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path
from typing import Any

import httpx

from weighbridge.content.api import ApiHandler

Respond = Callable[[httpx.Request], httpx.Response]


class Body(httpx.AsyncByteStream):
    """A response's body in pieces, as they come over the wire."""

    def __init__(self, pieces: Iterable[bytes | Exception]) -> None:
        self.pieces = pieces
        self.sent = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            if isinstance(piece, Exception):
                raise piece
            self.sent += len(piece)
            yield piece


class Endless(httpx.AsyncByteStream):
    """A body that starts and never goes on."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"a"
        await asyncio.Event().wait()


class Network:
    """`hosts`: name to addresses, or to a list of them a resolution. `respond`: what all addresses answer."""

    def __init__(self, respond: Respond | list[httpx.Response | Exception]) -> None:
        self.hosts: dict[str, list[list[str]]] = {}
        self.resolved: list[tuple[str, int]] = []
        self.requests: list[httpx.Request] = []
        self.slept: list[float] = []
        self.time = 1_000_000.0
        self._respond = respond

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if callable(self._respond):
            return self._respond(request)
        answer = self._respond.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def resolve(self, host: str, port: int) -> list[str]:
        self.resolved.append((host, port))
        if host not in self.hosts:
            raise OSError("no such name")
        answers = self.hosts[host]
        return answers.pop(0) if len(answers) > 1 else answers[0]

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds

    @property
    def urls(self) -> list[str]:
        """What was asked for, as the other side sees it."""
        return [
            f"{one.url.scheme}://{one.headers['host']}{one.url.raw_path.decode()}" for one in self.requests
        ]

    @contextlib.asynccontextmanager
    async def handler(self, folder: Path | None = None, **world: Any) -> AsyncIterator[ApiHandler]:
        handler = ApiHandler(
            folder,
            transport=httpx.MockTransport(self.answer),
            resolve=self.resolve,
            now=lambda: self.time,
            sleep=self.sleep,
            **world,
        )
        try:
            yield handler
        finally:
            await handler.aclose()


def public(*answers: httpx.Response | Exception) -> Network:
    """A network where api.example leads to a public address that gives these answers, one after another."""
    network = Network(list(answers))
    network.hosts["api.example"] = [["93.184.216.34"]]
    return network
