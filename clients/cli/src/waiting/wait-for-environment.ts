import type { Cli } from '../cli.ts'
import { CommandError } from '../command-error.ts'
import { exitCodes } from '../exit-codes.ts'
import { formatElapsed } from '../input/durations.ts'
import { stepOf } from './follow-job.ts'
import { untilInterrupted } from './interruption.ts'
import { makeProgress, type Progress } from './progress.ts'

/** The record as returned when the request was accepted. */
export interface AcceptedEnvironment {
  id: string
  statusChangedAt: string
}

export interface EnvironmentWait {
  /** `running`, `stopped` or `deleted`. */
  status: string
  timeoutMs?: number | undefined
}

/** Statuses in which an environment remains until something is requested. */
const stableStatuses: ReadonlySet<string> = new Set(['running', 'stopped', 'blocked', 'failed', 'deleted'])

/**
 * Shows the statuses of an environment until it has the expected one. The exit code is 1 if it stays in another. Ctrl-C
 * ends only the wait.
 */
export async function waitForEnvironment(
  cli: Cli,
  { id, statusChangedAt }: AcceptedEnvironment,
  { status, timeoutMs }: EnvironmentWait,
): Promise<void> {
  const progress = makeProgress({ id, stream: cli.stderr, stdout: cli.stdout, paint: cli.paint })
  const expiry = timeoutMs === undefined ? [] : [AbortSignal.timeout(timeoutMs)]
  let reached: string | undefined
  try {
    cli.exitCode = await untilInterrupted(async (interrupted) => {
      const sinceMs = Date.parse(statusChangedAt)
      reached = await follow(cli, id, { progress, status, sinceMs, signal: AbortSignal.any([interrupted, ...expiry]) })
      return reached === status ? exitCodes.ok : exitCodes.failed
    })
  } catch (error) {
    if (!expiry.some(({ aborted }) => aborted)) throw error
    const message = `${id} is not ${status} after ${formatElapsed(timeoutMs ?? 0)}. See: switchyard environments get ${id}`
    throw new CommandError(message, { code: 'timed_out', exitCode: exitCodes.timedOut, cause: error })
  } finally {
    progress.end(reached !== undefined)
  }
  if (reached === undefined) cli.stderr.write(`${id} continues. See: switchyard environments get ${id}\n`)
  else if (reached !== status)
    cli.stderr.write(`${id} is ${reached}, not ${status}. See: switchyard environments get ${id}\n`)
}

interface Following {
  progress: Progress
  status: string
  /** The history before this time is not part of the wait. */
  sinceMs: number
  signal: AbortSignal
}

/** Reads the record after each event: a requested action is pending while the status is still the previous one. */
async function follow(cli: Cli, id: string, { progress, status, sinceMs, signal }: Following): Promise<string> {
  const { environments } = await cli.client()
  let last = ''
  for await (const event of environments.streamEvents(id, { signal })) {
    const step = stepOf(event)
    if (step === undefined || step.status === last || step.atMs < sinceMs) continue
    last = step.status
    progress.step(step)
    if (!stableStatuses.has(step.status)) continue
    const record = await environments.get(id, { signal })
    const isSettled = record.requestedAction === undefined && stableStatuses.has(record.status)
    if (record.status === status || (isSettled && record.status === step.status)) return record.status
  }
  return (await environments.get(id, { signal })).status
}
