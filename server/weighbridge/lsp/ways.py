"""Which message goes to which answer. Read before the session's rooms are imported: it names them and no more."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lsprotocol import types

if TYPE_CHECKING:
    from weighbridge.lsp.wiring import Wiring


@dataclass(frozen=True, slots=True)
class Way:
    """A method, who answers it, and what the client is told of it at `initialize`."""

    method: str
    to: "Callable[[Wiring], Callable[[Any], Any]]"
    options: Any = None


#: Files and folders of any name.
_ALL_FILES = types.FileOperationRegistrationOptions(
    [types.FileOperationFilter(types.FileOperationPattern("**"), scheme="file")]
)

WAYS = (
    # Life
    Way(types.INITIALIZED, lambda wiring: wiring.initialized),
    Way(types.WORKSPACE_DID_CHANGE_CONFIGURATION, lambda wiring: wiring.did_change_configuration),
    Way(types.WORKSPACE_DID_CHANGE_WATCHED_FILES, lambda wiring: wiring.did_change_watched_files),
    Way(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS, lambda wiring: wiring.did_change_workspace_folders),
    # Documents
    Way(types.TEXT_DOCUMENT_DID_OPEN, lambda wiring: wiring.answers.sync.did_open),
    Way(types.TEXT_DOCUMENT_DID_CHANGE, lambda wiring: wiring.answers.sync.did_change),
    Way(types.TEXT_DOCUMENT_DID_CLOSE, lambda wiring: wiring.answers.sync.did_close),
    Way(types.TEXT_DOCUMENT_DID_SAVE, lambda wiring: wiring.answers.sync.did_save),
    # Features
    Way(
        types.TEXT_DOCUMENT_INLAY_HINT,
        lambda wiring: wiring.answers.hints.hints,
        types.InlayHintOptions(resolve_provider=True),
    ),
    Way(types.INLAY_HINT_RESOLVE, lambda wiring: wiring.answers.hints.resolve),
    Way(types.TEXT_DOCUMENT_CODE_LENS, lambda wiring: wiring.answers.code_lenses.lenses),
    Way(types.TEXT_DOCUMENT_HOVER, lambda wiring: wiring.answers.hover.hover),
    Way(
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
    Way(types.CODE_ACTION_RESOLVE, lambda wiring: wiring.answers.code_actions.resolve),
    Way(
        types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL,
        lambda wiring: wiring.answers.token_borders.full,
        types.SemanticTokensLegend(token_types=("string", "keyword"), token_modifiers=()),
    ),
    Way(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_RANGE, lambda wiring: wiring.answers.token_borders.range),
    Way(
        types.TEXT_DOCUMENT_COMPLETION,
        lambda wiring: wiring.answers.completion.complete,
        types.CompletionOptions(
            trigger_characters=("@", "[", ":", "/", "#", "{", "."), resolve_provider=True
        ),
    ),
    Way(types.COMPLETION_ITEM_RESOLVE, lambda wiring: wiring.answers.completion.resolve),
    Way(types.TEXT_DOCUMENT_DEFINITION, lambda wiring: wiring.answers.navigation.definition),
    Way(types.TEXT_DOCUMENT_DOCUMENT_LINK, lambda wiring: wiring.answers.navigation.document_links),
    Way(types.TEXT_DOCUMENT_REFERENCES, lambda wiring: wiring.answers.includes.references),
    Way(
        types.TEXT_DOCUMENT_RENAME,
        lambda wiring: wiring.answers.rename.rename,
        types.RenameOptions(prepare_provider=True),
    ),
    Way(types.TEXT_DOCUMENT_PREPARE_RENAME, lambda wiring: wiring.answers.rename.prepare),
    Way(types.WORKSPACE_WILL_RENAME_FILES, lambda wiring: wiring.answers.moves.will_rename_files, _ALL_FILES),
    Way(types.WORKSPACE_DID_RENAME_FILES, lambda wiring: wiring.answers.moves.did_rename_files, _ALL_FILES),
    Way(types.TEXT_DOCUMENT_PREPARE_CALL_HIERARCHY, lambda wiring: wiring.answers.includes.prepare),
    Way(types.CALL_HIERARCHY_INCOMING_CALLS, lambda wiring: wiring.answers.includes.incoming),
    Way(types.CALL_HIERARCHY_OUTGOING_CALLS, lambda wiring: wiring.answers.includes.outgoing),
    Way(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, lambda wiring: wiring.answers.symbols.document),
    Way(types.WORKSPACE_SYMBOL, lambda wiring: wiring.answers.symbols.workspace),
    Way(
        types.TEXT_DOCUMENT_DIAGNOSTIC,
        lambda wiring: wiring.answers.diagnostics.document,
        types.DiagnosticOptions(
            inter_file_dependencies=True, workspace_diagnostics=True, identifier="weighbridge"
        ),
    ),
    Way(types.WORKSPACE_DIAGNOSTIC, lambda wiring: wiring.answers.diagnostics.workspace),
    Way(types.WINDOW_WORK_DONE_PROGRESS_CANCEL, lambda wiring: wiring.answers.weighing.cancel),
    # Weighbridge's own
    Way("weighbridge/report", lambda wiring: wiring.answers.requests.report),
    Way("weighbridge/count", lambda wiring: wiring.answers.requests.count),
    Way("weighbridge/render", lambda wiring: wiring.answers.requests.render),
    Way("weighbridge/context", lambda wiring: wiring.answers.requests.context),
)

#: Without `weighbridge.`; `Answers.commands` has who runs them.
COMMANDS = (
    "report",
    "render",
    "refresh",
    "clearCache",
    "showCounts",
    "checkWorkspace",
    "models",
    "toggleTokens",
    "applyFix",
    "show",
)
