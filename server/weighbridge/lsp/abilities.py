"""What a client can be sent: from its capabilities and initialization options. What it lacks is not sent to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lsprotocol import types


@dataclass(frozen=True, slots=True)
class ClientAbilities:
    """What the client can be sent: from its capabilities and initialization options."""

    pull_diagnostics: bool = False
    refresh_diagnostics: bool = False
    related_information: bool = False
    faded_text: bool = False
    versions: bool = False
    refresh_hints: bool = False
    refresh_lenses: bool = False
    status: bool = False
    server_status: bool = False
    progress: bool = False
    configuration: bool = False
    watch_files: bool = False
    watch_configuration: bool = False
    markdown_hovers: bool = False

    @classmethod
    def of(cls, capabilities: types.ClientCapabilities, options: Any) -> "ClientAbilities":
        """Read them; a client that says nothing gets nothing but push diagnostics."""
        document, workspace, window = capabilities.text_document, capabilities.workspace, capabilities.window
        publish = document.publish_diagnostics if document else None
        pull = document.diagnostic if document else None
        experimental = capabilities.experimental if isinstance(capabilities.experimental, dict) else {}
        own = experimental.get("weighbridge")
        wants_status = isinstance(own, dict) and own.get("status") is True
        asks_status = isinstance(options, dict) and options.get("status") is True
        watched = workspace.did_change_watched_files if workspace else None
        settings = workspace.did_change_configuration if workspace else None
        refresh_diagnostics = bool(
            workspace and workspace.diagnostics and workspace.diagnostics.refresh_support
        )
        hover = document.hover if document else None
        formats = hover.content_format if hover else None
        return cls(
            # Without refresh nothing would ever tell such a client that a referenced file changed: push instead.
            pull_diagnostics=pull is not None and refresh_diagnostics,
            refresh_diagnostics=refresh_diagnostics,
            faded_text=bool(publish and publish.tag_support),
            related_information=bool(
                (pull and getattr(pull, "related_information", None))
                or (publish and publish.related_information)
            ),
            versions=bool(publish and publish.version_support),
            refresh_hints=bool(workspace and workspace.inlay_hint and workspace.inlay_hint.refresh_support),
            refresh_lenses=bool(workspace and workspace.code_lens and workspace.code_lens.refresh_support),
            status=wants_status or asks_status,
            server_status=experimental.get("serverStatusNotification") is True,
            progress=bool(window and window.work_done_progress),
            configuration=bool(workspace and workspace.configuration),
            watch_files=bool(watched and watched.dynamic_registration),
            watch_configuration=bool(settings and settings.dynamic_registration),
            markdown_hovers=types.MarkupKind.Markdown in (formats or ()),
        )


def client_commands(capabilities: types.ClientCapabilities) -> Sequence[object]:
    """The client's own commands that it runs for a server, as rust-analyzer has clients declare them."""
    experimental = capabilities.experimental
    commands = experimental.get("commands") if isinstance(experimental, dict) else None
    names = commands.get("commands") if isinstance(commands, dict) else None
    return names if isinstance(names, list) else ()
