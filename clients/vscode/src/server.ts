/** The server's life: found, started, started again if it dies, stopped. Everything it says comes by here. */

import { homedir } from "node:os";
import * as vscode from "vscode";
import {
  CloseAction,
  type DynamicFeature,
  ErrorAction,
  LanguageClient,
  type LanguageClientOptions,
  type StaticFeature,
  TextDocumentContentRefreshRequest,
  TextDocumentContentRequest,
  Trace,
  TransportKind,
} from "vscode-languageclient/node";
import { Backoff } from "./backoff";
import { type ImportStrategy, type Located, locate, NoServerError } from "./locate";
import { SERVER_SETTINGS } from "./manifest";
import type { Status } from "./report";
import { selector } from "./selector";
import { explicit, type Values } from "./settings";

export type Life = "stopped" | "starting" | "running" | "failed";

/** How the server is, as it says itself (`experimental/serverStatus`). */
export interface Health {
  readonly health: "ok" | "warning" | "error";
  readonly quiescent: boolean;
  readonly message?: string;
}

const SECTION = "weighbridge";

class OurClient extends LanguageClient {
  /** The library's resolved texts go with the server: `Preview` has them, before there is a server and when it is gone. */
  override registerFeature(feature: StaticFeature | DynamicFeature<unknown>): void {
    if (
      !(
        "registrationType" in feature && feature.registrationType.method === TextDocumentContentRequest.method
      )
    ) {
      super.registerFeature(feature);
    }
  }

  /** What goes wrong is in the log: the user is told of it once, by `tell`. */
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }
}

export class Server implements vscode.Disposable {
  private readonly life$ = new vscode.EventEmitter<Life>();
  private readonly status$ = new vscode.EventEmitter<Status>();
  private readonly health$ = new vscode.EventEmitter<Health>();
  private readonly text$ = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChangeLife = this.life$.event;
  readonly onStatus = this.status$.event;
  readonly onHealth = this.health$.event;
  /** A text of the server's own, by its URI, is to be asked for again. */
  readonly onDidChangeText = this.text$.event;
  life: Life = "stopped";
  located: Located | undefined;

  private readonly backoff = new Backoff();
  private readonly disposables: vscode.Disposable[];
  private client: LanguageClient | undefined;
  /** The settings that it was started with: another start is needed for others. */
  private startedWith: string | undefined;
  private timer: NodeJS.Timeout | undefined;
  /** One start or stop after the other. */
  private turn: Promise<void> = Promise.resolve();

