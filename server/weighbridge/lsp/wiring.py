"""One client's session and all that shows it, wired together after `initialize`."""

import asyncio
import contextlib
import logging
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from lsprotocol import types

from weighbridge.config import Layer
from weighbridge.lsp.abilities import ClientAbilities
from weighbridge.lsp.answers import Answers
from weighbridge.lsp.backend import Backend
from weighbridge.lsp.convert import encoding_of
from weighbridge.lsp.health import Health
from weighbridge.lsp.protocol import RequestError
from weighbridge.lsp.publisher import Publisher
from weighbridge.lsp.settings_files import SettingsFiles
from weighbridge.lsp.sync import TextSync
from weighbridge.lsp.unsaved import UnsavedTexts
from weighbridge.lsp.watching import Watching
from weighbridge.session.configuration import Configuration
from weighbridge.session.display import Display
from weighbridge.session.services import Services
from weighbridge.session.session import Session
from weighbridge.session.workspace import Workspace
from weighbridge.steps import ITEMS
from weighbridge.unsaved_texts import Offer
from weighbridge.uris import path_of, uri_of

if TYPE_CHECKING:
    from weighbridge.lsp.server import Server

logger = logging.getLogger(__name__)

SECTION = "weighbridge"
#: Seconds that the client gets to answer what its settings are; then documents are counted without.
_SECONDS_FOR_SETTINGS = 10.0
#: Files of settings at a folder's root.
SETTINGS_FILES = ("weighbridge.toml", "pyproject.toml")


