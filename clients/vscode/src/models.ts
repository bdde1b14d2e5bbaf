/** Models as the picker lists them: all of a family together, families in the order in which they come. */

import type { Model } from "./report";
import { number } from "./wording";

export function byFamily(models: readonly Model[]): ReadonlyMap<string, readonly Model[]> {
  const families = new Map<string, Model[]>();
  for (const one of models) {
    families.set(one.family, [...(families.get(one.family) ?? []), one]);
  }
  return families;
}

/** What is known of a model: context window, tokenizer, price of a million tokens of input. */
export function modelText(model: Model): string {
  const parts = [
    ...(model.context_window === null ? [] : [number(model.context_window)]),
    model.exactness === "exact" ? model.encoding : `${model.encoding}, ${model.exactness}`,
    ...(model.input_usd_per_million === null ? [] : [`$${model.input_usd_per_million} / 1M`]),
  ];
  return parts.join(" · ");
}
