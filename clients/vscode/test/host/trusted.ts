/** In a trusted folder: everything that the extension does. */

import assert from "node:assert/strict";
import { join } from "node:path";
import * as vscode from "vscode";
import {
  api,
  bar,
  counted,
  expected,
  file,
  open,
  reported,
  running,
  type Suite,
  set,
  status,
  type,
  until,
} from "./harness";

const PROMPT = "prompts/greeting.prompt.md";

function whole(document: vscode.TextDocument): vscode.Range {
  return new vscode.Range(0, 0, document.lineCount, 0);
}

async function hints(document: vscode.TextDocument): Promise<string[]> {
  const found = await vscode.commands.executeCommand<vscode.InlayHint[]>(
    "vscode.executeInlayHintProvider",
    document.uri,
    whole(document),
  );
  return found.map((one) =>
    typeof one.label === "string" ? one.label : one.label.map((part) => part.value).join(""),
  );
}

export const trusted: Suite = {
  async "the server that came along is started, and says what a document weighs"() {
    const { document } = await open(PROMPT);
    const found = await running();
    const { origin, command } = found.server();
    assert.equal(origin, "bundled");
    assert.equal(command, join(expected().extension, "server", "weighbridge"));
    const seen = await status(document, counted("greeting"));
    assert.equal(seen.own_tokens, counted("greeting as typed"));
    assert.equal(seen.model, "gpt-4o");
    assert.equal(seen.exactness, "exact");
    assert.deepEqual(seen.references, { total: 2, resolved: 2, pending: 0, failed: 0, sampled: 0, stale: 0 });
    const used = Math.round((100 * counted("greeting")) / 60);
    assert.equal(await bar("tokens"), `$(law) ▰▰▰▱▱ ${counted("greeting")} tokens · ${used}% · gpt-4o`);
    await until("the tooltip has the largest references", () =>
      found.statusBar().tooltip.includes("note\\.md"),
    );
  },

  async "what the protocol knows comes by the language client"() {
    const { document } = await open(PROMPT);
    await status(document, counted("greeting"));
    const labels = await until("hints", async () =>
      (await hints(document)).find((one) => one.includes("/ 60")),
    );
    assert.equal(labels.trim(), `${counted("greeting")} / 60 tokens`);
    const at = new vscode.Position(4, 5);
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
      "vscode.executeHoverProvider",
      document.uri,
      at,
    );
    const said = hovers.flatMap((one) =>
      one.contents.map((part) => (typeof part === "string" ? part : part.value)),
    );
    assert.ok(
      said.some((text) => text.includes(`${counted("note")} tokens`)),
      said.join("\n"),
    );
    const links = await vscode.commands.executeCommand<vscode.DocumentLink[]>(
      "vscode.executeLinkProvider",
      document.uri,
      9,
    );
    assert.ok(links.some((one) => one.target?.path.endsWith("/note.md")));
    const symbols = await vscode.commands.executeCommand<vscode.DocumentSymbol[]>(
      "vscode.executeDocumentSymbolProvider",
      document.uri,
    );
    assert.ok(symbols.length > 0);
  },

  async "completion says what each file would cost"() {
    const editor = await open(PROMPT);
    await type(editor, "\n@[file:");
    const at = editor.document.lineAt(editor.document.lineCount - 1).range.end;
    await until("note.md with its tokens", async () => {
      const list = await vscode.commands.executeCommand<vscode.CompletionList>(
        "vscode.executeCompletionItemProvider",
        editor.document.uri,
        at,
        undefined,
        10,
      );
      const found = list.items.find((one) => JSON.stringify(one.label).includes("note.md"));
      assert.ok(found, JSON.stringify(list.items.map((one) => one.label)).slice(0, 300));
      return JSON.stringify(found).includes("token");
    });
  },

  async "every edit is counted, every character of it"() {
    const editor = await open(PROMPT);
    await status(editor.document, counted("greeting"));
    await type(editor, expected().texts.more ?? "");
    await status(editor.document, counted("greeting and more"));
    await vscode.commands.executeCommand("undo");
    await status(editor.document, counted("greeting"));
  },

  async "a report has sections, references and what is nested in them"() {
    const { document } = await open(PROMPT);
    const report = await reported(document);
    assert.deepEqual(
      report.sections.map((one) => [one.title, one.level]),
      [
        ["Greeting", 1],
        ["End", 2],
      ],
    );
    assert.deepEqual(
      report.references.map((one) => [one.kind, one.target, one.state, one.references.length]),
      [
        ["variable", "name", "resolved", 0],
        ["file", "note.md", "resolved", 1],
      ],
    );
    assert.equal(report.references[1]?.tokens, counted("note"));
  },

  async "the context view shows the report as a tree, by place or by size"() {
    const { document } = await open(PROMPT);
    await status(document, counted("greeting"));
    await vscode.commands.executeCommand("weighbridge.showContext");
    const found = await api();
    const [top] = await until("a tree", () => {
      const nodes = found.context();
      return nodes.length > 0 && nodes;
    });
    assert.deepEqual(
      top?.children.map((one) => [one.kind, one.label, one.tokens]),
      [
        ["variable", "name", 1],
        ["file", "note.md", counted("note")],
        ["section", "End", counted("end")],
      ],
    );
    assert.equal(top?.children[1]?.children[0]?.label, "name");
    await vscode.commands.executeCommand("weighbridge.context.sortBySize");
    assert.deepEqual(
      found.context()[0]?.children.map((one) => one.label),
      ["note.md", "End", "name"],
    );
    await vscode.commands.executeCommand("weighbridge.context.sortByPlace");
    const node = top?.children[1];
    await vscode.commands.executeCommand("weighbridge.context.open", node);
    assert.ok(vscode.window.activeTextEditor?.document.uri.path.endsWith("/note.md"));
    await vscode.commands.executeCommand("weighbridge.context.copy", node);
    assert.equal(await vscode.env.clipboard.readText(), `note.md\t${counted("note")}`);
    await open(PROMPT);
    await vscode.commands.executeCommand("weighbridge.context.copyReport");
    const copied = await vscode.env.clipboard.readText();
    assert.ok(copied.includes(`${counted("greeting")} tokens of 60`), copied);
  },

  async "what is selected is counted, with several cursors too"() {
    const editor = await open(PROMPT);
    await status(editor.document, counted("greeting"));
    const line = (number: number) => editor.document.lineAt(number).range;
    const select = (...ranges: vscode.Range[]) => {
      editor.selections = ranges.map((one) => new vscode.Selection(one.start, one.end));
    };
    select(line(0));
    await bar(`(${counted("heading")} tokens selected)`);
    select(line(0), line(8));
    await bar(`(${counted("heading") + counted("last line")} tokens selected)`);
    select(new vscode.Range(0, 0, 0, 0));
    await until("no selection", async () => !(await bar("tokens")).includes("selected"));
  },

  async "quiet on what is no prompt, unless asked, and then it follows"() {
    await open(PROMPT);
    await bar("tokens");
    const found = await api();
    const editor = await open("notes.md");
    await reported(editor.document);
    await until("hidden", () => !found.statusBar().visible);
    assert.deepEqual(await hints(editor.document), []);
    await vscode.commands.executeCommand("weighbridge.countDocument");
    await bar(`${counted("notes")} tokens`);
    await until("hints", async () => (await hints(editor.document)).length > 0);
    await type(editor, expected().texts.more ?? "");
    await bar(`${counted("notes and more")} tokens`);
    await open(PROMPT);
    await bar(`${counted("greeting")} tokens`);
  },

  async "the status bar shows itself where it is wanted"() {
    const found = await api();
    await open(PROMPT);
    await bar("tokens");
    await set("statusBar", "never");
    await until("hidden", () => !found.statusBar().visible);
    await set("statusBar", "always");
    await bar("tokens");
    const editor = await open("notes.md");
    await bar(`${counted("notes")} tokens`);
    await type(editor, expected().texts.more ?? "");
    await bar(`${counted("notes and more")} tokens`);
    await vscode.commands.executeCommand("workbench.action.files.revert");
    // Whatever it is written in: what stands in it is text.
    const code = await open("script.py");
    await bar(`${counted("script")} tokens`);
    code.selection = new vscode.Selection(0, 0, 1, 0);
    await bar(`(${counted("script's first line")} tokens selected)`);
    await set("statusBar", undefined);
    await until("hidden", () => !found.statusBar().visible);
  },

  async "settings take effect at once, and the workspace's file counts where nobody set them"() {
    const { document } = await open(PROMPT);
    await status(document, counted("greeting"));
    const found = await api();
    try {
      await set("model", "gpt-4");
      await bar("gpt-4", `${counted("greeting in cl100k_base")} tokens`);
      await set("budget", 48);
      await until("a warning", () => found.statusBar().background === "statusBarItem.warningBackground");
      await bar("$(warning) ▰▰▰▰▱");
      await set("budget", 20);
      await until("an error", () => found.statusBar().background === "statusBarItem.errorBackground");
      await bar("$(error) ▰▰▰▰▰");
      await set("variables", { name: "Ada Lovelace and all her friends" });
      await status(document, counted("greeting of friends in cl100k_base"));
    } finally {
      for (const name of ["model", "budget", "variables"]) {
        await set(name, undefined);
      }
    }
    assert.equal((await status(document, counted("greeting"))).model, "gpt-4o");
    await until("no colour", () => found.statusBar().background === undefined);
  },

  async "the preview is what the model receives, byte for byte, and follows"() {
    const editor = await open(PROMPT);
    await vscode.commands.executeCommand("weighbridge.openPreview");
    const preview = await until("a preview", () =>
      vscode.workspace.textDocuments.find((one) => one.uri.scheme === "weighbridge"),
    );
    await until("the resolved text", () => preview.getText() === expected().texts.resolved);
    assert.equal(preview.languageId, "markdown");
    const shown = vscode.window.visibleTextEditors.find((one) => one.document === preview);
    assert.equal(shown?.viewColumn, vscode.ViewColumn.Two);
    // The counts stay while it has the focus.
    await vscode.window.showTextDocument(preview, { viewColumn: vscode.ViewColumn.Two });
    await bar(`${counted("greeting")} tokens`);
    await type(editor, "Bye {{name}}");
    await until("what was typed", () => preview.getText() === `${expected().texts.resolved}Bye Ada`);
    // Another server doesn't know what is shown.
    await vscode.commands.executeCommand("weighbridge.restartServer");
    await type(editor, ", bye");
    await until("what is typed now", () => preview.getText() === `${expected().texts.resolved}Bye Ada, bye`);
  },

  async "the preview of what is no prompt follows, too"() {
    const editor = await open("notes.md");
    const before = editor.document.getText();
    await vscode.commands.executeCommand("weighbridge.openPreview");
    const preview = await until("a preview", () =>
      vscode.workspace.textDocuments.find(
        (one) => one.uri.scheme === "weighbridge" && one.uri.path === "/resolved/notes.md (resolved)",
      ),
    );
    await until("its text", () => preview.getText() === before);
    await type(editor, "and more");
    await until("what was typed", () => preview.getText() === `${before}and more`);
  },

  async "the resolved prompt is copied"() {
    await open(PROMPT);
    await vscode.env.clipboard.writeText("");
    await vscode.commands.executeCommand("weighbridge.copyResolved");
    assert.equal(await vscode.env.clipboard.readText(), expected().texts.resolved);
  },

  async "a faulty reference is a diagnostic where it stands, and goes when it is mended"() {
    const editor = await open(PROMPT);
    await type(editor, "\n@[file:gone.md] {{nobody}}\n");
    const codes = () =>
      vscode.languages
        .getDiagnostics(editor.document.uri)
        .filter((one) => one.source === "weighbridge")
        .map((one) => (typeof one.code === "object" ? one.code.value : one.code));
    await until(
      "both",
      () => codes().includes("reference.not-found") && codes().includes("variable.undefined"),
    );
    await bar("2 broken");
    await vscode.workspace.fs.writeFile(file("prompts/gone.md"), new TextEncoder().encode("here"));
    await until("one", () => !codes().includes("reference.not-found"));
    await vscode.workspace.fs.delete(file("prompts/gone.md"));
    await vscode.commands.executeCommand("workbench.action.files.revert");
    await until("none", () => codes().length === 0);
  },

  async "texts that aren't saved yet are counted, with the workspace's settings"() {
    const content = "<!-- weighbridge: budget=100 -->\nHello {{name}}, not saved.\n";
    const document = await vscode.workspace.openTextDocument({ language: "markdown", content });
    await open(document);
    const seen = await status(document, counted("untitled"));
    assert.equal(seen.budget.limit, 100);
    await vscode.commands.executeCommand("workbench.action.revertAndCloseActiveEditor");
  },

  async "Markdown cells of notebooks are counted when asked for"() {
    const cell = new vscode.NotebookCellData(
      vscode.NotebookCellKind.Markup,
      "Hello {{name}}, in a cell.",
      "markdown",
    );
    const notebook = await vscode.workspace.openNotebookDocument(
      "jupyter-notebook",
      new vscode.NotebookData([cell]),
    );
    await vscode.window.showNotebookDocument(notebook);
    const document = notebook.cellAt(0).document;
    assert.equal((await reported(document)).tokens, counted("cell"));
    await vscode.commands.executeCommand("workbench.action.revertAndCloseActiveEditor");
  },

  async "a file that exists nowhere but in the editor is counted as typed, and says what can't be read"() {
    const text = "<!-- weighbridge: budget=100 -->\n# Virtual\n\n@[file:other.md]\n";
    const provider = new OneFile(new TextEncoder().encode(text));
    const registered = vscode.workspace.registerFileSystemProvider("memfs", provider, { isReadonly: true });
    try {
      const { document } = await open(vscode.Uri.parse("memfs:/virtual.prompt.md"));
      await status(document, counted("virtual"));
      const [reference] = (await reported(document)).references;
      assert.equal(reference?.state, "failed");
      assert.match(reference?.reason ?? "", /^other\.md: /);
      await vscode.commands.executeCommand("workbench.action.closeActiveEditor");
    } finally {
      registered.dispose();
    }
  },

  async "weighbridge.toml is completed"() {
    const editor = await open("weighbridge.toml");
    await type(editor, "\n");
    await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), "max\n"));
    await until("maxDepth", async () => {
      const list = await vscode.commands.executeCommand<vscode.CompletionList>(
        "vscode.executeCompletionItemProvider",
        editor.document.uri,
        new vscode.Position(0, 3),
      );
      return list.items.some((one) => JSON.stringify(one.label).includes("maxDepth"));
    });
    const found = await api();
    assert.equal(found.statusBar().visible, false);
  },

  async "tokens are coloured, and no longer"() {
    const { document } = await open(PROMPT);
    await status(document, counted("greeting"));
    const coloured = async () => {
      const found = await vscode.commands.executeCommand<vscode.SemanticTokens | undefined>(
        "vscode.provideDocumentSemanticTokens",
        document.uri,
      );
      return (found?.data.length ?? 0) / 5;
    };
    const before = await coloured();
    await vscode.commands.executeCommand("weighbridge.toggleTokens");
    await until("every token coloured", async () => (await coloured()) > before + 10);
    await vscode.commands.executeCommand("weighbridge.toggleTokens");
    await until("as before", async () => (await coloured()) === before);
  },

  async "every command that the manifest names is there, with a title and an icon"() {
    const extension = vscode.extensions.getExtension("weighbridge.weighbridge");
    const named: { command: string; title: string; icon: string }[] =
      extension?.packageJSON.contributes.commands;
    const there = new Set(await vscode.commands.getCommands(true));
    for (const { command, title, icon } of named) {
      assert.ok(there.has(command), command);
      assert.ok(title.length > 0 && !title.startsWith("%"), title);
      assert.match(icon, /^\$\(.+\)$/);
    }
    await open(PROMPT);
    await vscode.commands.executeCommand("weighbridge.refreshDocument");
    await vscode.commands.executeCommand("weighbridge.clearCache");
    await vscode.commands.executeCommand("weighbridge.showLog");
    await status((await open(PROMPT)).document, counted("greeting"));
  },

  async "a server that dies is started again, and everything is as before"() {
    const { document } = await open(PROMPT);
    await status(document, counted("greeting"));
    const found = await api();
    const { pid } = found.server();
    assert.ok(pid);
    process.kill(pid, "SIGKILL");
    await until("it is noticed", () => found.life() !== "running");
    await bar("$(loading~spin) Weighbridge");
    await until("it runs again", () => found.life() === "running" && found.server().pid !== pid);
    await status(document, counted("greeting"));
    assert.equal((await hints(document)).length > 0, true);
  },

  async "the user starts it anew"() {
    const { document } = await open(PROMPT);
    const found = await running();
    const { pid } = found.server();
    await vscode.commands.executeCommand("weighbridge.restartServer");
    assert.notEqual(found.server().pid, pid);
    await status(document, counted("greeting"));
  },

  async "a path that names no server is said, and nothing else is started; then the path is mended"() {
    await open(PROMPT);
    const found = await running();
    const target = vscode.ConfigurationTarget.Global;
    await set("server.path", "/nowhere/weighbridge", target);
    await until("it failed", () => found.life() === "failed");
    await bar("$(error) Weighbridge");
    assert.equal(found.statusBar().background, "statusBarItem.errorBackground");
    await set("server.path", join(expected().extension, "server", "weighbridge"), target);
    await until("it runs", () => found.life() === "running");
    assert.equal(found.server().origin, "setting");
    await set("server.path", undefined, target);
    await until(
      "the bundled one again",
      () => found.life() === "running" && found.server().origin === "bundled",
    );
  },

  async "the environment's own installation is started where it is wanted"() {
    const { document } = await open(PROMPT);
    const found = await running();
    const target = vscode.ConfigurationTarget.Global;
    await set("server.importStrategy", "fromEnvironment", target);
    try {
      await until(
        "the one on the PATH",
        () => found.life() === "running" && found.server().origin === "environment",
      );
      assert.equal(found.server().command, expected().texts.environment);
      await status(document, counted("greeting"));
    } finally {
      await set("server.importStrategy", undefined, target);
    }
    await until(
      "the bundled one again",
      () => found.life() === "running" && found.server().origin === "bundled",
    );
  },

  async "a server that dies at once is started later each time, then no more"() {
    await open(PROMPT);
    const found = await running();
    const target = vscode.ConfigurationTarget.Global;
    await set("server.path", "/bin/false", target);
    await until("it is given up", () => found.life() === "failed");
    await set("server.path", undefined, target);
    await until("the user's change starts it", () => found.life() === "running");
  },
};

/** A file system with one file in it, whatever it is asked for. */
class OneFile implements vscode.FileSystemProvider {
  private readonly change$ = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly onDidChangeFile = this.change$.event;

  constructor(private readonly content: Uint8Array) {}

  watch(): vscode.Disposable {
    return new vscode.Disposable(() => undefined);
  }

  stat(): vscode.FileStat {
    return { type: vscode.FileType.File, ctime: 0, mtime: 0, size: this.content.length };
  }

  readFile(): Uint8Array {
    return this.content;
  }

  readDirectory(): [string, vscode.FileType][] {
    return [];
  }

  createDirectory(): void {
    throw vscode.FileSystemError.NoPermissions();
  }

  writeFile(): void {
    throw vscode.FileSystemError.NoPermissions();
  }

  delete(): void {
    throw vscode.FileSystemError.NoPermissions();
  }

  rename(): void {
    throw vscode.FileSystemError.NoPermissions();
  }
}
