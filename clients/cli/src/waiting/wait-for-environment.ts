import type { Environment } from '@switchyard/client'
import type { Cli } from '../cli.ts'
import { exitCodes } from '../exit-codes.ts'
import { printable } from '../output/printable.ts'
import { untilInterrupted } from './interruption.ts'
import { makeProgress, type Progress } from './progress.ts'
import { withTimeLimit } from './time-limit.ts'

export interface EnvironmentWait {
  /** Expected status. */
  status: 'running' | 'stopped' | 'deleted'
  timeoutMs?: number | undefined
}

/**
 * Shows the statuses of an environment, from the accepted request until no change is in progress or requested. Returns
 * the record, or undefined after Ctrl-C, which ends only the wait. The exit code is 1 if the status is not the expected
 * one, for example because the provider has rejected the request.
 */
export async function waitForEnvironment(
  cli: Cli,
  accepted: Environment,
  { status, timeoutMs }: EnvironmentWait,
): Promise<Environment | undefined> {
  const { id } = accepted
  const { environments } = await cli.client()
  const see = `See: switchyard environments get ${id}`
  const progress = makeProgress({ id, stream: cli.stderr, stdout: cli.stdout, paint: cli.paint })
  const show = makeSteps(progress)
  let settled: Environment | undefined
  show(accepted)
  try {
    cli.exitCode = await untilInterrupted(async (interrupted) => {
      settled = await withTimeLimit((signal) => environments.wait(id, { until: 'settled', onUpdate: show, signal }), {
        ...{ signal: interrupted, timeoutMs, message: (limit) => `${id} is not ${status} after ${limit}. ${see}` },
      })
      return settled.status === status ? exitCodes.ok : exitCodes.failed
    })
  } finally {
    progress.end(settled !== undefined)
  }
  if (settled === undefined) cli.stderr.write(`${id} continues. ${see}\n`)
  else if (settled.status !== status)
    cli.stderr.write(`${id} is ${settled.status}, not ${status}${whyOf(settled)}. ${see}\n`)
  return settled
}

/** Shows each status once. */
function makeSteps(progress: Progress): (record: Environment) => void {
  let last = ''
  return ({ status, statusChangedAt, statusReason: reason }) => {
    if (status === last) return
    last = status
    progress.step({ status, atMs: Date.parse(statusChangedAt), reason })
  }
}

function whyOf({ statusMessage, statusReason }: Environment): string {
  const why = statusMessage ?? statusReason
  return why === undefined ? '' : `: ${printable(why).replace(/\.$/, '')}`
}
