"""Faults that may pass are tried again, as often as the settings say by now; no others are."""

from pathlib import Path

import pytest
from tests.session.harness import Counted, a_session, manager_of, open_file, set_layer
from tests.session.test_contents import settle

from weighbridge.content.base import Content, ContentRequest
from weighbridge.content.factory import HandlerFactory
from weighbridge.errors import Code, ReferenceFault, TransientFault
from weighbridge.references.model import Kind
from weighbridge.session.workspace import Workspace


class Failing(Counted):
    """A handler whose every look fails."""

    def __init__(self, handlers: HandlerFactory, fault: type[ReferenceFault]) -> None:
        super().__init__(handlers.blocking(Kind.FILE))
        handlers._blocking[Kind.FILE] = self
        self._fault = fault

    def load(self, request: ContentRequest) -> Content:
        self.loads.append(request.target)
        raise self._fault(Code.FAILED, "not now")

    def tries(self) -> int:
        """The looks since this was asked last."""
        number, self.loads = len(self.loads), []
        return number


@pytest.mark.parametrize(("fault", "tries"), [(TransientFault, 3), (ReferenceFault, 1)])
async def test_only_what_may_pass_is_tried_again(
    tmp_path: Path, fault: type[ReferenceFault], tries: int
) -> None:
    (tmp_path / "doc.md").write_text("@[file:a.md]")
    handlers = HandlerFactory()
    failing = Failing(handlers, fault)
    async with a_session(tmp_path, handlers=handlers) as session:
        await session.queries.ready(open_file(session, tmp_path / "doc.md"))
        assert failing.tries() == tries


async def test_the_retry_setting_reaches_every_session_at_once(tmp_path: Path) -> None:
    (tmp_path / "doc.prompt.md").write_text("@[file:a.md]")
    handlers = HandlerFactory()
    failing = Failing(handlers, TransientFault)
    async with a_session(tmp_path, handlers=handlers) as session:
        document = open_file(session, tmp_path / "doc.prompt.md")
        workspace = Workspace(session, manager_of(session))
        try:
            for attempts in (2, 5):
                set_layer(session, {"retry": {"delay": 0, "attempts": attempts}})
                await session.queries.ready(document)
                failing.tries()
                session.refresh(document)
                await settle(session)
                # It was first looked at together with others that may not have changed.
                assert failing.tries() == 1 + attempts
                workspace.configured()
                await workspace.settled()
                assert failing.tries() == attempts
        finally:
            await workspace.aclose()
