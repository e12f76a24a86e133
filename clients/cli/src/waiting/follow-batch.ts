import { setTimeout as sleep } from 'node:timers/promises'
import type { Job, Switchyard } from '@switchyard/client'
import ora from 'ora'
import type { Cli } from '../cli.ts'
import { exitCodes } from '../exit-codes.ts'
import { formatElapsed } from '../input/durations.ts'
import { paintStatus } from '../output/paint.ts'
import { printable } from '../output/printable.ts'
import { isFinished } from './finished-jobs.ts'
import { untilInterrupted } from './interruption.ts'
import { makeOutage } from './outage.ts'
import { withTimeLimit } from './time-limit.ts'

/** Ids of one request. */
const idsPerRequest = 100
const pollMs = 2000

const remedy = 'Follow them: switchyard jobs list --active. Cancel them: switchyard jobs cancel <id...>.'

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
  const latest = new Map(jobs.map((job) => [job.id, job]))
  const display = makeDisplay(cli)
  let finished: readonly Job[] | undefined
  try {
    cli.exitCode = await untilInterrupted(async (interrupted) => {
      const client = await cli.client()
      await withTimeLimit((signal) => poll(client, latest, { display, signal }), {
        ...{ signal: interrupted, timeoutMs },
        message: (limit) => `The jobs have not finished within ${limit} and continue. ${remedy}`,
      })
      finished = [...latest.values()]
      return finished.every(({ status }) => status === 'succeeded') ? exitCodes.ok : exitCodes.failed
    })
  } finally {
    display.end()
  }
  if (finished === undefined) cli.stderr.write(`The jobs continue. ${remedy}\n`)
  return finished
}

interface Polling {
  display: Display
  signal: AbortSignal
}

/** Reads the unfinished jobs until there are none. */
async function poll({ jobs }: Switchyard, latest: Map<string, Job>, { display, signal }: Polling): Promise<void> {
  const outage = makeOutage()
  for (;;) {
    const ids = [...latest.values()].filter((job) => !isFinished(job)).map(({ id }) => id)
    display.show([...latest.values()])
    if (ids.length === 0) return
    await sleep(pollMs, undefined, { signal })
    try {
      for (let start = 0; start < ids.length; start += idsPerRequest) {
        const filter = { ids: ids.slice(start, start + idsPerRequest), limit: idsPerRequest }
        for await (const job of jobs.list(filter, { signal })) latest.set(job.id, job)
        outage.over()
      }
    } catch (error) {
      await outage.endure(error, signal)
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
        for (const { id, name, status } of jobs.filter((job) => isFinished(job) && !reported.has(job.id))) {
          reported.add(id)
          stderr.write(`${new Date().toISOString()}  ${id}  ${printable(name)}  ${paintStatus(paint, status)}\n`)
        }
    },
    end: () => void spinner?.stop(),
  }
}

function summaryOf(jobs: readonly Job[]): string {
  const byStatus = Object.entries(Object.groupBy(jobs, ({ status }) => status))
  const finished = jobs.filter(isFinished).length
  const counts = byStatus.map(([status, group = []]) => `${group.length} ${status}`)
  return [`${finished} of ${jobs.length} finished`, ...counts].join('  ')
}
