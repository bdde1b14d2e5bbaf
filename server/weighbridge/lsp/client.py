"""The client as the parts of the server see it: what they tell it and what they ask it."""

from typing import Any, Protocol


class Client(Protocol):
    """The way to the client."""

    def notify(self, method: str, params: Any | None = None) -> None: ...

    async def ask(self, method: str, params: Any | None = None) -> Any: ...

    def nudge(self, method: str) -> None: ...
