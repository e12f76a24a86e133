import type { Command } from 'commander'
import { parseExpiry } from '../input/durations.ts'
import { addLimitOptions, collect, collectWords, given, type LimitOptions } from './list-options.ts'

export type WorkloadListOptions = LimitOptions & {
  status?: readonly string[]
  label?: readonly string[]
  provider?: string
  connection?: string
  active?: boolean
  finished?: boolean
  namePrefix?: string
  createdAfter?: string
  createdBefore?: string
}

/** Adds the filters that jobs and environments share. */
export function addWorkloadListOptions(command: Command): Command {
  const filtered = command
    .option('--status <status>', 'Only these statuses; repeatable.', collectWords)
    .option('--label <key:value>', 'Only records with this label; repeatable, all must match.', collect)
    .option('--provider <id>', 'Only this provider.')
    .option('--connection <id>', 'Only this connection.')
    .option('--active', 'Only records that are not finished.')
    .option('--finished', 'Only finished records.')
    .option('--name-prefix <text>', 'Only names that start with this text; sorts by name.')
    .option('--created-after <time>', 'Only records created at or after this time (RFC 3339).', parseTime)
    .option('--created-before <time>', 'Only records created before this time (RFC 3339).', parseTime)
  return addLimitOptions(filtered)
}

export function workloadFilter(options: WorkloadListOptions) {
  const { connection, active, finished, status, label, provider, namePrefix, createdAfter, createdBefore } = options
  return given({
    ...{ status, label, provider, namePrefix, createdAfter, createdBefore },
    connectionId: connection,
    active: active ?? (finished === true ? false : undefined),
  })
}

function parseTime(text: string): string {
  return parseExpiry(text, Date.now())
}
