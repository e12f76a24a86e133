import { setTimeout as sleep } from 'node:timers/promises'
import { makeChangeNotifier } from '../src/events/change-notifier.ts'
import type { Stack } from './stack.ts'

const write = `WITH w AS (
    UPDATE workloads SET seq = seq + 1, version = version + 1, status_message = $2, updated_at = now()
    WHERE id = $1 RETURNING *
  ) INSERT INTO workload_events (workload_id, seq, id, project_id, kind, type, data)
  SELECT id, seq, 'evt_' || id || seq, project_id, kind, 'job.running',
    jsonb_build_object('number', $3::int, 'sentAtMicros', $2::bigint) FROM w`

/**
 * Changes jobs one by one at a given rate and notifies as a worker does: the row with its event in a separate
 * statement, then a NOTIFY for the changes of 20 ms. Each event contains the time just before it was sent.
 */
export async function makeChanges(stack: Stack, projectId: string) {
  const { rows } = await stack.pool.query<{ tag: string }>('SELECT tag FROM installation')
  const wake = makeChangeNotifier({
    installationTag: rows[0]?.tag ?? '',
    notify: async (channel, payload) => void (await stack.pool.query('SELECT pg_notify($1, $2)', [channel, payload])),
    connect: null,
    log: console,
  })
  let number = 0

  async function one(jobs: readonly string[]): Promise<void> {
    const id = jobs[number % jobs.length] ?? ''
    number += 1
    const sentAt = String(process.hrtime.bigint() / 1000n)
    await stack.pool.query({ name: 'change', text: write, values: [id, sentAt, number] })
    wake.changed([projectId, id])
  }

  return {
    /** Makes changes until `work` ends. Resolves with their number and the duration. */
    async during(
      work: Promise<unknown>,
      { jobs, perSecond }: { jobs: readonly string[]; perSecond: number },
    ): Promise<{ changes: number; seconds: number }> {
      const first = number
      const startedAt = performance.now()
      let isOver = false
      const end = () => (isOver = true)
      work.then(end, end)
      while (!isOver) {
        await one(jobs)
        const dueAt = startedAt + ((number - first) * 1000) / perSecond
        await sleep(Math.max(0, dueAt - performance.now()))
      }
      await work
      return { changes: number - first, seconds: (performance.now() - startedAt) / 1000 }
    },
  }
}

export type Changes = Awaited<ReturnType<typeof makeChanges>>