  constructor(
    private readonly extension: vscode.Uri,
    readonly log: vscode.LogOutputChannel,
  ) {
    this.disposables = [
      this.life$,
      this.status$,
      this.health$,
      this.text$,
      vscode.workspace.onDidChangeConfiguration((event) => this.configured(event)),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.settingsChanged()),
    ];
  }

  get pid(): number | undefined {
    return this.client?.serverProcess?.pid;
  }

  get documents(): vscode.DocumentSelector {
    return selector(included());
  }

  /** Ask the server, once it runs; nothing if it doesn't, or can't say. */
  async ask<T>(method: string, params: unknown, token?: vscode.CancellationToken): Promise<T | undefined> {
    const client = this.client;
    if (client === undefined || this.life !== "running") {
      return undefined;
    }
    try {
      // An absent token would be taken for a second parameter.
      return await (token === undefined
        ? client.sendRequest<T>(method, params)
        : client.sendRequest<T>(method, params, token));
    } catch (error) {
      if (token?.isCancellationRequested !== true) {
        this.log.warn(`${method}: ${error}`);
      }
      return undefined;
    }
  }

  command<T>(name: string, ...args: unknown[]): Promise<T | undefined> {
    return this.ask<T>("workspace/executeCommand", { command: `${SECTION}.${name}`, arguments: args });
  }

  /** A document's name as the server knows it. */
  uriOf(document: vscode.Uri): string {
    return this.client?.code2ProtocolConverter.asUri(document) ?? document.toString();
  }

  start(): Promise<void> {
    return this.inTurn(() => this.begin());
  }

  /** The user wants it anew: all deaths are forgiven. */
  restart(): Promise<void> {
    this.backoff.reset();
    return this.inTurn(async () => {
      await this.end();
      await this.begin();
    });
  }

  stop(): Promise<void> {
    return this.inTurn(() => this.end());
  }

  dispose(): void {
    clearTimeout(this.timer);
    for (const one of this.disposables) {
      one.dispose();
    }
  }

  private inTurn(step: () => Promise<void>): Promise<void> {
    clearTimeout(this.timer);
    this.turn = this.turn.then(step, step);
    return this.turn;
  }

  private async begin(): Promise<void> {
    if (this.client !== undefined) {
      return;
    }
    this.become("starting");
    this.startedWith = startSettings();
    try {
      this.located = await this.locate();
    } catch (error) {
      this.become("failed");
      await this.tell(noServer(error), error instanceof NoServerError);
      return;
    }
    this.log.info(`starting ${this.located.command} (${this.located.origin})`);
    const client = new OurClient(
      SECTION,
      "Weighbridge",
      {
        command: this.located.command,
        args: ["serve"],
        transport: TransportKind.stdio,
        // Never the workspace's folder: what lies there is anybody's.
        options: { cwd: homedir() },
      },
      this.options(),
    );
    client.registerFeature({
      fillClientCapabilities: (capabilities) => {
        capabilities.workspace = { ...capabilities.workspace, textDocumentContent: {} };
        capabilities.experimental = {
          ...capabilities.experimental,
          serverStatusNotification: true,
          weighbridge: { status: true },
          // What the server may have run here, by an action that the user chose.
          commands: { commands: ["weighbridge.allowHost"] },
        };
      },
      initialize: () => undefined,
      getState: () => ({ kind: "static" }),
      clear: () => undefined,
    });
    client.onNotification("weighbridge/status", (status: Status) => this.status$.fire(status));
    client.onNotification("experimental/serverStatus", (health: Health) => this.health$.fire(health));
    client.onRequest(TextDocumentContentRefreshRequest.type, ({ uri }) => {
      this.text$.fire(client.protocol2CodeConverter.asUri(uri));
    });
    this.client = client;
    try {
      await client.start();
      await this.traced();
      this.become("running");
    } catch (error) {
      this.log.error(`the server didn't start: ${error}`);
      await this.gone(client);
    }
  }

  private async end(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    // Nobody asks one that is about to go.
    this.become("stopped");
    if (client !== undefined) {
      try {
        await client.stop();
      } catch (error) {
        this.log.debug(`stopping: ${error}`);
      }
    }
  }

  /** The server died, or never lived: it is started again, later each time, and after some times only by the user. */
  private async gone(client: LanguageClient): Promise<void> {
    if (this.client !== client) {
      return;
    }
    this.client = undefined;
    const delay = this.backoff.next(Date.now());
    if (delay === undefined) {
      this.become("failed");
      await this.tell(
        vscode.l10n.t("The server stopped five times in a row and is not started again."),
        false,
      );
      return;
    }
    this.become("starting");
    this.log.warn(`the server left; it is started again in ${delay / 1000} s`);
    this.timer = setTimeout(() => void this.start(), delay);
  }

  private async tell(message: string, setting: boolean): Promise<void> {
    const restart = vscode.l10n.t("Restart");
    const log = vscode.l10n.t("Show Log");
    const settings = vscode.l10n.t("Open Settings");
    this.log.error(message);
    const choice = vscode.window.showErrorMessage(
      `Weighbridge: ${message}`,
      log,
      ...(setting ? [settings] : [restart]),
    );
    // Nobody waits for the user.
    void choice.then((chosen) => {
      if (chosen === restart) {
        void this.restart();
      } else if (chosen === log) {
        this.log.show();
      } else if (chosen === settings) {
        void vscode.commands.executeCommand("workbench.action.openSettings", `${SECTION}.server`);
      }
    });
  }

  private become(life: Life): void {
    if (this.life !== life) {
      this.life = life;
      void vscode.commands.executeCommand("setContext", `${SECTION}.running`, life === "running");
      this.life$.fire(life);
    }
  }

  private async locate(): Promise<Located> {
    const settings = vscode.workspace.getConfiguration(`${SECTION}.server`);
    const importStrategy = settings.get<ImportStrategy>("importStrategy", "useBundled");
    // Whose environment a folder names is the folder's word: only trusted ones are asked.
    const asks = importStrategy === "fromEnvironment" && vscode.workspace.isTrusted;
    return locate({
      path: settings.get<string>("path", "").trim(),
      importStrategy,
      extension: this.extension.fsPath,
      interpreter: asks ? await interpreter(this.log) : undefined,
      searchPath: process.env.PATH ?? "",
      windows: process.platform === "win32",
    });
  }

  private options(): LanguageClientOptions {
    let client: LanguageClient | undefined;
    return {
      documentSelector: selector(included()),
      outputChannel: this.log,
      initializationFailedHandler: () => false,
      initializationOptions: { ...settingsFor(undefined), status: true },
      stdioOptions: {
        stdout: () => undefined,
        stderr: (input, channel) => {
          input.setEncoding("utf8");
          input.on("data", (text: string) => {
            for (const line of text.split(/\r?\n/).filter((one) => one !== "")) {
              channel.info(line);
            }
          });
        },
      },
      middleware: {
        workspace: {
          configuration: (params) => params.items.map((item) => settingsFor(item.scopeUri)),
          // Pushed settings would hold every default: the server is told to ask instead.
          didChangeConfiguration: async () => this.settingsChanged(),
        },
      },
      errorHandler: {
        error: (error) => {
          this.log.error(`the connection: ${error}`);
          return { action: ErrorAction.Continue, handled: true };
        },
        closed: () => {
          client = this.client;
          if (client !== undefined) {
            void this.gone(client);
          }
          return { action: CloseAction.DoNotRestart, handled: true };
        },
      },
    };
  }

  private configured(event: vscode.ConfigurationChangeEvent): void {
    if (this.startedWith !== undefined && this.startedWith !== startSettings()) {
      void this.restart();
    } else if (event.affectsConfiguration(`${SECTION}.trace`)) {
      void this.traced();
    }
  }

  private async settingsChanged(): Promise<void> {
    if (this.life !== "running") {
      return;
    }
    try {
      await this.client?.sendNotification("workspace/didChangeConfiguration", { settings: null });
    } catch (error) {
      this.log.debug(`settings: ${error}`);
    }
  }

  private async traced(): Promise<void> {
    const wanted = vscode.workspace.getConfiguration(SECTION).get<string>("trace.server", "off");
    await this.client?.setTrace(Trace.fromString(wanted));
  }
}

