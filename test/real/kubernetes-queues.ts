import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ApiRecord } from '../../src/commands/api-client.ts'
import { buildLimitMs } from './kubernetes-build.ts'
import { type KubernetesFixture, namespace, remoteNameOf } from './kubernetes-fixture.ts'
import { kueueApi, startKueue } from './kubernetes-kueue.ts'

const inNamespace = `${kueueApi}/namespaces/${namespace}`

/** Jobs in queues of Kueue, on a cluster with a node. */
export function describeQueues(fixtureOf: () => KubernetesFixture): void {
  describe('job in a queue of Kueue', () => {
    let kueue: { stop(): Promise<void> } | undefined
    let connectionId: string

    beforeAll(async () => {
      const { cluster, connect } = fixtureOf()
      kueue = await startKueue(cluster)
      await makeQueues(cluster)
      const { id } = await connect({ settings: { kueue: true, defaultQueue: 'training' } })
      connectionId = id
    }, buildLimitMs)
    afterAll(() => kueue?.stop())

    const submit = (more: object = {}) =>
      fixtureOf().submit({ connectionId, resources: { cpus: 1, memoryMiB: 16 }, ...more })
    const cancel = ({ id }: ApiRecord) => fixtureOf().switchyard.api.ok('POST', `/jobs/${id}/cancel`)
    const workloadsOf = async (job: ApiRecord) => {
      const { json } = await fixtureOf().cluster.admin('GET', `${inNamespace}/workloads`)
      return json.items.filter(({ metadata }: { metadata: { ownerReferences: { name: string }[] } }) =>
        metadata.ownerReferences.some(({ name }) => name === remoteNameOf(job)),
      )
    }

    it('waits for its quota, runs, and succeeds', async () => {
      const { until, ended } = fixtureOf()
      const first = await submit({ script: 'sleep 3' })
      await until(first, 'running')
      const second = await submit()
      const waiting = await until(second, 'pending')
      expect(waiting).toMatchObject({
        statusMessage: 'Kueue: waiting in the queue training.',
        remote: { state: 'Suspended' },
      })
      expect(await ended(first)).toMatchObject({ status: 'succeeded', exitCode: 0 })
      expect(await ended(second)).toMatchObject({ status: 'succeeded', exitCode: 0 })
    })

    it('is evicted by one of a higher priority, waits again, and succeeds', async () => {
      const { until, ended, switchyard } = fixtureOf()
      const low = await submit({ script: 'sleep 4' })
      await until(low, 'running')
      const priority = { providerOptions: { kubernetes: { queuePriorityClass: 'urgent' } } }
      const high = await submit({ script: 'sleep 3', ...priority })
      await until(high, 'running')
      expect(await until(low, 'pending')).toMatchObject({ remote: { state: 'Suspended' } })
      expect(await ended(high)).toMatchObject({ status: 'succeeded' })
      expect(await ended(low)).toMatchObject({ status: 'succeeded', exitCode: 0 })
      const events = await switchyard.api.ok('GET', `/jobs/${low.id}/events`)
      expect(JSON.stringify(events)).not.toContain('canceled')
    })

    it('is canceled while it waits, and while it runs', async () => {
      const { until, ended } = fixtureOf()
      const running = await submit({ script: 'trap "exit 1" TERM; while :; do sleep 1; done' })
      await until(running, 'running')
      const waiting = await submit()
      await until(waiting, 'pending')
      await cancel(waiting)
      expect(await ended(waiting)).toMatchObject({ status: 'canceled' })
      await cancel(running)
      expect(await ended(running)).toMatchObject({ status: 'canceled', remote: { state: 'Canceled' } })
      expect(await workloadsOf(waiting)).toEqual([])
      const next = await submit()
      expect(await ended(next)).toMatchObject({ status: 'succeeded' })
    })

    it('waits in a queue that does not exist until it is canceled', async () => {
      const { until, ended } = fixtureOf()
      const job = await submit({ queue: 'nowhere' })
      expect(await until(job, 'pending')).toMatchObject({ statusMessage: 'Kueue: waiting in the queue nowhere.' })
      await cancel(job)
      expect(await ended(job)).toMatchObject({ status: 'canceled' })
    })

    it('is accepted in a preview by the webhooks of Kueue', async () => {
      const body = { connectionId, name: 'previewed', script: 'true', queue: 'training' }
      const preview = await fixtureOf().switchyard.api.ok('POST', '/jobs/preview?askProvider=true', body)
      expect(preview).toMatchObject({ valid: true, acceptedByProvider: true })
      expect(await fixtureOf().jobsNamed('previewed')).toEqual([])
    })

    it('finds its queues in the catalog, and an unknown default queue is reported', async () => {
      const { switchyard, connect } = fixtureOf()
      const catalog = await switchyard.api.ok('GET', `/connections/${connectionId}/catalog`)
      expect(catalog.job).toMatchObject({ queues: [expect.objectContaining({ name: 'training' })] })
      const other = await connect({ settings: { kueue: true, defaultQueue: 'nowhere' } })
      const { body } = await switchyard.api.call('POST', `/connections/${other.id}/verify`)
      expect(body).toMatchObject({ ok: false, field: 'settings.defaultQueue' })
    })
  })
}

/** A queue in which one job of one CPU runs at a time, and a priority above the others. */
async function makeQueues({ admin }: KubernetesFixture['cluster']): Promise<void> {
  const create = async (kind: string, name: string, spec: object, at = kueueApi) => {
    const path = `${at}/${kind.toLowerCase()}${kind.endsWith('s') ? 'es' : 's'}`
    const object = { apiVersion: kueueApi.replace('/apis/', ''), kind, metadata: { name }, ...spec }
    const { status, json } = await admin('POST', path, object)
    if (status !== 201) throw new Error(`${kind} ${name} is refused: ${JSON.stringify(json)}`)
  }
  await create('ResourceFlavor', 'any', { spec: {} })
  const quotas = [
    { name: 'cpu', nominalQuota: '1' },
    { name: 'memory', nominalQuota: '1Gi' },
  ]
  await create('ClusterQueue', 'machines', {
    spec: {
      namespaceSelector: {},
      preemption: { withinClusterQueue: 'LowerPriority' },
      resourceGroups: [{ coveredResources: ['cpu', 'memory'], flavors: [{ name: 'any', resources: quotas }] }],
    },
  })
  await create('LocalQueue', 'training', { spec: { clusterQueue: 'machines' } }, inNamespace)
  await create('WorkloadPriorityClass', 'urgent', { value: 1000 })
}
