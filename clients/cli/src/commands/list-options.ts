import { type Command, InvalidArgumentError } from 'commander'
import type { Cli } from '../cli.ts'
import type { Row, View } from '../output/views.ts'

export interface LimitOptions {
  limit: number
  all?: boolean
}

/** The largest page of the service. */
const maxPageSize = 200

/** Adds the options that bound every list. */
export function addLimitOptions(command: Command): Command {
  return command.option('--limit <count>', 'Print at most this many.', parseCount, 50).option('--all', 'Print all.')
}

/** The size of the first page: as many as are printed, and one to know whether there are more. */
export function pageSizeOf({ limit, all }: LimitOptions): number {
  return all === true ? maxPageSize : Math.min(limit + 1, maxPageSize)
}

/** Prints the first records of a list, and a note if there are more. */
export async function printList(
  { out }: Cli,
  list: AsyncIterable<Row>,
  { view, limits }: { view: View; limits: LimitOptions },
): Promise<void> {
  const rows: Row[] = []
  let isComplete = true
  for await (const row of list) {
    isComplete = limits.all === true || rows.length < limits.limit
    if (!isComplete) break
    rows.push(row)
  }
  out.list(rows, view)
  if (!isComplete) out.note(`There are more than ${limits.limit}. Use --limit <count> or --all.`)
}

export function parseCount(text: string): number {
  const count = Number(text)
  if (/^\d+$/.test(text) && count >= 1 && count <= 100_000) return count
  throw new InvalidArgumentError('Expected a number from 1 to 100000.')
}

/** Collects the values of an option that may be repeated. */
export function collect(value: string, previous: readonly string[] = []): string[] {
  return [...previous, value]
}

/** Splits the values of an option that may be repeated or separated by commas. */
export function collectWords(value: string, previous: readonly string[] = []): string[] {
  const words = value.split(',').map((word) => word.trim())
  return [...previous, ...words.filter((word) => word !== '')]
}

/** Without the options that are not given: they are absent, not undefined. */
export function given<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}
