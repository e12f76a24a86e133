import { setTimeout as sleep } from 'node:timers/promises'
import type { Switchyard } from '@switchyard/client'
import ora from 'ora'
import type { Cli } from '../cli.ts'
import { CommandError } from '../command-error.ts'
import { exitCodes } from '../exit-codes.ts'
import { formatElapsed } from '../input/durations.ts'
import { paintStatus } from '../output/paint.ts'
import { finalJobStatuses, type Job } from './follow-job.ts'
import { untilInterrupted } from './interruption.ts'

/** Ids of one request. */
const idsPerRequest = 100
const pollMs = 2000

/**
 * Waits until all jobs have finished. Returns them in the same order, or undefined after Ctrl-C, which does not affect
 * them. The exit code is 0 if all have succeeded, otherwise 1.
 */
export async function followBatch(
  cli: Cli,
  jobs: readonly Job[],
  timeoutMs?: number,
): Promise<readonly Job[] | undefined> {
  cli.errorExitCode = exitCodes.waitFailed
  const expiry = timeoutMs === undefined ? [] : [AbortSignal.timeout(timeoutMs)]
  const latest = new Map(jobs.map((job) => [job.id, job]))
  const display = makeDisplay(cli)
  const remedy = 'Follow them: switchyard jobs list --active. Cancel them: switchyard jobs cancel <id...>.'
  let isFinished = false
  try {
    cli.exitCode = await untilInterrupted(async (interrupted) => {
      await poll(await cli.client(), latest, { display, signal: AbortSignal.any([interrupted, ...expiry]) })
      isFinished = true
      return [...latest.values()].every(({ status }) => status === 'succeeded') ? exitCodes.ok : exitCodes.failed
    })
  } catch (error) {
    if (!expiry.some(({ aborted }) => aborted)) throw error
    const message = `The jobs have not finished within ${formatElapsed(timeoutMs ?? 0)} and continue. ${remedy}`
    throw new CommandError(message, { code: 'timed_out', exitCode: exitCodes.timedOut, cause: error })
  } finally {
    display.end()
  }
  if (isFinished) return [...latest.values()]
  cli.stderr.write(`The jobs continue. ${remedy}\n`)
  return undefined
}

interface Polling {
  display: Display
  signal: AbortSignal
}

async function poll({ jobs }: Switchyard, latest: Map<string, Job>, { display, signal }: Polling): Promise<void> {
  for (;;) {
    const ids = [...latest.values()].filter(({ status }) => !finalJobStatuses.has(status)).map(({ id }) => id)
    display.show([...latest.values()])
    if (ids.length === 0) return
    await sleep(pollMs, undefined, { signal })
    for (let start = 0; start < ids.length; start += idsPerRequest) {
      const filter = { ids: ids.slice(start, start + idsPerRequest), limit: idsPerRequest }
      for await (const job of jobs.list(filter, { signal })) latest.set(job.id, job)
    }
  }
}

interface Display {
  show(jobs: readonly Job[]): void
  end(): void
}

/** One line with the number of jobs in each status; in a pipe, one line for each finished job. */
function makeDisplay({ stderr, paint }: Cli): Display {
  const startMs = Date.now()
  const reported = new Set<string>()
  const spinner = stderr.isTTY ? ora({ stream: stderr, discardStdin: false, color: false }).start() : undefined
  return {
    show(jobs) {
      if (spinner !== undefined) spinner.text = `${summaryOf(jobs)}  ${formatElapsed(Date.now() - startMs)}`
      else
        for (const { id, name, status } of jobs.filter(
          (job) => finalJobStatuses.has(job.status) && !reported.has(job.id),
        )) {
          reported.add(id)
          stderr.write(`${new Date().toISOString()}  ${id}  ${name}  ${paintStatus(paint, status)}\n`)
        }
    },
    end: () => void spinner?.stop(),
  }
}

function summaryOf(jobs: readonly Job[]): string {
  const byStatus = Object.entries(Object.groupBy(jobs, ({ status }) => status))
  const finished = jobs.filter(({ status }) => finalJobStatuses.has(status)).length
  const counts = byStatus.map(([status, group = []]) => `${group.length} ${status}`)
  return [`${finished} of ${jobs.length} finished`, ...counts].join('  ')
}
