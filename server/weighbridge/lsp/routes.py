"""Which message goes to which answer. Read before the session's rooms are imported: it names them and no more."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lsprotocol import types

if TYPE_CHECKING:
    from weighbridge.lsp.wiring import Wiring


@dataclass(frozen=True, slots=True)
class Route:
    """A method, who answers it, and what the client is told of it at `initialize`."""

    method: str
    to: "Callable[[Wiring], Callable[[Any], Any]]"
    options: Any = None


#: Files and folders of any name.
_ALL_FILES = types.FileOperationRegistrationOptions(
    [types.FileOperationFilter(types.FileOperationPattern("**"), scheme="file")]
)

ROUTES = (
    # Life
    Route(types.INITIALIZED, lambda wiring: wiring.initialized),
    Route(types.WORKSPACE_DID_CHANGE_CONFIGURATION, lambda wiring: wiring.did_change_configuration),
    Route(types.WORKSPACE_DID_CHANGE_WATCHED_FILES, lambda wiring: wiring.did_change_watched_files),
    Route(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS, lambda wiring: wiring.did_change_workspace_folders),
    # Documents
    Route(types.TEXT_DOCUMENT_DID_OPEN, lambda wiring: wiring.answers.sync.did_open),
    Route(types.TEXT_DOCUMENT_DID_CHANGE, lambda wiring: wiring.answers.sync.did_change),
    Route(types.TEXT_DOCUMENT_DID_CLOSE, lambda wiring: wiring.answers.sync.did_close),
    Route(types.TEXT_DOCUMENT_DID_SAVE, lambda wiring: wiring.answers.sync.did_save),
    # Features
    Route(
        types.TEXT_DOCUMENT_INLAY_HINT,
        lambda wiring: wiring.answers.hints.hints,
        types.InlayHintOptions(resolve_provider=True),
    ),
    Route(types.INLAY_HINT_RESOLVE, lambda wiring: wiring.answers.hints.resolve),
    Route(types.TEXT_DOCUMENT_CODE_LENS, lambda wiring: wiring.answers.code_lenses.lenses),
    Route(types.TEXT_DOCUMENT_HOVER, lambda wiring: wiring.answers.hover.hover),
    Route(
        types.TEXT_DOCUMENT_CODE_ACTION,
        lambda wiring: wiring.answers.code_actions.actions,
        types.CodeActionOptions(
            code_action_kinds=(
                types.CodeActionKind.QuickFix,
                types.CodeActionKind.RefactorInline,
                types.CodeActionKind.RefactorExtract,
                types.CodeActionKind.Source,
            ),
            resolve_provider=True,
        ),
    ),
    Route(types.CODE_ACTION_RESOLVE, lambda wiring: wiring.answers.code_actions.resolve),
    Route(
        types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL,
        lambda wiring: wiring.answers.token_borders.full,
        types.SemanticTokensLegend(token_types=("string", "keyword"), token_modifiers=()),
    ),
    Route(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_RANGE, lambda wiring: wiring.answers.token_borders.range),
    Route(
        types.TEXT_DOCUMENT_COMPLETION,
        lambda wiring: wiring.answers.completion.complete,
        types.CompletionOptions(
            trigger_characters=("@", "[", ":", "/", "#", "{", "."), resolve_provider=True
        ),
    ),
    Route(types.COMPLETION_ITEM_RESOLVE, lambda wiring: wiring.answers.completion.resolve),
    Route(types.TEXT_DOCUMENT_DEFINITION, lambda wiring: wiring.answers.navigation.definition),
    Route(types.TEXT_DOCUMENT_DOCUMENT_LINK, lambda wiring: wiring.answers.navigation.document_links),
    Route(types.TEXT_DOCUMENT_REFERENCES, lambda wiring: wiring.answers.includes.references),
    Route(
        types.TEXT_DOCUMENT_RENAME,
        lambda wiring: wiring.answers.rename.rename,
        types.RenameOptions(prepare_provider=True),
    ),
    Route(types.TEXT_DOCUMENT_PREPARE_RENAME, lambda wiring: wiring.answers.rename.prepare),
    Route(
        types.WORKSPACE_WILL_RENAME_FILES, lambda wiring: wiring.answers.moves.will_rename_files, _ALL_FILES
    ),
    Route(types.WORKSPACE_DID_RENAME_FILES, lambda wiring: wiring.answers.moves.did_rename_files, _ALL_FILES),
    Route(types.TEXT_DOCUMENT_PREPARE_CALL_HIERARCHY, lambda wiring: wiring.answers.includes.prepare),
    Route(types.CALL_HIERARCHY_INCOMING_CALLS, lambda wiring: wiring.answers.includes.incoming),
    Route(types.CALL_HIERARCHY_OUTGOING_CALLS, lambda wiring: wiring.answers.includes.outgoing),
    Route(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, lambda wiring: wiring.answers.symbols.document),
    Route(types.WORKSPACE_SYMBOL, lambda wiring: wiring.answers.symbols.workspace),
    Route(
        types.TEXT_DOCUMENT_DIAGNOSTIC,
        lambda wiring: wiring.answers.diagnostics.document,
        types.DiagnosticOptions(
            inter_file_dependencies=True, workspace_diagnostics=True, identifier="weighbridge"
        ),
    ),
    Route(types.WORKSPACE_DIAGNOSTIC, lambda wiring: wiring.answers.diagnostics.workspace),
    Route(types.WINDOW_WORK_DONE_PROGRESS_CANCEL, lambda wiring: wiring.answers.weighing.cancel),
    Route(types.WORKSPACE_TEXT_DOCUMENT_CONTENT, lambda wiring: wiring.answers.resolved_texts.content),
    # Weighbridge's own
    Route("weighbridge/report", lambda wiring: wiring.answers.requests.report),
    Route("weighbridge/count", lambda wiring: wiring.answers.requests.count),
    Route("weighbridge/render", lambda wiring: wiring.answers.requests.render),
    Route("weighbridge/context", lambda wiring: wiring.answers.requests.context),
)

#: Without `weighbridge.`; `Answers.commands` has who runs them.
COMMANDS = (
    "report",
    "render",
    "refresh",
    "clearCache",
    "showCounts",
    "showResolved",
    "checkWorkspace",
    "models",
    "toggleTokens",
    "applyFix",
    "show",
)
