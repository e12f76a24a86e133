import type { Command } from 'commander'
import { parsePast } from '../input/durations.ts'
import { addLimitOptions, collect, collectWords, given, type LimitOptions } from './list-options.ts'

export interface WorkloadFilterOptions {
  status?: readonly string[]
  label?: readonly string[]
  provider?: string
  connection?: string
  namePrefix?: string
  createdAfter?: string
  createdBefore?: string
}

export type WorkloadListOptions = WorkloadFilterOptions & LimitOptions & ActiveOptions

interface ActiveOptions {
  active?: boolean
  finished?: boolean
}

/** Adds the filters that jobs and environments share. */
export function addWorkloadFilters(command: Command): Command {
  return command
    .option('--status <status>', 'Only these statuses; repeatable.', collectWords)
    .option('--label <key:value>', 'Only records with this label; repeatable, all must match.', collect)
    .option('--provider <id>', 'Only this provider.')
    .option('--connection <id>', 'Only this connection.')
    .option('--name-prefix <text>', 'Only names that start with this text.')
    .option(
      '--created-after <time>',
      'Only records created at or after this time, or since so long ago: 2h.',
      parseTime,
    )
    .option(
      '--created-before <time>',
      'Only records created before this time, or more than so long ago: 2h.',
      parseTime,
    )
}

/** Adds the options of a list of jobs or environments. */
export function addWorkloadListOptions(command: Command): Command {
  const filtered = addWorkloadFilters(command)
    .option('--active', 'Only records that are not finished.')
    .option('--finished', 'Only finished records.')
  return addLimitOptions(filtered)
}

export function workloadFilter(options: WorkloadFilterOptions & ActiveOptions) {
  const { connection, active, finished, status, label, provider, namePrefix, createdAfter, createdBefore } = options
  return given({
    ...{ status, label, provider, namePrefix, createdAfter, createdBefore },
    connectionId: connection,
    active: active ?? (finished === true ? false : undefined),
  })
}

function parseTime(text: string): string {
  return parsePast(text, Date.now())
}
