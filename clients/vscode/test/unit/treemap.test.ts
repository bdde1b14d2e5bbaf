import assert from "node:assert/strict";
import { test } from "node:test";
import { type Box, fitting, squarify } from "../../src/treemap";

const PAGE: Box = { x: 3, y: 5, width: 600, height: 400 };

function area(box: Box): number {
  return box.width * box.height;
}

for (const weights of [
  [1],
  [6, 6, 4, 3, 2, 2, 1],
  Array.from({ length: 150 }, (_, index) => 1000 / (index + 1)),
  [1_000_000, 1, 1, 1],
]) {
  test(`areas are in proportion to ${weights.length} weights, inside, and don't overlap`, () => {
    const boxes = squarify(weights, PAGE);
    const total = weights.reduce((sum, one) => sum + one, 0);
    assert.equal(boxes.length, weights.length);
    boxes.forEach((box, index) => {
      assert.ok(Math.abs(area(box) - ((weights[index] ?? 0) / total) * area(PAGE)) < 1e-6 * area(PAGE));
      assert.ok(box.x >= PAGE.x - 1e-6 && box.x + box.width <= PAGE.x + PAGE.width + 1e-6);
      assert.ok(box.y >= PAGE.y - 1e-6 && box.y + box.height <= PAGE.y + PAGE.height + 1e-6);
      for (const other of boxes.slice(index + 1)) {
        const across = Math.min(box.x + box.width, other.x + other.width) - Math.max(box.x, other.x);
        const down = Math.min(box.y + box.height, other.y + other.height) - Math.max(box.y, other.y);
        assert.ok(Math.min(across, down) < 1e-6);
      }
    });
  });
}

test("boxes are near to squares: the example of the paper", () => {
  const boxes = squarify([6, 6, 4, 3, 2, 2, 1], { x: 0, y: 0, width: 6, height: 4 });
  assert.deepEqual(boxes.slice(0, 2), [
    { x: 0, y: 0, width: 3, height: 2 },
    { x: 0, y: 2, width: 3, height: 2 },
  ]);
  for (const { width, height } of boxes.slice(0, 6)) {
    assert.ok(Math.max(width / height, height / width) < 2.8);
  }
});

for (const [name, weights, box] of [
  ["no weights", [], PAGE],
  ["nothing weighs", [0, 0], PAGE],
  ["no room", [1, 2], { ...PAGE, width: 0 }],
  ["some weigh nothing", [5, 0], PAGE],
] as const) {
  test(`${name}: no box has an area that isn't a number`, () => {
    const boxes = squarify(weights, box);
    assert.equal(boxes.length, weights.length);
    boxes.forEach((one, index) => {
      assert.ok(Number.isFinite(area(one)));
      assert.ok(weights[index] !== 0 || area(one) === 0);
    });
  });
}

for (const [label, number, width, expected] of [
  [60, 20, 100, "both"],
  // The name may be cut short, the number not.
  [60, 20, 55, "both"],
  [60, 20, 54, "number"],
  [10, 20, 37, "both"],
  [10, 20, 36, "number"],
  [60, 20, 20, "number"],
  [60, 20, 19, "nothing"],
] as const) {
  test(`a name of ${label} and a number of ${number} in ${width} pixels`, () =>
    assert.equal(fitting(label, number, 7, width), expected));
}
