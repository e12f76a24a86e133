import { expect, it, vi } from 'vitest'
import { sandboxConnections } from '../../src/commands/sandbox-connections.ts'
import type { Sandbox } from '../../src/sandbox/server.ts'
import { type ApiCaller, makeApiCaller } from '../support/api-caller.ts'
import { makeContainer, makeInstance, makeNotebook, makeService } from '../support/remote-environments.ts'
import { connectTo, connectWith, makeInstance as makeOurs, useSandboxes } from '../support/sandbox-accounts.ts'
import { useSwitchyard } from '../support/switchyard.ts'
import { useTestDatabase } from '../support/test-database.ts'

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

const database = await useTestDatabase()
const sandbox = await useSandboxes()
const switchyard = await useSwitchyard({ databaseUrl: database.url, redis: null })

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

/** A caller of a project of its own. */
async function stranger(name: string): Promise<ApiCaller> {
  const { api, service } = switchyard
  const { id: projectId } = await api.ok('POST', '/projects', { name })
  const scopes = ['connections:manage', 'environments:read', 'environments:write']
  const { key } = await api.ok('POST', '/api-keys', { name, projectId, scopes })
  return makeApiCaller(service.url ?? '', String(key))
}

it.concurrent('an object is one record, whatever projects import it over whatever connections', async () => {
  const remoteId = await makeInstance(sandbox, 'shared')
  const callers = [switchyard.api, await stranger('importers')]
  const importers = await Promise.all(
    callers.map(async (api) => {
      const body = { remoteId, connectionId: await connectTo(api, sandbox, 'modelarts', 'shared') }
      return { api, importIt: () => api.call('POST', '/environments/import', { body }) }
    }),
  )
  const answers = await Promise.all(importers.map(async (one) => ({ ...one, ...(await one.importIt()) })))
  expect(answers.map(({ status, body }) => [status, body.code]).sort()).toEqual([
    [202, undefined],
    [409, 'conflict'],
  ])
  const [winner, loser] = answers.toSorted((a, b) => a.status - b.status)
  const id = String(winner?.body.id)
  for (const [one, isNamed] of [
    [winner, true],
    [loser, false],
  ] as const) {
    const again = await one?.importIt()
    expect(again).toMatchObject({ status: 409, body: { errors: [{ pointer: '/remoteId', code: 'known' }] } })
    expect(JSON.stringify(again?.body).includes(id)).toBe(isNamed)
  }
  await winner?.api.ok('DELETE', `/environments/${id}`)
  await winner?.api.untilStatus(`/environments/${id}`, 'deleted')
  expect(await loser?.importIt()).toMatchObject({ status: 202 })
})

it.concurrent('an object that was made here is not imported by another project', async () => {
  const made = await makeOurs(switchyard.api, await connectTo(switchyard.api, sandbox, 'modelarts', 'makers'), 'ours')
  const { remote } = await switchyard.api.untilStatus(`/environments/${made.id}`, 'running')
  const other = await stranger('takers')
  const connectionId = await connectTo(other, sandbox, 'modelarts', 'takers')
  const taken = await other.call('POST', '/environments/import', { body: { connectionId, remoteId: remote?.id } })
  expect(taken).toMatchObject({ status: 409, body: { errors: [{ pointer: '/remoteId', code: 'known' }] } })
})

it.concurrent.each<[string, 'scnet' | 'modelarts', (of: Sandbox) => Promise<string>, (of: Sandbox) => object]>([
  ['its region by name', 'scnet', makeContainer, () => ({ clusterId: undefined, clusterName: '华东一区【昆山】' })],
  [
    'its host by another name',
    'modelarts',
    (of) => makeInstance(of, 'aliases'),
    ({ urls }) => ({ baseUrl: urls.modelarts.replace('127.0.0.1', 'localhost') }),
  ],
])('an object is known to another project whose connection calls %s', async (_what, provider, make, settings) => {
  const remoteId = await make(sandbox)
  const name = `aliases of ${provider}`
  const connectionId = await connectTo(switchyard.api, sandbox, provider, name)
  await switchyard.api.ok('POST', '/environments/import', { connectionId, remoteId })
  const other = await stranger(`aliases-${provider}`)
  const alias = await connectWith(other, sandbox, provider, { name, settings: settings(sandbox) })
  const body = { connectionId: alias, remoteId }
  const taken = await other.call('POST', '/environments/import', { body })
  expect(taken).toMatchObject({ status: 409, body: { errors: [{ pointer: '/remoteId', code: 'known' }] } })
})
