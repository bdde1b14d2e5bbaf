import assert from "node:assert/strict";
import { test } from "node:test";
import { statusOf } from "../../src/report";
import { reference, report } from "./reports";

test("a status from a report counts the references that the document itself has, as the server does", () => {
  const found = statusOf(
    report({
      references: [
        reference("a.md", 0, { references: [reference("b.md", 0, { state: "failed" })] }),
        reference("b.md", 1, { state: "failed" }),
        reference("c.md", 1, { state: "pending" }),
        reference("d", 2, { state: "stale" }),
      ],
    }),
  );
  assert.deepEqual(found.references, { total: 4, resolved: 2, pending: 1, failed: 1 });
  assert.equal(found.tokens, 100);
  assert.equal("sections" in found, false);
});
