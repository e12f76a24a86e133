import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { sandboxConnections } from '../../src/roles/sandbox-connections.ts'
import type { Sandbox } from '../../src/sandbox/server.ts'
import { makeContainer, makeInstance, makeNotebook, makeService } from '../support/remote-environments.ts'
import { connectTo, startSandboxes } from '../support/sandbox-accounts.ts'
import { type Switchyard, startSwitchyard } from '../support/switchyard.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'

/** One sort of environment that somebody made at its provider. Data Forest's have a story of their own. */
interface Import {
  sort: string
  provider: 'aitems' | 'modelarts' | 'scnet'
  settings?: object
  make(sandbox: Sandbox): Promise<string>
  /** What it is once it was looked at. */
  settles: string
  /** What can be changed of it, and how it shows at the provider then. */
  change(sandbox: Sandbox): object
  shows: object
  /** A job in it. */
  job?: object
}

const imports: readonly Import[] = [
  {
    sort: 'AiTEMS service',
    provider: 'aitems',
    make: makeService,
    settles: 'blocked',
    change: ({ accounts: { aitems } }) => {
      const { userDatasetId: user, itemDatasetId: item, interactionDatasetId: interaction } = aitems
      return { providerOptions: { aitems: { datasetIds: { user, item, interaction } } } }
    },
    shows: { state: 'learnable', data: { description: 'test' } },
    job: { name: 'train', providerOptions: { aitems: { types: ['pop'] } } },
  },
  {
    sort: 'ModelArts instance',
    provider: 'modelarts',
    make: makeInstance,
    settles: 'running',
    change: () => ({ autoStop: { afterSeconds: 7200 } }),
    shows: { data: { autoStop: { enable: true, duration: 7200 }, description: 'made by hand' } },
  },
  {
    sort: 'ModelArts notebook',
    provider: 'modelarts',
    settings: { environmentApi: 'notebooks' },
    make: makeNotebook,
    settles: 'running',
    change: () => ({ description: 'taken over' }),
    shows: { data: { request: { description: 'taken over' } } },
  },
  {
    sort: 'SCNet container',
    provider: 'scnet',
    make: makeContainer,
    settles: 'running',
    change: () => ({ description: 'kept here' }),
    shows: { data: { request: { description: '' } } },
  },
]

let database: TestDatabase
let sandbox: Sandbox
let switchyard: Switchyard

beforeAll(async () => {
  database = await createTestDatabase()
  sandbox = await startSandboxes()
  switchyard = await startSwitchyard({ databaseUrl: database.url, redis: null })
})

afterAll(async () => {
  await switchyard.stop()
  await sandbox.close()
  await database.drop()
})

async function connect({ sort, provider, settings }: Import): Promise<string> {
  const connection = sandboxConnections(sandbox).find((one) => one.name === `sandbox-${provider}`)
  const all = { [provider]: { ...connection?.settings[provider], ...settings } }
  const { id } = await switchyard.api.ok('POST', '/connections', { ...connection, name: sort, settings: all })
  return id
}

it.concurrent.for(imports)(
  'an imported $sort is changed, used, let go of, and deleted where that is asked for',
  async (given) => {
    const { api } = switchyard
    const remoteId = await given.make(sandbox)
    const request = { connectionId: await connect(given), remoteId }
    const remote = () => sandbox.objects(given.provider).find(({ id }) => id === remoteId)

    const { id } = await api.ok('POST', '/environments/import', request)
    const path = `/environments/${id}`
    expect(await api.untilStatus(path, given.settles)).toMatchObject({ imported: true, remote: { id: remoteId } })
    await api.ok('PATCH', path, given.change(sandbox))
    await vi.waitFor(() => expect(remote()).toMatchObject(given.shows), 10_000)
    if (given.job !== undefined) {
      await api.untilStatus(path, 'running')
      const job = await api.ok('POST', '/jobs', { environmentId: id, ...given.job })
      await api.untilStatus(`/jobs/${job.id}`, 'succeeded')
    }
    const { state } = remote() ?? {}
    await api.ok('DELETE', path)
    await api.untilStatus(path, 'deleted')
    expect(remote()?.state).toBe(state)

    const again = await api.ok('POST', '/environments/import', request)
    await api.untilStatus(`/environments/${again.id}`, 'running')
    await api.ok('DELETE', `/environments/${again.id}?remote=true`)
    await api.untilStatus(`/environments/${again.id}`, 'deleted')
    expect(remote()).toBeUndefined()
  },
)

it.concurrent('an imported instance that waits in a queue is deleted from there', async () => {
  const { api } = switchyard
  const remoteId = await makeInstance(sandbox, 'queued')
  sandbox.force('modelarts', remoteId, { state: 'CREATE_QUEUING' })
  const connectionId = await connectTo(api, sandbox, 'modelarts', 'queued')
  const { id } = await api.ok('POST', '/environments/import', { connectionId, remoteId })
  const queued = await api.until(`/environments/${id}`, ({ remote }) => remote?.state === 'CREATE_QUEUING')
  expect(queued.status).toBe('provisioning')
  await api.ok('DELETE', `/environments/${id}?remote=true`)
  await api.untilStatus(`/environments/${id}`, 'deleted')
  expect(sandbox.objects('modelarts').some((object) => object.id === remoteId)).toBe(false)
})

it.concurrent('an id that is a path to somewhere else is refused, and so named', async () => {
  const { api } = switchyard
  const connectionId = await connectTo(api, sandbox, 'modelarts', 'strange')
  const refused = await api.call('POST', '/environments/import', { body: { connectionId, remoteId: 'DE-1/token' } })
  expect(refused).toMatchObject({ status: 422, body: { errors: [{ pointer: '/remoteId', code: 'pattern' }] } })
})
