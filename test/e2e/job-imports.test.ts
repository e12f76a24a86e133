import { describe, expect, it } from 'vitest'
import type { Sandbox } from '../../src/sandbox/server.ts'
import { makeContainer } from '../support/remote-environments.ts'
import { makeHpcJob, makeKubeJob, makeRayJob, makeSlurmJob, makeTrainingJob, variable } from '../support/remote-jobs.ts'
import { connectTo, connectWith, useSandboxes } from '../support/sandbox-accounts.ts'
import { useSwitchyard } from '../support/switchyard.ts'
import { useTestDatabase } from '../support/test-database.ts'

const database = await useTestDatabase()
const sandbox = await useSandboxes()
const switchyard = await useSwitchyard({ databaseUrl: database.url, redis: null })
const { api } = switchyard

/** A job that was started outside of Switchyard. */
interface ImportCase {
  provider: 'kubernetes' | 'slurm' | 'ray' | 'scnet' | 'modelarts'
  make(sandbox: Sandbox, script: string): Promise<string>
  /** Expected in the logs, if the provider has text. */
  logs?: string
  /** Whether the catalog lists it. */
  isListed?: true
}

const imports: readonly ImportCase[] = [
  { provider: 'kubernetes', make: makeKubeJob, logs: 'hello', isListed: true },
  { provider: 'slurm', make: makeSlurmJob, isListed: true },
  { provider: 'ray', make: makeRayJob, logs: 'hello', isListed: true },
  { provider: 'scnet', make: makeHpcJob, logs: 'hello' },
  { provider: 'modelarts', make: makeTrainingJob, logs: 'hello' },
]

/** Everything that a record shows. */
async function shownOf(path: string): Promise<string> {
  const shown = await Promise.all(['', '/remote', '/events'].map((part) => api.ok('GET', path + part)))
  return JSON.stringify(shown)
}

describe.concurrent.each(imports)('a job of $provider that was started without Switchyard', (given) => {
  const { provider, make } = given

  it('is imported, followed to its end, and shows its logs but no variables', async () => {
    const connectionId = await connectTo(api, sandbox, provider, `follow-${provider}`)
    const remoteId = await make(sandbox, 'echo hello; sleep 1')
    if (given.isListed) {
      const {
        job: { jobs },
      } = (await api.ok('GET', `/connections/${connectionId}/catalog`)) as unknown as Catalog
      expect(jobs.map((job) => job.remoteId)).toContain(remoteId)
    }
    const job = await api.ok('POST', '/jobs/import', { connectionId, remoteId, labels: { team: 'platform' } })
    const path = `/jobs/${job.id}`
    expect(job).toMatchObject({
      imported: true,
      status: 'pending',
      labels: { team: 'platform' },
      remote: { id: remoteId },
    })
    expect(job).not.toHaveProperty('environmentId')
    await api.untilStatus(path, 'running', 'succeeded')
    const ended = await api.untilStatus(path, 'succeeded')
    expect(ended).toMatchObject({ imported: true, actions: given.logs === undefined ? expect.anything() : ['logs'] })
    if (given.logs !== undefined)
      expect(await api.ok('GET', `${path}/logs`)).toMatchObject({ text: expect.stringContaining(given.logs) })
    expect(await shownOf(path)).not.toContain(Object.values(variable)[0])
    expect((await api.ok('GET', `${path}/attempts`)).data).toEqual([])
  })

  it('is canceled at the provider by a cancel of its record', async () => {
    const connectionId = await connectTo(api, sandbox, provider, `cancel-${provider}`)
    const remoteId = await make(sandbox, 'sleep 600')
    const { id } = await api.ok('POST', '/jobs/import', { connectionId, remoteId, name: 'mine' })
    await api.untilStatus(`/jobs/${id}`, 'running')
    await api.ok('POST', `/jobs/${id}/cancel`)
    expect(await api.untilStatus(`/jobs/${id}`, 'canceled')).toMatchObject({ name: 'mine' })
    // A record that has ended leaves the object to another import, which ends at once.
    const again = await api.ok('POST', '/jobs/import', { connectionId, remoteId })
    expect(await api.untilStatus(`/jobs/${again.id}`, 'canceled')).toMatchObject({ statusReason: 'canceled_remotely' })
  })

  it('ends as unknown if it disappears', async () => {
    const connectionId = await connectTo(api, sandbox, provider, `lose-${provider}`)
    const remoteId = await make(sandbox, 'sleep 600')
    const { id } = await api.ok('POST', '/jobs/import', { connectionId, remoteId })
    sandbox.remove(provider, remoteId.split('/').at(-1) ?? '')
    expect(await api.untilStatus(`/jobs/${id}`, 'unknown')).toMatchObject({ statusReason: 'remote_record_lost' })
  })
})

