import type { Job, Switchyard } from '@switchyard/client'
import type { Cli } from '../cli.ts'
import { exitCodeOfJob, exitCodes } from '../exit-codes.ts'
import { reportOf } from '../output/error-text.ts'
import { printable } from '../output/printable.ts'
import type { Row } from '../output/views.ts'
import { untilInterrupted } from './interruption.ts'
import { makeProgress, type Progress, type Step } from './progress.ts'
import { readLogs } from './read-logs.ts'
import { withTimeLimit } from './time-limit.ts'

export interface FollowOptions {
  /** Where statuses are shown. */
  stream: NodeJS.WriteStream
  logs: boolean
  timeoutMs?: number | undefined
}

/**
 * Shows the statuses of a job, and its logs, until it has finished. Returns the finished job, or undefined after Ctrl-C,
 * which does not affect the job. The exit code is set to that of the job.
 */
export async function followJob(cli: Cli, id: string, options: FollowOptions): Promise<Job | undefined> {
  cli.errorExitCode = exitCodes.waitFailed
  const { stream, timeoutMs } = options
  const progress = makeProgress({ id, stream, stdout: cli.stdout, paint: cli.paint })
  let finished: Job | undefined
  try {
    cli.exitCode = await untilInterrupted(async (interrupted) => {
      const client = await cli.client()
      finished = await withTimeLimit((signal) => follow(client, id, { progress, logs: options.logs, signal }), {
        ...{ signal: interrupted, timeoutMs },
        message: (limit) => `${id} has not finished within ${limit} and continues. ${remedyFor(id)}`,
      })
      return exitCodeOfJob(finished)
    })
  } finally {
    progress.end(finished !== undefined)
  }
  if (finished === undefined) cli.stderr.write(`${id} continues. ${remedyFor(id)}\n`)
  else showOutcome(cli, finished)
  return finished
}

interface Following {
  progress: Progress
  logs: boolean
  signal: AbortSignal
}

async function follow({ jobs }: Switchyard, id: string, following: Following): Promise<Job> {
  const { progress, signal } = following
  const logs = following.logs ? followLogs(jobs, id, following) : Promise.resolve()
  let last = ''
  try {
    for await (const event of jobs.streamEvents(id, { signal })) {
      const step = stepOf(event)
      if (step === undefined || step.status === last) continue
      last = step.status
      progress.step(step)
    }
  } catch (error) {
    // The cause is reported once, by the stream of events.
    await logs.catch(() => undefined)
    throw error
  }
  await logs
  // The stream ends with the final status; this read also covers a job whose events have expired.
  return jobs.wait(id, { signal })
}

/** The status of an event; undefined if the event is not a change of status, such as an updated label. */
export function stepOf({ type, at, data }: Row): Step | undefined {
  if (typeof type !== 'string' || typeof at !== 'string' || typeof data !== 'object' || data === null) return undefined
  const { status, reason } = data as { status?: unknown; reason?: unknown }
  if (typeof status !== 'string' || !type.endsWith(`.${status}`)) return undefined
  return { status, atMs: Date.parse(at), ...(typeof reason === 'string' ? { reason } : {}) }
}

/** A job without logs is still followed: the reason is a note. */
async function followLogs(jobs: Switchyard['jobs'], id: string, { progress, signal }: Following): Promise<void> {
  try {
    await readLogs(jobs, id, {
      ...{ follow: true, signal, onText: progress.write },
      onLink: ({ name, url }) => progress.note(`${printable(name)}: ${printable(url)}`),
      onNote: progress.note,
    })
  } catch (error) {
    if (signal.aborted) throw error
    progress.note(`No logs: ${printable(reportOf(error).message)}`)
  }
}

function showOutcome({ stderr, paint }: Cli, { id, status, exitCode, statusMessage, error }: Job): void {
  if (status === 'succeeded') return
  const code = exitCode === undefined ? '' : ` with exit code ${exitCode}`
  const why = error?.message ?? statusMessage
  stderr.write(`${paint('red', `${id} ${status}${code}.`)}${why === undefined ? '' : ` ${printable(why)}`}\n`)
}

function remedyFor(id: string): string {
  return `Follow it: switchyard jobs watch ${id}. Cancel it: switchyard jobs cancel ${id}.`
}
