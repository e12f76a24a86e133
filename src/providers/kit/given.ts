type Given<T> = { [F in keyof T]?: Exclude<T[F], undefined> }

/** The fields that are not undefined. */
export function given<T extends object>(fields: T): Given<T> {
  // Runs for each object of each page; several times as fast as through a list of entries.
  const kept: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(fields)) if (value !== undefined) kept[key] = value
  return kept as Given<T>
}
