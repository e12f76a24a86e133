import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { tokenOf } from '../support/slurm-token.ts'
import { path, type SlurmBench, slurm } from './slurm-bench.ts'
import { isDataParser } from './slurm-releases.ts'

/** Versions of the REST API, and the check of a connection. */
export function describeVersions(bench: SlurmBench): void {
  const { release } = bench
  const newest = release.versions.at(-1)
  const verify = async (id: string) => (await bench.switchyard.api.call('POST', `/connections/${id}/verify`)).body
  const wrongKey = Buffer.alloc(32, 7).toString('base64')

  describe('checks a connection', () => {
    it.concurrent('and keeps the newest version that both support', async () => {
      const id = await bench.connect()
      expect(await verify(id)).toMatchObject({ ok: true })
      const connection = await bench.switchyard.api.ok('GET', `/connections/${id}`)
      expect(connection).toMatchObject({ discovered: { slurm: { version: newest } }, version: 2 })
      expect(await verify(id)).toMatchObject({ ok: true })
      expect(await bench.switchyard.api.ok('GET', `/connections/${id}`)).toMatchObject({ version: 2 })
    })

    it.concurrent('with another key, or a token of another key', async () => {
      const byKey = await verify(await bench.connect({}, { key: wrongKey }))
      expect(byKey).toMatchObject({ ok: false, code: 'unauthenticated', field: 'credentials.key' })
      const { user } = bench.cluster
      const byToken = await verify(await bench.connect({}, { token: tokenOf({ key: wrongKey, user }, 600) }))
      expect(byToken).toMatchObject({ ok: false, code: 'unauthenticated', field: 'credentials.token' })
    })

    it.concurrent('with a version that the server does not serve', async () => {
      const version = isDataParser(release) ? 'v0.0.38' : 'v0.0.45'
      expect(await verify(await bench.connect({ version }))).toMatchObject({
        ok: false,
        code: 'unsupported',
        field: 'settings.version',
      })
    })

    it.concurrent('whose token has expired: its jobs wait for another, and run', async () => {
      const connectionId = await bench.connect({}, { token: tokenOf(bench.cluster, 2) })
      await delay(2500)
      const job = await bench.submit('exit 0', { connectionId })
      const waiting = await bench.switchyard.api.until(path(job), ({ statusReason }) => statusReason !== undefined)
      expect(waiting).toMatchObject({ status: 'queued', statusReason: 'credentials_rejected' })
      const credentials = { slurm: { token: tokenOf(bench.cluster, 600) } }
      await bench.switchyard.api.ok('PATCH', `/connections/${connectionId}`, { credentials })
      expect(await bench.ended(job)).toMatchObject({ status: 'succeeded' })
      expect(bench.cluster.jobsNamed(job.name)).toHaveLength(1)
    })
  })

  describe.each([...release.versions])('by %s', (version) => {
    it.concurrent('knows every field of a job that is accepted', async () => {
      const connectionId = await bench.connect({ version })
      const job = await bench.submit('exit 0', {
        connectionId,
        queue: 'debug',
        timeLimitSeconds: 600,
        stdoutPath: 'o-%j.txt',
        stderrPath: 'e-%j.txt',
        environmentVariables: { A: 'b=c d' },
        resources: { cpus: 2, memoryMiB: 64, nodes: 1, accelerator: { kind: 'gpu', model: 't4', count: 1 } },
        ...slurm({
          account: 'vision',
          qos: 'normal',
          dependency: 'afterany:1',
          beginTime: 'now+1hours',
          tasksPerNode: 2,
          priority: 5,
          nice: 10,
          exclusive: true,
          gres: 'tape:1',
          requeue: false,
        }),
      })
      const waiting = await bench.switchyard.api.until(path(job), ({ remote }) => remote?.state === 'PENDING')
      expect(await bench.eventTypes(job)).not.toContain('job.fields_ignored')
      expect(bench.shown(waiting)).toMatch(/tape:1/)
      const shown = bench.shown(waiting)
      for (const word of ['Requeue=0', 'NumTasks=2', 'CPUs/Task=1', 'gpu:t4', 'OverSubscribe=NO', 'TimeLimit=00:10:00'])
        expect(shown).toContain(word)
      await bench.cancel(job)
      await bench.ended(job)
    })

    // What the controller refuses, slurmrestd has understood: an unknown field is 9001, or ignored.
    it.concurrent.each([
      ['reservation', 'nowhere', '2053'],
      ['constraints', 'nothing', '2029'],
      ['licenses', 'matlab:1', '2048'],
    ])('knows %s: %s, which is not there, is refused with %s', async (option, value, code) => {
      const connectionId = await bench.connect({ version })
      const job = await bench.ended(await bench.submit('exit 0', { connectionId, ...slurm({ [option]: value }) }))
      expect(job).toMatchObject({ status: 'failed', error: { provider: { code } } })
      expect(bench.cluster.jobsNamed(job.name)).toEqual([])
    })

    it.concurrent('runs a job to its end', async () => {
      const job = await bench.submit('exit 7', { connectionId: await bench.connect({ version }) })
      expect(await bench.ended(job)).toMatchObject({ status: 'failed', exitCode: 7 })
    })
  })
}
