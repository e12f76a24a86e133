import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Observation } from '../../src/providers/observation.ts'
import { startRedisServer } from '../support/redis-server.ts'
import { type RayCluster, startRay } from './ray-cluster.ts'
import { openRay, signal } from './ray-driver.ts'
import { rayPrograms } from './ray-install.ts'
import { describeReal } from './requirements.ts'

const { requirements, binDir } = await rayPrograms()
const withinMs = 240_000

describeReal('killed and restarted Ray head', requirements, () => {
  describe.each([
    { title: 'without Redis', hasRedis: false },
    { title: 'with Redis', hasRedis: true },
  ])('$title', ({ hasRedis }) => {
    let redis: Awaited<ReturnType<typeof startRedisServer>> | null = null
    let cluster: RayCluster
    let ray: ReturnType<typeof openRay>

    beforeAll(async () => {
      redis = hasRedis ? await startRedisServer() : null
      cluster = await startRay(binDir, redis === null ? null : new URL(redis.url).host)
      ray = openRay(cluster)
    }, withinMs)

    afterAll(async () => {
      await ray?.close()
      await cluster?.stop()
      await redis?.stop()
    }, withinMs)

    /** Polls until the job is in one of these states. */
    async function until(remoteId: string, ...states: readonly string[]): Promise<Observation<'job'>> {
      for (const deadlineMs = performance.now() + withinMs; performance.now() < deadlineMs; await wait(200)) {
        const seen = await ray.job.get(remoteId, signal)
        if (seen !== 'gone' && states.includes(seen.rawState)) return seen
      }
      throw new Error(`${remoteId} did not become ${states.join(' or ')}`)
    }

    const title = hasRedis
      ? 'keeps its session and jobs, and fails jobs whose process died'
      : 'loses its jobs, so absence is inconclusive'
    it(title, { timeout: 2 * withinMs }, async () => {
      const done = await ray.intent({ script: 'echo done' })
      const running = await ray.intent({ script: 'sleep 600' })
      const neverSent = await ray.intent({ script: 'true' })
      for (const intent of [done, running]) await ray.job.create(intent, signal)
      await until(`sy-${done.correlationTag}`, 'SUCCEEDED')
      await until(`sy-${running.correlationTag}`, 'RUNNING')
      await cluster.kill()
      await cluster.start()

      const found = await ray.job.find([done, running, neverSent], signal)
      const results = [done, running, neverSent].map(({ correlationTag }) => found.get(correlationTag))
      const { before: currentSession } = await ray.intent({})
      if (!hasRedis) {
        expect(currentSession).not.toEqual(neverSent.before)
        const inconclusive = { inconclusive: expect.stringContaining('restarted') }
        expect(results).toEqual([inconclusive, inconclusive, inconclusive])
        expect(await ray.job.get(`sy-${done.correlationTag}`, signal)).toBe('gone')
        return
      }
      expect(currentSession).toEqual(neverSent.before)
      expect(results).toMatchObject([
        { found: [{ remoteId: `sy-${done.correlationTag}`, rawState: 'SUCCEEDED' }] },
        { found: [{ remoteId: `sy-${running.correlationTag}` }] },
        { absent: true },
      ])
      expect(await until(`sy-${running.correlationTag}`, 'FAILED')).toMatchObject({ status: 'failed' })
    })
  })
})
