import { setTimeout as delay } from 'node:timers/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import type { ApiRecord } from '../../src/commands/api-client.ts'
import { path, type SlurmBench, slurm } from './slurm-bench.ts'
import { cancelByDriver } from './slurm-driver.ts'

/** One after the other: each takes something away from all. */
export function describeOutages(bench: SlurmBench): void {
  const hold = (held: boolean) => bench.switchyard.api.ok('PATCH', `/connections/${bench.connectionId}`, { held })
  const onlyOne = (job: ApiRecord, { remote }: ApiRecord) =>
    expect(bench.cluster.jobsNamed(String(job.name))).toEqual([remote?.id])

  describe('loses no job and makes none twice', () => {
    // Runs through all but the last of these tests, for a minute.
    let limited: ApiRecord
    beforeAll(async () => {
      limited = await bench.submit('sleep 600', { timeLimitSeconds: 60 })
    })

    it('when the answer to a submit is cut off', async () => {
      const connectionId = await bench.connect({ baseUrl: bench.proxy.url })
      bench.proxy.cutNext('POST')
      const job = await bench.submit('sleep 2; exit 0', { connectionId })
      const record = await bench.ended(job)
      expect(bench.proxy.cut).toBe(1)
      expect(record).toMatchObject({ status: 'succeeded' })
      onlyOne(job, record)
      const { data } = await bench.switchyard.api.ok('GET', `${path(job)}/attempts`)
      expect(data).toMatchObject([{ outcome: 'recovered', remoteId: record.remote?.id }])
    })

    it("when somebody's job array and heterogeneous job carry its comment", async () => {
      const job = await bench.ended(await bench.submit('exit 0'))
      const { data } = await bench.switchyard.api.ok('GET', `${path(job)}/attempts`)
      const [attempt] = data as { correlationTag: string }[]
      const sbatch = (...args: string[]) => {
        const held = ['--hold', `--comment=[sy:${attempt?.correlationTag}]`]
        expect(bench.cluster.sbatch('#!/bin/sh\nsleep 60\n', ...held, ...args)).toContain('Submitted')
      }
      sbatch('--array=1-3')
      sbatch('-n1', ':', '-n1')
      const { orphans } = await bench.switchyard.api.ok('GET', `/connections/${bench.connectionId}/orphans`)
      const tags = (orphans as { correlationTag: string }[]).map(({ correlationTag }) => correlationTag)
      expect(tags).not.toContain(attempt?.correlationTag)
      sbatch()
      const after = await bench.switchyard.api.ok('GET', `/connections/${bench.connectionId}/orphans`)
      expect(JSON.stringify(after)).toContain(String(attempt?.correlationTag))
    })

    it('when the controller is killed in the middle, and started again', async () => {
      const before = await bench.submit('sleep 12; exit 0')
      const { remote } = await bench.until(before, 'running')
      await bench.cluster.untilSaved(String(remote?.id))
      await bench.cluster.controller.kill()
      const meanwhile = await bench.submit('exit 0')
      await bench.switchyard.api.until(path(meanwhile), ({ status }) => status === 'dispatching')
      const canceled = await bench.submit('exit 0')
      await bench.cancel(canceled)
      await delay(2000)
      await bench.cluster.controller.start()
      for (const job of [before, meanwhile]) {
        const record = await bench.ended(job)
        expect(record).toMatchObject({ status: 'succeeded' })
        onlyOne(job, record)
      }
      expect(await bench.ended(canceled)).toMatchObject({ status: 'canceled' })
    })

    it('when one that runs is canceled while the controller is down', async () => {
      const job = await bench.submit('sleep 600')
      const { remote } = await bench.until(job, 'running')
      await bench.cluster.untilSaved(String(remote?.id))
      await bench.cluster.controller.kill()
      try {
        // Calls of Switchyard would occupy the threads of slurmrestd, which waits for its controller.
        await hold(true)
        const byDriver = cancelByDriver(bench.cluster, String(remote?.id))
        await expect(byDriver).rejects.toMatchObject({ code: 'unavailable' })
        await hold(false)
        await bench.cancel(job)
        const isWaiting = ({ statusReason }: ApiRecord) => statusReason === 'provider_unavailable'
        const waiting = await bench.switchyard.api.until(path(job), isWaiting, 60_000)
        expect(waiting).toMatchObject({ status: 'running', cancelRequestedAt: expect.any(String) })
      } finally {
        await bench.cluster.controller.start()
      }
      const record = await bench.ended(job)
      expect(record).toMatchObject({ status: 'canceled', remote: { id: remote?.id, state: 'CANCELLED' } })
      onlyOne(job, record)
    })

    it('when slurmrestd is down for ten seconds', async () => {
      const before = await bench.submit('sleep 3; exit 0')
      await bench.until(before, 'running')
      await bench.cluster.rest.stop()
      const meanwhile = await bench.submit('exit 0')
      await delay(10_000)
      expect((await bench.switchyard.api.ok('GET', path(before))).status).toBe('running')
      expect(await bench.switchyard.api.ok('GET', path(meanwhile))).toMatchObject({
        status: 'queued',
        statusReason: 'provider_unavailable',
      })
      await bench.cluster.rest.start()
      for (const job of [before, meanwhile]) {
        const record = await bench.ended(job)
        expect(record).toMatchObject({ status: 'succeeded' })
        onlyOne(job, record)
      }
    })

    it('when one exceeds its time limit', async () => {
      const record = await bench.ended(limited)
      expect(record).toMatchObject({ status: 'failed', statusReason: 'time_limit' })
      expect(Date.parse(String(record.endedAt)) - Date.parse(String(record.startedAt))).toBeGreaterThanOrEqual(59_000)
    })

    it('when its node goes down', async () => {
      const [lost, requeued] = await Promise.all([
        bench.submit('sleep 600', slurm({ requeue: false })),
        bench.submit('sleep 600', slurm({ requeue: true })),
      ])
      for (const job of [lost, requeued]) await bench.until(job, 'running')
      const node = `NodeName=${bench.cluster.nodeName}`
      expect(bench.cluster.scontrol('update', node, 'State=DOWN', 'Reason=test')).toBe('')
      expect(await bench.ended(lost)).toMatchObject({ status: 'failed', statusReason: 'node_failure' })
      const waiting = await bench.until(requeued, 'pending')
      expect(bench.cluster.jobsNamed(String(requeued.name))).toEqual([waiting.remote?.id])
      await bench.cancel(requeued)
      expect(await bench.ended(requeued)).toMatchObject({ status: 'canceled' })
    })
  })
}
