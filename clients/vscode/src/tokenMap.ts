/** The token map: where the tokens go, as boxes in boxes. A page of its own that can load and reach nothing else. */

import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import { type MapSaid, type MapShown, mapOf, type Place } from "./mapModel";
import { reveal } from "./places";
import type { Watched } from "./watched";
import { mark, number, share, tokens } from "./wording";

const TYPE = "weighbridge.map";

/** Whether the token map has the focus, or had it last of all editors. */
export function isMapActive(): boolean {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  return input instanceof vscode.TabInputWebview && input.viewType.endsWith(TYPE);
}

export class TokenMap implements vscode.Disposable, vscode.WebviewPanelSerializer {
  private readonly disposables: vscode.Disposable[];
  private panel: vscode.WebviewPanel | undefined;
  private places: ReadonlyMap<string, Place> = new Map();
  private ready = false;

  constructor(
    private readonly extension: vscode.Uri,
    private readonly watched: Watched,
  ) {
    this.disposables = [
      watched.seenBy(() => this.panel?.visible === true),
      watched.onDidChange(() => this.draw()),
      vscode.window.registerWebviewPanelSerializer(TYPE, this),
    ];
  }

  dispose(): void {
    this.panel?.dispose();
    for (const one of this.disposables) {
      one.dispose();
    }
  }

  async show(): Promise<void> {
    if (this.panel === undefined) {
      this.take(
        vscode.window.createWebviewPanel(
          TYPE,
          vscode.l10n.t("Token Map"),
          { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true },
          this.options(),
        ),
      );
    } else {
      this.panel.reveal(undefined, true);
    }
    await this.watched.refresh();
  }

  async deserializeWebviewPanel(panel: vscode.WebviewPanel): Promise<void> {
    panel.webview.options = this.options();
    this.take(panel);
    await this.watched.refresh();
  }

  private options(): vscode.WebviewPanelOptions & vscode.WebviewOptions {
    return {
      enableScripts: true,
      enableCommandUris: false,
      enableForms: false,
      localResourceRoots: [this.at("dist"), this.at("media")],
    };
  }

  private at(...names: string[]): vscode.Uri {
    return vscode.Uri.joinPath(this.extension, ...names);
  }

  private take(panel: vscode.WebviewPanel): void {
    this.panel = panel;
    this.ready = false;
    panel.iconPath = { light: this.at("media", "map-light.svg"), dark: this.at("media", "map-dark.svg") };
    panel.onDidDispose(() => {
      this.panel = undefined;
    });
    panel.onDidChangeViewState(() => void this.watched.refresh());
    panel.webview.onDidReceiveMessage((said: MapSaid) => {
      if (said.type === "ready") {
        this.ready = true;
        this.draw();
      } else {
        // A page names a box; only places that came from the report are gone to.
        const place = this.places.get(String(said.id));
        if (place !== undefined) {
          void reveal(place.within, place.range);
        }
      }
    });
    panel.webview.html = this.html(panel.webview);
  }

  private draw(): void {
    const { report, document, loaded } = this.watched;
    if (this.panel === undefined || !this.ready || report === undefined || document === undefined) {
      return;
    }
    const name = vscode.workspace.asRelativePath(document.uri);
    const words = {
      ownText: loaded === undefined ? vscode.l10n.t("own text") : vscode.l10n.t("labels"),
      others: vscode.l10n.t("others"),
    };
    const { root, places } = mapOf(report, name, words, loaded);
    this.places = places;
    this.panel.title = vscode.l10n.t("Token Map: {0}", name.split("/").at(-1) ?? name);
    const shown: MapShown = {
      type: "show",
      name: loaded === undefined ? name : vscode.l10n.t("{0}: all that it loads", root.label),
      summary:
        loaded === undefined
          ? vscode.l10n.t(
              "{0} of {1} ({2})",
              `${mark(report.exactness)}${tokens(report.tokens)}`,
              number(report.budget.limit),
              share(report.budget.used),
            )
          : `${mark(root.exactness)}${tokens(root.tokens)}`,
      counting: report.state === "counting",
      root,
    };
    void this.panel.webview.postMessage(shown);
  }

  private html(webview: vscode.Webview): string {
    const nonce = randomBytes(16).toString("base64");
    const policy = [
      "default-src 'none'",
      `style-src ${webview.cspSource}`,
      `script-src 'nonce-${nonce}'`,
      "base-uri 'none'",
      "form-action 'none'",
    ].join("; ");
    return `<!DOCTYPE html>
<html lang="${vscode.env.language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<link rel="stylesheet" href="${webview.asWebviewUri(this.at("media", "tokenMap.css"))}">
<title>${vscode.l10n.t("Token Map")}</title>
</head>
<body>
<header><h1 id="name"></h1><p id="summary" role="status"></p></header>
<main id="map" role="tree" aria-label="${vscode.l10n.t("Token Map")}"></main>
<script nonce="${nonce}" src="${webview.asWebviewUri(this.at("dist", "tokenMap.js"))}"></script>
</body>
</html>`;
  }
}
