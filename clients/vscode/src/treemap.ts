/** Squarified treemaps (Bruls, Huizing, van Wijk 2000): areas in proportion to weights, as near to squares as can be. */

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Cut a box up: one box for each weight, in order of the weights given, which must fall. Weights of 0 get none. */
export function squarify(weights: readonly number[], box: Box): Box[] {
  const total = weights.reduce((sum, one) => sum + one, 0);
  const boxes: Box[] = [];
  if (total <= 0 || box.width <= 0 || box.height <= 0) {
    return weights.map(() => ({ ...box, width: 0, height: 0 }));
  }
  const scale = (box.width * box.height) / total;
  let rest = box;
  let start = 0;
  while (start < weights.length) {
    const side = Math.min(rest.width, rest.height);
    let end = start + 1;
    let area = (weights[start] ?? 0) * scale;
    let worst = ratio(weights, start, end, area, scale, side);
    while (end < weights.length) {
      const more = area + (weights[end] ?? 0) * scale;
      const other = ratio(weights, start, end + 1, more, scale, side);
      if (other > worst) {
        break;
      }
      worst = other;
      area = more;
      end += 1;
    }
    const thickness = side > 0 ? area / side : 0;
    let along = 0;
    for (let index = start; index < end; index += 1) {
      const length = thickness > 0 ? ((weights[index] ?? 0) * scale) / thickness : 0;
      boxes.push(
        rest.width >= rest.height
          ? { x: rest.x, y: rest.y + along, width: thickness, height: length }
          : { x: rest.x + along, y: rest.y, width: length, height: thickness },
      );
      along += length;
    }
    rest =
      rest.width >= rest.height
        ? { ...rest, x: rest.x + thickness, width: Math.max(0, rest.width - thickness) }
        : { ...rest, y: rest.y + thickness, height: Math.max(0, rest.height - thickness) };
    start = end;
  }
  return boxes;
}

/** The worst proportion of a row of boxes. */
function ratio(
  weights: readonly number[],
  start: number,
  end: number,
  area: number,
  scale: number,
  side: number,
): number {
  const most = (weights[start] ?? 0) * scale;
  const least = (weights[end - 1] ?? 0) * scale;
  if (least <= 0 || area <= 0 || side <= 0) {
    return Number.POSITIVE_INFINITY;
  }
  const square = side * side;
  return Math.max((square * most) / (area * area), (area * area) / (square * least));
}

/** What of a box's texts is written. */
export type Fitting = "both" | "number" | "nothing";

/** Pixels of a name that say anything, cut short. */
const LEAST_LABEL = 28;

/** What has room in `width` pixels: the number whole or not at all, the name if enough of it is seen. All widths in pixels. */
export function fitting(label: number, number: number, between: number, width: number): Fitting {
  if (number > width) {
    return "nothing";
  }
  return number + between + Math.min(label, LEAST_LABEL) > width ? "number" : "both";
}
