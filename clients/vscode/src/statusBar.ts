/** The status bar: the active document's resolved tokens, how much of the budget they are, and what is selected. */

import * as vscode from "vscode";
import { Commits } from "./commits";
import { type Documents, shown } from "./documents";
import { activeDocument } from "./places";
import type { Count, Report, Severity, Status } from "./report";
import type { Life, Server } from "./server";
import { isMapActive } from "./tokenMap";
import type { Watched } from "./watched";
import { change, escaped, mark, number, plainText, share, statusText, usd } from "./wording";

const BACKGROUNDS: Partial<Record<Severity, string>> = {
  warning: "statusBarItem.warningBackground",
  error: "statusBarItem.errorBackground",
};
/** Contributors named in the tooltip. */
const MOST_NAMED = 5;

interface Details {
  /** The state of a document that they are of. */
  readonly of: string;
  /** For the largest references. */
  report?: Report | undefined;
  /** Tokens more than in the last commit. */
  since?: number | undefined;
}

export class StatusBar implements vscode.Disposable {
  private readonly item: vscode.StatusBarItem;
  private readonly commits: Commits;
  private readonly disposables: vscode.Disposable[];
  private selected: Count | undefined;
  private counting: vscode.CancellationTokenSource | undefined;
  /** What is known of the counts that are shown, a little after them. */
  private details: Details | undefined;
  private background: string | undefined;
  private visible = false;

