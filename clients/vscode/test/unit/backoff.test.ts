import assert from "node:assert/strict";
import { test } from "node:test";
import { Backoff } from "../../src/backoff";

const MINUTE = 60_000;

test("later each time, and after five times not by itself", () => {
  const backoff = new Backoff();
  const delays = [0, 1, 2, 3, 4, 5].map((second) => backoff.next(second * 1000));
  assert.deepEqual(delays, [500, 1000, 2000, 4000, 8000, undefined]);
});

test("deaths are forgotten after three minutes", () => {
  const backoff = new Backoff();
  for (let death = 0; death < 6; death += 1) {
    backoff.next(death);
  }
  assert.equal(backoff.next(3 * MINUTE + 10), 500);
});

test("the user's own start forgives all", () => {
  const backoff = new Backoff();
  for (let death = 0; death < 6; death += 1) {
    backoff.next(death);
  }
  backoff.reset();
  assert.equal(backoff.next(10), 500);
});
