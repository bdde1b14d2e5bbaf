/** The status bar: the active document's resolved tokens, how much of the budget they are, and what is selected. */

import * as vscode from "vscode";
import type { Documents, Shown } from "./documents";
import type { Report, Severity, Status } from "./report";
import type { Life, Server } from "./server";
import { escaped, mark, number, share, statusText, tokens, usd } from "./wording";

const BACKGROUNDS: Partial<Record<Severity, string>> = {
  warning: "statusBarItem.warningBackground",
  error: "statusBarItem.errorBackground",
};
/** Contributors named in the tooltip. */
const MOST_NAMED = 5;

export class StatusBar implements vscode.Disposable {
  private readonly item: vscode.StatusBarItem;
  private readonly disposables: vscode.Disposable[];
  private selected: number | undefined;
  private counting: vscode.CancellationTokenSource | undefined;
  private drawn = "";
  private background: string | undefined;
  private visible = false;

  constructor(
    private readonly server: Server,
    private readonly documents: Documents,
  ) {
    this.item = vscode.window.createStatusBarItem("weighbridge.tokens", vscode.StatusBarAlignment.Right, 100);
    this.item.name = vscode.l10n.t("Weighbridge: Tokens");
    this.item.command = "weighbridge.menu";
    this.disposables = [
      this.item,
      documents.onDidChange(() => this.draw()),
      server.onDidChangeLife(() => this.draw()),
      vscode.window.onDidChangeActiveTextEditor(() => {
        this.selected = undefined;
        this.draw();
        void this.select();
      }),
      vscode.window.onDidChangeTextEditorSelection((event) => {
        if (event.textEditor === vscode.window.activeTextEditor) {
          void this.select();
        }
      }),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration("weighbridge.statusBar")) {
          this.draw();
        }
      }),
    ];
    this.draw();
  }

  dispose(): void {
    this.counting?.cancel();
    for (const one of this.disposables) {
      one.dispose();
    }
  }

  /** What can be seen of it. */
  shown(): { visible: boolean; text: string; tooltip: string; background?: string } {
    const { text, tooltip } = this.item;
    const { background, visible } = this;
    return {
      visible,
      text,
      tooltip: typeof tooltip === "string" ? tooltip : (tooltip?.value ?? ""),
      ...(background === undefined ? {} : { background }),
    };
  }

  private draw(): void {
    const document = vscode.window.activeTextEditor?.document;
    const shown = vscode.workspace.getConfiguration("weighbridge").get<Shown>("statusBar", "prompts");
    const status = document === undefined ? undefined : this.documents.status(document);
    void vscode.commands.executeCommand("setContext", "weighbridge.shown", status !== undefined);
    const counts = document !== undefined && this.documents.counts(document);
    void vscode.commands.executeCommand("setContext", "weighbridge.counts", counts);
    if (document === undefined || shown === "never" || !counts) {
      this.hide();
    } else if (this.server.life !== "running") {
      this.drawLife(this.server.life);
    } else if (status === undefined) {
      this.hide();
    } else {
      this.drawStatus(document, status);
    }
  }

  private drawLife(life: Life): void {
    this.colour(life === "failed" ? "error" : null);
    this.item.text = life === "starting" ? "$(loading~spin) Weighbridge" : "$(error) Weighbridge";
    this.item.tooltip =
      life === "starting"
        ? vscode.l10n.t("Weighbridge: the server is starting")
        : vscode.l10n.t("Weighbridge: the server isn't running");
    this.show();
  }

  private drawStatus(document: vscode.TextDocument, status: Status): void {
    this.item.text = statusText(status, this.selected);
    this.colour(status.budget.severity);
    this.item.tooltip = tooltip(status);
    this.item.accessibilityInformation = {
      label: `${tokens(status.tokens)}, ${share(status.budget.used)} of ${number(status.budget.limit)}`,
    };
    this.show();
    const drawn = `${status.uri} ${status.version} ${status.state} ${status.tokens}`;
    if (status.state === "ready" && drawn !== this.drawn) {
      this.drawn = drawn;
      void this.addContributors(document, status, drawn);
    }
  }

  private show(): void {
    this.visible = true;
    this.item.show();
  }

  private hide(): void {
    this.visible = false;
    this.item.hide();
  }

  private colour(severity: Severity | null): void {
    this.background = severity === null ? undefined : BACKGROUNDS[severity];
    this.item.backgroundColor =
      this.background === undefined ? undefined : new vscode.ThemeColor(this.background);
  }

  /** The tooltip with what weighs most, once that is known. */
  private async addContributors(document: vscode.TextDocument, status: Status, drawn: string): Promise<void> {
    const report = await this.documents.report(document);
    if (
      report !== undefined &&
      this.drawn === drawn &&
      vscode.window.activeTextEditor?.document === document
    ) {
      this.item.tooltip = tooltip(status, report);
    }
  }

  /** Count what is selected: one question at a time, the last one counts. */
  private async select(): Promise<void> {
    this.counting?.cancel();
    const editor = vscode.window.activeTextEditor;
    const ranges = editor?.selections.filter((one) => !one.isEmpty) ?? [];
    if (editor === undefined || ranges.length === 0 || this.documents.status(editor.document) === undefined) {
      this.counting = undefined;
      if (this.selected !== undefined) {
        this.selected = undefined;
        this.draw();
      }
      return;
    }
    const source = new vscode.CancellationTokenSource();
    this.counting = source;
    const found = await this.documents.count(editor.document, ranges, source.token);
    if (this.counting === source && found !== undefined) {
      this.selected = found;
      this.draw();
    }
  }
}