interface Catalog {
  job: { jobs: readonly { remoteId: string }[] }
}

describe('refused', () => {
  let drawn = 0
  const refusal = async (connectionId: string, remoteId: string) => {
    const { status, body } = await api.call('POST', '/jobs/import', { body: { connectionId, remoteId } })
    const errors = body.errors as readonly { pointer: string; code: string; detail: string }[] | undefined
    return { status, ...errors?.[0] }
  }

  it.concurrent.for([
    ['slurm', '4711', 'not_found'],
    ['slurm', '007', 'pattern'],
    ['slurm', '12_3', 'pattern'],
    ['slurm', '12+1', 'pattern'],
    ['slurm', '4294967297', 'pattern'],
    ['slurm', '１２', 'pattern'],
    ['kubernetes', 'pi', 'pattern'],
    ['kubernetes', 'pi/00000000-0000-4000-a000-000000000001', 'not_found'],
    ['kubernetes', 'other/pi/00000000-0000-4000-a000-000000000001', 'pattern'],
    ['ray', 'missing', 'not_found'],
    ['ray', '../version', 'pattern'],
    ['ray', 'ä'.repeat(512), 'pattern'],
    ['scnet', '0x10', 'pattern'],
    ['modelarts', 'a/b', 'pattern'],
  ])('an id of %s that is none: %s', async ([provider = '', remoteId = '', code]) => {
    drawn += 1
    const connectionId = await connectTo(api, sandbox, provider, `ids-${drawn}`)
    expect(await refusal(connectionId, remoteId)).toMatchObject({ status: 422, pointer: '/remoteId', code })
  })

  it.concurrent('jobs of another user of the cluster', async () => {
    const connectionId = await connectTo(api, sandbox, 'slurm', 'other-user')
    const user = sandbox.otherAccounts.slurm[0]?.user
    const refused = await refusal(connectionId, await makeSlurmJob(sandbox, 'sleep 9', user))
    expect(refused).toMatchObject({ status: 422, pointer: '/remoteId', code: 'unsupported' })
    expect(refused.detail).toContain(`belongs to ${user}`)
  })

  it.concurrent('jobs without an id of their own, and containers', async () => {
    const trainings = await connectTo(api, sandbox, 'aitems', 'trainings')
    expect(await refusal(trainings, 's/pop:1')).toMatchObject({
      status: 422,
      pointer: '/connectionId',
      code: 'unsupported',
    })
    const containers = await connectWith(api, sandbox, 'scnet', { name: 'jobs', settings: { jobApi: 'container' } })
    const refused = await refusal(containers, await makeContainer(sandbox))
    expect(refused).toMatchObject({
      status: 422,
      pointer: '/connectionId',
      detail: expect.stringContaining('as an environment'),
    })
    const apps = await connectTo(api, sandbox, 'dataforest', 'apps')
    expect(await refusal(apps, 'app')).toMatchObject({ status: 422, pointer: '/connectionId', code: 'unsupported' })
    const hub = await connectTo(api, sandbox, 'jupyterhub', 'no-jobs')
    expect(await refusal(hub, '1')).toMatchObject({
      status: 422,
      detail: expect.stringContaining('does not support jobs'),
    })
  })
})
