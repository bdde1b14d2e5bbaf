"""`textDocument/codeAction`: what can be done about a reference, a selection, a budget. Edits are made when one is chosen.

What an action will do is told in its data (`id` and a place), and worked out by `codeAction/resolve`, or by the command
`weighbridge.applyFix` for clients that know no actions but commands, or at once for those that resolve nothing.
"""

import logging
from typing import Any

from lsprotocol import types

from weighbridge.lsp.backend import Backend
from weighbridge.lsp.features.fixes import Fixes
from weighbridge.lsp.features.offers import QUICK_FIX, Fix, Offers, is_a
from weighbridge.lsp.protocol import InvalidParamsError, RequestError
from weighbridge.session.document import Document

logger = logging.getLogger(__name__)


class CodeActions:
    """Code actions for one client."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._session = backend.session
        self._fixes = Fixes(backend)
        document, workspace, window = (
            backend.capabilities.text_document,
            backend.capabilities.workspace,
            backend.capabilities.window,
        )
        action = document.code_action if document else None
        self._literals = action is not None and action.code_action_literal_support is not None
        self._preferred = bool(action and action.is_preferred_support)
        properties = (action.resolve_support.properties if action and action.resolve_support else None) or ()
        self._lazy = bool(action and action.data_support) and "edit" in properties
        self._applies = bool(workspace and workspace.apply_edit)
        self._shows = bool(window and window.show_document and window.show_document.support)
        self._offers = Offers(backend, self._fixes, shows=self._shows)

    async def actions(self, params: types.CodeActionParams) -> list[types.CodeAction] | list[types.Command]:
        """What can be done at a place."""
        document = await self._backend.looked_up(params.text_document.uri)
        if document is None or document.prepared is None:
            return []
        only = params.context.only
        # Nobody asked: a light bulb is for what is wrong.
        unasked = params.context.trigger_kind == types.CodeActionTriggerKind.Automatic
        fixes = [
            fix
            for fix in await self._offers.offered(document, params)
            if not (unasked and fix.kind is not QUICK_FIX)
            and (only is None or any(is_a(fix.kind, kind) for kind in only))
        ]
        if not self._literals:
            return [
                fix.command
                or types.Command(fix.title, "weighbridge.applyFix", arguments=[self._data(document, fix)])
                for fix in fixes
                if fix.command is not None or self._applies
            ]
        return [action for fix in fixes if (action := await self._action(document, fix)) is not None]

    async def resolve(self, action: types.CodeAction) -> types.CodeAction:
        """Work out what a chosen action does.

        Raises:
            RequestError: it can't be done; the message says why.
        """
        if isinstance(action.data, dict) and action.edit is None:
            action.edit = await self._fixes.edit_of(action.data)
        return action

    async def apply(self, arguments: list[Any]) -> bool:
        """`weighbridge.applyFix`: the same for clients that know commands only. Returns whether it was applied."""
        data = arguments[0] if arguments else None
        if not isinstance(data, dict):
            raise InvalidParamsError("weighbridge.applyFix: expected what a code action gave")
        if not self._applies:
            raise RequestError("weighbridge.applyFix: this editor doesn't say that it applies edits")
        edit = await self._fixes.edit_of(data)
        answer = await self._backend.client.ask(
            types.WORKSPACE_APPLY_EDIT, types.ApplyWorkspaceEditParams(edit)
        )
        return isinstance(answer, dict) and answer.get("applied") is True

    async def show(self, arguments: list[Any]) -> None:
        """`weighbridge.show`: bring a range of a document before the user."""
        place = arguments[0] if arguments else None
        try:
            uri, range_ = place["uri"], place["range"]  # type: ignore[index]  # told below what it must be
            selection = types.Range(types.Position(**range_["start"]), types.Position(**range_["end"]))
        except (TypeError, KeyError) as error:
            raise InvalidParamsError("weighbridge.show: expected {uri, range}") from error
        if not self._shows:
            raise RequestError("weighbridge.show: this editor doesn't say that it shows documents")
        await self._backend.client.ask(
            types.WINDOW_SHOW_DOCUMENT, types.ShowDocumentParams(uri, take_focus=True, selection=selection)
        )

    async def _action(self, document: Document, fix: Fix) -> types.CodeAction | None:
        action = types.CodeAction(fix.title, fix.kind, command=fix.command)
        if fix.fixes is not None:
            action.diagnostics = [fix.fixes]
        if self._preferred and fix.preferred:
            action.is_preferred = True
        if fix.command is None:
            data = self._data(document, fix)
            if self._lazy:
                action.data = data
            else:
                try:
                    action.edit = await self._fixes.edit_of(data)
                except RequestError as error:
                    logger.info("%s: %s", fix.title, error)
                    return None
        return action

    @staticmethod
    def _data(document: Document, fix: Fix) -> dict[str, Any]:
        return {"uri": document.uri, "version": document.version, "id": fix.id, **fix.arguments}