/** What the count is made of, and what can be done. `report`: for the largest contributors. */
function tooltip(status: Status, report?: Report): vscode.MarkdownString {
  const { budget, references } = status;
  const text = new vscode.MarkdownString(undefined, true);
  // Nothing but these can be run from here, whatever a file is named.
  text.isTrusted = {
    enabledCommands: [
      "weighbridge.chooseModel",
      "weighbridge.showReport",
      "weighbridge.showMap",
      "weighbridge.openPreview",
    ],
  };
  const rows: [string, string][] = [
    [vscode.l10n.t("as the model receives it"), `**${mark(status.exactness)}${number(status.tokens)}**`],
    [vscode.l10n.t("as typed"), number(status.own_tokens)],
    [vscode.l10n.t("budget"), `${number(budget.limit)} (${vscode.l10n.t("{0} used", share(budget.used))})`],
  ];
  if (status.cost !== null) {
    rows.push([vscode.l10n.t("input cost"), usd(status.cost.input_usd)]);
  }
  const model = status.model === null ? "" : `${escaped(status.model)}, `;
  rows.push([vscode.l10n.t("tokenizer"), `${model}${escaped(status.encoding)}, ${status.exactness}`]);
  if (references.total > 0) {
    const states = [
      vscode.l10n.t("{0} resolved", number(references.resolved)),
      ...(references.pending > 0 ? [vscode.l10n.t("{0} pending", number(references.pending))] : []),
      ...(references.failed > 0 ? [vscode.l10n.t("{0} failed", number(references.failed))] : []),
    ];
    rows.push([vscode.l10n.t("references"), states.join(", ")]);
  }
  const largest = (report?.references ?? [])
    .filter((one) => one.tokens !== null)
    .sort((one, other) => (other.tokens ?? 0) - (one.tokens ?? 0))
    .slice(0, MOST_NAMED);
  if (largest.length > 0) {
    rows.push([`**${vscode.l10n.t("largest references")}**`, ""]);
    rows.push(...largest.map((one): [string, string] => [escaped(one.target), number(one.tokens ?? 0)]));
  }
  const lines = rows.map(([name, value]) => `| ${name} | ${value} |`);
  text.appendMarkdown(`| Weighbridge | |\n| :--- | ---: |\n${lines.join("\n")}\n\n`);
  text.appendMarkdown(
    [
      `[$(list-tree) ${vscode.l10n.t("Report")}](command:weighbridge.showReport)`,
      `[$(graph) ${vscode.l10n.t("Token Map")}](command:weighbridge.showMap)`,
      `[$(open-preview) ${vscode.l10n.t("Resolved")}](command:weighbridge.openPreview)`,
      `[$(sparkle) ${vscode.l10n.t("Model")}](command:weighbridge.chooseModel)`,
    ].join("&nbsp;&nbsp; "),
  );
  return text;
}
