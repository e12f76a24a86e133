import { expect, it } from 'vitest'
import { makeCli } from '../../../clients/cli/src/cli.ts'
import { type WorkloadFilterOptions, workloadFilter } from '../../../clients/cli/src/commands/filters.ts'
import { makeProgram } from '../../../clients/cli/src/program.ts'

function filterOf(...args: string[]) {
  const { stdin, stdout, stderr } = process
  const program = makeProgram(makeCli({ stdin, stdout, stderr, env: {} }))
  const jobs = program.commands.find((command) => command.name() === 'jobs')
  const cancelAll = jobs?.commands.find((command) => command.name() === 'cancel-all')
  cancelAll?.parseOptions(args)
  return workloadFilter(cancelAll?.opts<WorkloadFilterOptions>() ?? {})
}

it.each(['--created-before', '--created-after'])('subtracts the duration in %s from the current time', (option) => {
  const { createdBefore, createdAfter } = filterOf(option, '2h')
  const hoursAgo = (Date.now() - Date.parse(String(createdBefore ?? createdAfter))) / 3_600_000
  expect(hoursAgo).toBeCloseTo(2, 2)
})
