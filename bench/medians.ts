import type { Figures, Round } from './figures.ts'

/** Median; the mean of the two middle values if the number is even. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)]
  const lower = sorted[Math.ceil(sorted.length / 2) - 1]
  if (upper === undefined || lower === undefined) throw new TypeError('no value has no median')
  return (lower + upper) / 2
}

/** Value below which this fraction of the values lies; 0 if there are none. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0
}

/** Medians per subject and figure; rounds without a figure are ignored. */
export function mediansOf(rounds: readonly Round[]): Round {
  return combine<Figures>(rounds, (measured) => combine(measured, median))
}

/** Combines records: applies `join` to all values of each key. */
function combine<T>(records: readonly Readonly<Record<string, T>>[], join: (values: T[]) => T): Record<string, T> {
  const keys = new Set(records.flatMap((record) => Object.keys(record)))
  const valuesOf = (key: string) => records.flatMap((record) => (key in record ? [record[key] as T] : []))
  return Object.fromEntries([...keys].map((key) => [key, join(valuesOf(key))]))
}
