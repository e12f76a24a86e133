import { Command } from 'commander'
import { expect, it } from 'vitest'
import {
  addWorkloadFilters,
  type WorkloadFilterOptions,
  workloadFilter,
} from '../../../clients/cli/src/commands/filters.ts'

function filterOf(...args: string[]) {
  const command = addWorkloadFilters(new Command())
  return workloadFilter(command.parse(args, { from: 'user' }).opts<WorkloadFilterOptions>())
}

it.each(['--created-before', '--created-after'])('%s with a duration means so long ago', (option) => {
  const { createdBefore, createdAfter } = filterOf(option, '2h')
  const hoursAgo = (Date.now() - Date.parse(String(createdBefore ?? createdAfter))) / 3_600_000
  expect(hoursAgo).toBeCloseTo(2, 2)
})