  constructor(
    private readonly server: Server,
    private readonly documents: Documents,
    private readonly watched: Watched,
  ) {
    this.commits = new Commits(documents);
    this.item = vscode.window.createStatusBarItem("weighbridge.tokens", vscode.StatusBarAlignment.Right, 100);
    this.item.name = vscode.l10n.t("Weighbridge: Tokens");
    this.item.command = "weighbridge.menu";
    this.disposables = [
      this.item,
      this.commits,
      this.commits.onDidChange(() => {
        this.details = undefined;
        this.draw();
      }),
      documents.onDidChange(() => this.draw()),
      server.onDidChangeLife(() => this.draw()),
      vscode.window.onDidChangeActiveTextEditor(() => {
        this.selected = undefined;
        this.draw();
        void this.select();
      }),
      vscode.window.tabGroups.onDidChangeTabGroups(() => this.draw()),
      vscode.window.tabGroups.onDidChangeTabs(() => this.draw()),
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

  /** The one in front of the user; while the token map is, the one that it shows. */
  private document(): vscode.TextDocument | undefined {
    return activeDocument() ?? (isMapActive() ? this.watched.document : undefined);
  }

  private draw(): void {
    const document = this.document();
    const status = document === undefined ? undefined : this.documents.status(document);
    void vscode.commands.executeCommand("setContext", "weighbridge.shown", status !== undefined);
    const counts = document !== undefined && this.documents.counts(document);
    void vscode.commands.executeCommand("setContext", "weighbridge.counts", counts);
    const plain = document === undefined ? undefined : this.documents.plainCount(document);
    if (document === undefined || shown() === "never") {
      this.hide();
    } else if (counts && this.server.life !== "running") {
      this.drawLife(this.server.life);
    } else if (status !== undefined) {
      this.drawStatus(document, status);
    } else if (plain !== undefined) {
      this.drawPlain(plain);
    } else {
      this.hide();
    }
  }

  private drawPlain(count: Count): void {
    this.color(null);
    this.item.text = plainText(count, this.selected);
    this.item.tooltip = `${vscode.l10n.t("Tokens of the file as it is")} · ${count.exactness}`;
    this.item.accessibilityInformation = { label: count.text };
    this.show();
  }

  private drawLife(life: Life): void {
    this.color(life === "failed" ? "error" : null);
    this.item.text = life === "starting" ? "$(loading~spin) Weighbridge" : "$(error) Weighbridge";
    this.item.tooltip =
      life === "starting"
        ? vscode.l10n.t("Weighbridge: the server is starting")
        : vscode.l10n.t("Weighbridge: the server isn't running");
    this.show();
  }

  private drawStatus(document: vscode.TextDocument, status: Status): void {
    this.item.text = statusText(status, this.selected);
    this.color(status.budget.severity);
    const of = `${status.uri} ${status.version} ${status.state} ${status.tokens} ${status.encoding}`;
    if (status.state === "ready" && of !== this.details?.of) {
      this.details = { of };
      void this.addDetails(document, status, this.details);
    }
    this.item.tooltip = tooltip(status, of === this.details?.of ? this.details : undefined);
    this.item.accessibilityInformation = { label: `Weighbridge: ${status.text}` };
    this.show();
  }

  private show(): void {
    this.visible = true;
    this.item.show();
  }

  private hide(): void {
    this.visible = false;
    this.item.hide();
  }

  private color(severity: Severity | null): void {
    this.background = severity === null ? undefined : BACKGROUNDS[severity];
    this.item.backgroundColor =
      this.background === undefined ? undefined : new vscode.ThemeColor(this.background);
  }

  /** The tooltip with what weighs most and what has changed, once that is known. */
  private async addDetails(document: vscode.TextDocument, status: Status, details: Details): Promise<void> {
    [details.report, details.since] = await Promise.all([
      this.documents.report(document),
      this.commits.change(document, status),
    ]);
    if (this.details === details && this.document() === document) {
      this.draw();
    }
  }

  /** Count what is selected: one question at a time, the last one counts. */
  private async select(): Promise<void> {
    this.counting?.cancel();
    const editor = vscode.window.activeTextEditor;
    const ranges = editor?.selections.filter((one) => !one.isEmpty) ?? [];
    if (editor === undefined || ranges.length === 0 || !this.isShown(editor.document)) {
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

  private isShown(document: vscode.TextDocument): boolean {
    return this.documents.status(document) !== undefined || this.documents.plainCount(document) !== undefined;
  }
}

/** What the count is made of, and what can be done. */
function tooltip(status: Status, details?: Details): vscode.MarkdownString {
  const { report, since } = details ?? {};
  const { budget, references } = status;
  const text = new vscode.MarkdownString(undefined, true);
  // Nothing but these can be run from here, whatever a file is named.
  text.isTrusted = {
    enabledCommands: [
      "weighbridge.chooseModel",
      "weighbridge.showContext",
      "weighbridge.showMap",
      "weighbridge.openPreview",
    ],
  };
  const known = (value: number | null) => (value === null ? "…" : number(value));
  const typed = vscode.l10n.t("as typed");
  // Numbers first: what is too wide is cut off at the right.
  const rows: [string, string][] = [
    [
      `**${mark(status.exactness)}${known(status.tokens)}**`,
      vscode.l10n.t("tokens as the model receives it"),
    ],
    [
      `${mark(status.exactness)}${known(status.own_tokens)}`,
      since === undefined ? typed : vscode.l10n.t("{0}, {1} since the last commit", typed, change(since)),
    ],
    [
      budget.used === null ? "…" : share(budget.used),
      vscode.l10n.t("of the budget of {0}", number(budget.limit)),
    ],
  ];
  if (status.cost !== null) {
    rows.push([usd(status.cost.input_usd), vscode.l10n.t("as input, once")]);
  }
  if (references.total > 0) {
    const states = [
      ...(references.pending > 0 ? [vscode.l10n.t("{0} pending", number(references.pending))] : []),
      ...(references.sampled ? [vscode.l10n.t("{0} from a sample", number(references.sampled))] : []),
      ...(references.stale ? [vscode.l10n.t("{0} stale", number(references.stale))] : []),
      ...(references.failed > 0 ? [vscode.l10n.t("{0} broken", number(references.failed))] : []),
    ];
    const name = references.total === 1 ? vscode.l10n.t("reference") : vscode.l10n.t("references");
    rows.push([number(references.total), [name, ...states].join(", ")]);
  }
  const largest = (report?.references ?? [])
    .filter((one) => one.tokens !== null)
    .sort((one, other) => (other.tokens ?? 0) - (one.tokens ?? 0))
    .slice(0, MOST_NAMED);
  if (largest.length > 0) {
    rows.push(["", `**${vscode.l10n.t("largest references")}**`]);
    const sure = report?.tokenizer_exactness ?? status.exactness;
    rows.push(
      ...largest.map((one): [string, string] => [
        `${mark(one.state === "stale" ? "estimate" : sure)}${number(one.tokens ?? 0)}`,
        escaped(one.target),
      ]),
    );
  }
  const lines = rows.map(([value, name]) => `| ${value} | ${name} |`);
  const model = status.model === null ? "" : `${escaped(status.model)} · `;
  text.appendMarkdown(`| | |\n| ---: | :--- |\n${lines.join("\n")}\n\n`);
  text.appendMarkdown(`${model}${escaped(status.encoding)} · ${status.exactness}\n\n`);
  text.appendMarkdown(
    [
      `[$(list-tree) ${vscode.l10n.t("Context")}](command:weighbridge.showContext)`,
      `[$(graph) ${vscode.l10n.t("Token Map")}](command:weighbridge.showMap)`,
      `[$(references) ${vscode.l10n.t("Resolved Prompt")}](command:weighbridge.openPreview)`,
      `[$(sparkle) ${vscode.l10n.t("Model")}](command:weighbridge.chooseModel)`,
    ].join("&nbsp;&nbsp; "),
  );
  return text;
}