function noServer(error: unknown): string {
  if (!(error instanceof NoServerError)) {
    return String(error);
  }
  return error.path === undefined
    ? vscode.l10n.t("The extension has no server for this machine, and there is none on the PATH.")
    : vscode.l10n.t("There is no server at {0}.", error.path);
}

function startSettings(): string {
  const settings = vscode.workspace.getConfiguration(`${SECTION}.server`);
  return JSON.stringify([settings.get("path"), settings.get("importStrategy"), included()]);
}

function included(): string[] {
  const found = vscode.workspace.getConfiguration(SECTION).inspect<string[]>("include");
  const given = found?.workspaceFolderValue ?? found?.workspaceValue ?? found?.globalValue;
  return Array.isArray(given) ? given.filter((one) => typeof one === "string") : [];
}

function settingsFor(scope: string | undefined): Values {
  const resource = scope === undefined ? undefined : vscode.Uri.parse(scope, true);
  const configuration = vscode.workspace.getConfiguration(SECTION, resource);
  return explicit(SERVER_SETTINGS, (key) => configuration.inspect(key), vscode.workspace.isTrusted);
}

/** The interpreter that Python's own extension has chosen. */
async function interpreter(log: vscode.LogOutputChannel): Promise<string | undefined> {
  interface Environments {
    getActiveEnvironmentPath(): unknown;
    resolveEnvironment(path: unknown): Promise<{ executable?: { uri?: vscode.Uri } } | undefined>;
  }
  try {
    const python = vscode.extensions.getExtension<{ environments?: Environments }>("ms-python.python");
    const environments = (await python?.activate())?.environments;
    const active = await environments?.resolveEnvironment(environments.getActiveEnvironmentPath());
    return active?.executable?.uri?.fsPath;
  } catch (error) {
    log.warn(`Python's extension names no environment: ${error}`);
    return undefined;
  }
}
