/** In a folder that isn't trusted: counted, but nothing is read or fetched outside it, and its settings don't change that. */

import assert from "node:assert/strict";
import * as vscode from "vscode";
import { counted, open, reported, running, type Suite, status } from "./harness";

export const untrusted: Suite = {
  async "the folder's own word on what is started, read or fetched isn't taken"() {
    assert.equal(vscode.workspace.isTrusted, false);
    await open("prompts/hostile.prompt.md");
    const found = await running();
    assert.equal(found.server().origin, "bundled");
    const settings = vscode.workspace.getConfiguration("weighbridge");
    for (const name of ["env", "apiAllow", "fileRoots"]) {
      assert.deepEqual(settings.get(name), [], name);
    }
    assert.equal(settings.get("server.path"), "");
  },

  async "the server is told, and enforces it"() {
    const { document } = await open("prompts/hostile.prompt.md");
    await status(document, counted("hostile"));
    const report = await reported(document);
    const of = (target: string) => {
      const one = report.references.find((reference) => reference.target.includes(target));
      assert.ok(one, target);
      return one;
    };
    assert.equal(of("note.md").state, "resolved");
    assert.equal(of("secret.md").state, "failed");
    assert.match(of("secret.md").reason ?? "", /outside/);
    assert.equal(of("127.0.0.1").state, "failed");
    assert.match(of("127.0.0.1").reason ?? "", /not trusted/);
    assert.equal(of("WEIGHBRIDGE_TEST_SECRET").state, "failed");
    assert.match(of("WEIGHBRIDGE_TEST_SECRET").reason ?? "", /untrusted/);
  },

  async "what the user allowed for trusted folders is not allowed here"() {
    const target = vscode.ConfigurationTarget.Global;
    const settings = vscode.workspace.getConfiguration("weighbridge");
    await settings.update("env", ["WEIGHBRIDGE_TEST_SECRET"], target);
    try {
      const { document } = await open("prompts/hostile.prompt.md");
      await status(document, counted("hostile"));
      const report = await reported(document);
      const variable = report.references.find((one) => one.target.includes("WEIGHBRIDGE_TEST_SECRET"));
      assert.equal(variable?.state, "failed");
    } finally {
      await settings.update("env", undefined, target);
    }
  },
};
