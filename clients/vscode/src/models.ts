/** Models by name. */

/** The family that a model belongs to: `gpt-5` of `gpt-5.6-sol`, `o3` of `o3-pro`, `claude` of `claude-opus-4-5`. */
export function familyOf(name: string): string {
  return /^(?:gpt-\d+|o\d+|[a-z]+)/i.exec(name)?.[0] ?? name;
}
