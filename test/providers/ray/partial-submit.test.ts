import { expect, it } from 'vitest'
import type { Intent } from '../../../src/providers/intent.ts'
import { makeHttpClient } from '../../../src/providers/kit/http.ts'
import { rayProvider } from '../../../src/providers/ray/index.ts'
import { startSandbox } from '../../../src/sandbox/server.ts'
import { makeFixedClock } from '../../support/fixed-clock.ts'
import { forEachTest } from '../../support/for-each-test.ts'
import { correlationTag, failureOf, id, signal } from './ray-stub.ts'

const cluster = forEachTest(
  async () => {
    const sandbox = await startSandbox({ providers: ['ray'] })
    const baseUrl = sandbox.urls.ray
    const clock = makeFixedClock('2026-11-28T12:00:00.000Z')
    const limits = { connectTimeoutMs: 1000, timeoutMs: 1000, maxResponseBytes: 3e6 }
    const http = makeHttpClient({ baseUrl, clock, ...limits })
    const { token } = sandbox.accounts.ray
    const { job } = rayProvider.open({ settings: { baseUrl }, credentials: { token }, http, clock }).drivers
    if (job === undefined) return expect.fail('ray has no jobs')
    const spec = { name: 'train', script: 'true' }
    const intent: Intent<'job'> = {
      ...{ correlationTag, spec, environmentRemoteId: null },
      before: (await job.prepare?.(spec, null, signal)) ?? null,
      sendBy: { at: new Date(clock.now().getTime() + 1000), monotonicMs: clock.monotonicMs() + 1000 },
      firstSentAt: clock.now(),
    }
    return { sandbox, http, job, intent }
  },
  async ({ http, sandbox }) => {
    await http.close()
    await sandbox.close()
  },
)

it('finds a submit that failed after its record was written, and creates no second job', async () => {
  const { sandbox, job, intent } = cluster
  sandbox.changeSettings('ray', { failsHalfway: true })
  // A create without a documented rejection may have been executed: it is recovered before a new attempt.
  expect(await failureOf(job.create(intent, signal))).toMatchObject({ code: 'unavailable', httpStatus: 500 })
  const found = await job.find([intent], signal)
  expect(found.get(correlationTag)).toMatchObject({
    found: [{ remoteId: id, correlationTag, status: 'pending', rawState: 'PENDING' }],
    isComplete: true,
  })

  sandbox.changeSettings('ray', { failsHalfway: false })
  expect(await job.create(intent, signal)).toEqual({ remoteId: id })
  const { seen } = await job.list({ cursor: null, watched: [] }, signal)
  expect(seen.map(({ remoteId }) => remoteId)).toEqual([id])
  await expect(job.controls.cancel?.(id, signal)).rejects.toMatchObject({ code: 'conflict' })
})