class Wiring:
    """The parts of one client's server that need a session."""

    def __init__(
        self,
        server: "Server",
        params: types.InitializeParams,
        services: Services,
        configuration: Configuration,
    ) -> None:
        self._server = server
        self._services = services
        self._configuration = configuration
        self._background: set[asyncio.Task[None]] = set()
        #: Whether all that settings come from was asked once.
        self._configured = False
        self.abilities = ClientAbilities.of(params.capabilities, params.initialization_options)
        self._publisher = Publisher(server.protocol, self.abilities, lambda: self.session)
        self._display = Display(
            show=self._publisher.show,
            debounce=lambda document: self.session.settings_of(document).debounce / 1000,
            quiet=lambda document: self.session.quiet(document),  # noqa: PLW0108  the session is made below
            hide=self._publisher.hide,
        )
        self.session: Session = Session(
            tasks=services.tasks,
            handlers=services.handlers,
            service=services.service,
            configuration=configuration,
            open_texts=services.open_texts,
            encoding=encoding_of(server.protocol.position_encoding),
            listener=self._display,
        )
        self.workspace = Workspace(self.session, services.tasks)
        backend = Backend(
            self.session,
            self.workspace,
            services.tasks,
            server.protocol,
            self.abilities,
            params.capabilities,
        )
        self.answers = Answers(backend, TextSync(self.session, reorders=_reorders(params.client_info)))
        self.answers.diagnostics.on_pulled = self._publisher.pulled
        self.session.on_files_changed = self.workspace.files_changed
        self._publisher.on_diagnostics = self.workspace.wake
        self.health = Health(
            server.protocol,
            self.abilities,
            services.tasks,
            shown_elsewhere=lambda: self.answers.weighing.shown,
        )
        self._settings_files = SettingsFiles(server.protocol)
        self.workspace.on_warning = self.health.warn
        self.workspace.on_over = self.health.over
        self._publisher.on_lacking = self.health.warn
        self._publisher.on_due = self.answers.resolved_texts.changed
        self._watching = Watching(server.protocol, self.abilities, self._files_changed, self._look_again)
        self._offer: Offer | None = None

    @classmethod
    async def make(cls, server: "Server", params: types.InitializeParams) -> Self:
        """Wire a session for a client that said `initialize`."""
        folders = _folders(params)
        configuration = Configuration(
            folders, [_editor_layer("initializationOptions", params.initialization_options)]
        )
        # The store, on a thread of its own, may have something to say before all is wired: the loop's next turn hears it.
        loop = asyncio.get_running_loop()
        services = Services.make(
            configuration.settings,
            on_warning=lambda text: loop.call_soon_threadsafe(lambda: wired.health.warn(text)),
            on_over=lambda text: loop.call_soon_threadsafe(lambda: wired.health.over(text)),
        )
        wired = cls(server, params, services, configuration)
        if server.offers_unsaved:
            await wired._offer_unsaved()
        return wired

    def initialized(self, _: types.InitializedParams) -> None:
        """The client is ready to be asked: settings first, then what is to be watched."""
        self._follow(self._begin())

    async def aclose(self) -> None:
        """End the session, and all that shows it."""
        self._display.close()
        self.health.close()
        self.answers.weighing.close()
        await self._watching.aclose()
        if self._offer is not None:
            await self._offer.aclose()
        for task in self._background:
            task.cancel()
        await self.workspace.aclose()
        await self.session.aclose()
        await self._services.aclose()

    async def _offer_unsaved(self) -> None:
        """Tell `weighbridge mcp` what is not saved, where that can be."""
        unsaved = UnsavedTexts(self.session, self._services.tasks)
        try:
            self._offer = await Offer.begin(unsaved.under)
        except OSError as error:
            self.health.warn(f"--mcp: what is not saved can't be told to agents: {error}")
        else:
            self.answers.sync.on_opened = lambda document: self._follow(unsaved.opened(document))

    # Settings

    def did_change_configuration(self, params: types.DidChangeConfigurationParams) -> None:
        """The editor's values changed: those it sends, or those it is asked for."""
        if isinstance(params.settings, dict) and SECTION in params.settings:
            self._configuration.set_layer(_editor_layer("editor", params.settings))
            if self._configured:
                self._settings_changed()
        else:
            self._follow(self._configure())

    def did_change_workspace_folders(self, params: types.DidChangeWorkspaceFoldersParams) -> None:
        """Folders came or went."""
        removed_paths = {path_of(folder.uri) for folder in params.event.removed}
        added_paths = [path for folder in params.event.added if (path := path_of(folder.uri)) is not None]
        remaining = [folder for folder in self._configuration.folders if folder not in removed_paths]
        self._configuration.set_folders(
            [*remaining, *(path for path in added_paths if path not in remaining)]
        )
        self._follow(self._configure())

    async def _begin(self) -> None:
        await self._configure()
        look = self._watching.look
        self.session.readings.on_watched = self.session.arriving.on_watched = self.workspace.on_watched = look
        await self._watching.begin(self._configuration.folders, self._watched)
        if self.abilities.watch_configuration:
            registration = types.Registration(
                "weighbridge-configuration",
                types.WORKSPACE_DID_CHANGE_CONFIGURATION,
                {"section": SECTION},
            )
            with contextlib.suppress(RequestError):
                await self._server.protocol.ask(
                    types.CLIENT_REGISTER_CAPABILITY, types.RegistrationParams([registration])
                )

    async def _configure(self) -> None:
        """Read the folders' files, ask the editor, put both in force."""
        folders = self._configuration.folders
        layers = await self._services.tasks.submit(
            ("settings",), lambda token: self._configuration.read_files(folders), title="settings", join=False
        )
        if self.abilities.configuration:
            await self._ask_for_settings(folders)
        # Last, for both are in force together.
        self._configuration.take_files(layers)
        self._configured = True
        self._settings_changed()

    async def _ask_for_settings(self, folders: Sequence[Path]) -> None:
        """Ask the editor for its values; with several folders, also for each one's."""
        scopes = folders if len(folders) > 1 else ()
        items = [types.ConfigurationItem(uri_of(folder), SECTION) for folder in scopes]
        params = types.ConfigurationParams([types.ConfigurationItem(section=SECTION), *items])
        try:
            answer = await asyncio.wait_for(
                self._server.protocol.ask(types.WORKSPACE_CONFIGURATION, params), _SECONDS_FOR_SETTINGS
            )
        except (RequestError, TimeoutError) as error:
            logger.warning("the editor gave no settings: %s", error)
            return
        values = answer if isinstance(answer, list) and answer else [None]
        # An editor that answers with fewer values than it was asked for has none for its folders.
        of_folders = {
            folder: _editor_layer("editor", value)
            for folder, value in zip(scopes, values[1:], strict=False)
            if isinstance(value, dict)
        }
        self._configuration.set_layer(_editor_layer("editor", values[0]), of_folders)

    def _settings_changed(self) -> None:
        settings = self._configuration.settings
        self.health.settings_warnings(self._configuration.warnings, self._configuration.warnings_in_files)
        self._settings_files.show(self._configuration.file_faults)
        self._services.configured(settings)
        self.session.configured()
        self.workspace.configured()

    # Files

    def _watched(self) -> frozenset[Path]:
        """All files that matter now."""
        return (
            self.session.readings.watched() | self.session.arriving.watched() | self.workspace.prompts.files()
        )

    def did_change_watched_files(self, params: types.DidChangeWatchedFilesParams) -> None:
        """Files changed on disk, says the client."""
        self._files_changed([path for event in params.changes if (path := path_of(event.uri)) is not None])

    def _files_changed(self, paths: Sequence[Path]) -> None:
        if any(path.name in SETTINGS_FILES and path.parent in self._configuration.folders for path in paths):
            self._follow(self._configure())
        self.session.files_changed(paths)

    def _look_again(self, paths: Sequence[Path]) -> None:
        """Files may have changed, though nobody saw it: they are looked at some at a time."""
        self._follow(self._look_at(paths))

    async def _look_at(self, paths: Sequence[Path]) -> None:
        names: list[Path] = []
        for start in range(0, len(paths), ITEMS):
            names += self.session.look_again(paths[start : start + ITEMS])
            await asyncio.sleep(0)
        self.workspace.look_again(names)

    def _follow(self, work: Coroutine[Any, Any, None]) -> None:
        async def run() -> None:
            try:
                await work
            except Exception:  # nobody waits for it: the log is all there is
                logger.exception("background work failed")

        task = asyncio.get_running_loop().create_task(run())
        self._background.add(task)
        task.add_done_callback(self._background.discard)


def _editor_layer(name: str, values: Any) -> Layer:
    return Layer(name, values if isinstance(values, dict) else {}, trusted_source=True)


def _folders(params: types.InitializeParams) -> list[Path]:
    uris = [folder.uri for folder in params.workspace_folders or ()]
    if not uris and params.root_uri:
        uris = [params.root_uri]
    folders = [path for uri in uris if (path := path_of(uri)) is not None]
    if not uris and params.root_path:
        folders = [Path(params.root_path)]
    return folders


def _reorders(client: types.ClientInfo | None) -> bool:
    """Whether a client is known to send bursts of changes in the wrong order, each numbered by one more."""
    return client is not None and client.name.lower() == "helix"
