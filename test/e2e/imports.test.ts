import { expect, it, vi } from 'vitest'
import { sandboxConnections } from '../../src/commands/sandbox-connections.ts'
import type { Sandbox } from '../../src/sandbox/server.ts'
import { type ApiCaller, makeApiCaller } from '../support/api-caller.ts'
import { makeContainer, makeInstance, makeNotebook, makeService } from '../support/remote-environments.ts'
import { connectTo, connectWith, makeInstance as createInstance, useSandboxes } from '../support/sandbox-accounts.ts'
import { useSwitchyard } from '../support/switchyard.ts'
import { useTestDatabase } from '../support/test-database.ts'

/** An environment that was created outside of Switchyard. Data Forest is covered by the environment tests. */
interface ImportCase {
  title: string
  provider: 'aitems' | 'modelarts' | 'scnet'
  settings?: object
  make(sandbox: Sandbox): Promise<string>
  /** Status after the first observation. */
  initialStatus: string
  /** A supported update, and its effect on the remote object. */
  update(sandbox: Sandbox): object
  remoteEffect: object
  /** A job in the environment. */
  job?: object
}

const imports: readonly ImportCase[] = [
  {
    title: 'AiTEMS service',
    provider: 'aitems',
    make: makeService,
    initialStatus: 'blocked',
    update: ({ accounts: { aitems } }) => {
      const { userDatasetId: user, itemDatasetId: item, interactionDatasetId: interaction } = aitems
      return { providerOptions: { aitems: { datasetIds: { user, item, interaction } } } }
    },
    remoteEffect: { state: 'learnable', data: { description: 'test' } },
    job: { name: 'train', providerOptions: { aitems: { types: ['pop'] } } },
  },
  {
    title: 'ModelArts instance',
    provider: 'modelarts',
    make: makeInstance,
    initialStatus: 'running',
    update: () => ({ autoStop: { afterSeconds: 7200 } }),
    remoteEffect: { data: { autoStop: { enable: true, duration: 7200 }, description: 'made by hand' } },
  },
  {
    title: 'ModelArts notebook',
    provider: 'modelarts',
    settings: { environmentApi: 'notebooks' },
    make: makeNotebook,
    initialStatus: 'running',
    update: () => ({ description: 'updated' }),
    remoteEffect: { data: { request: { description: 'updated' } } },
  },
  {
    title: 'SCNet container',
    provider: 'scnet',
    make: makeContainer,
    initialStatus: 'running',
    update: () => ({ description: 'stored locally' }),
    remoteEffect: { data: { request: { description: '' } } },
  },
]

const database = await useTestDatabase()
const sandbox = await useSandboxes()
const switchyard = await useSwitchyard({ databaseUrl: database.url, redis: null })

async function connect({ title, provider, settings }: ImportCase): Promise<string> {
  const connection = sandboxConnections(sandbox).find((one) => one.name === `sandbox-${provider}`)
  const all = { [provider]: { ...connection?.settings[provider], ...settings } }
  const { id } = await switchyard.api.ok('POST', '/connections', { ...connection, name: title, settings: all })
  return id
}

it.concurrent.for(imports)(
  'an imported $title is updated, used, released and deleted with remote=true',
  async (given) => {
    const { api } = switchyard
    const remoteId = await given.make(sandbox)
    const request = { connectionId: await connect(given), remoteId }
    const remote = () => sandbox.objects(given.provider).find(({ id }) => id === remoteId)

    const { id } = await api.ok('POST', '/environments/import', request)
    const path = `/environments/${id}`
    expect(await api.untilStatus(path, given.initialStatus)).toMatchObject({ imported: true, remote: { id: remoteId } })
    await api.ok('PATCH', path, given.update(sandbox))
    await vi.waitFor(() => expect(remote()).toMatchObject(given.remoteEffect), 10_000)
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

it.concurrent('an imported instance is deleted while it is queued', async () => {
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

it.concurrent('a remote id with a path is rejected with a pointer', async () => {
  const { api } = switchyard
  const connectionId = await connectTo(api, sandbox, 'modelarts', 'invalid-id')
  const rejected = await api.call('POST', '/environments/import', { body: { connectionId, remoteId: 'DE-1/token' } })
  expect(rejected).toMatchObject({ status: 422, body: { errors: [{ pointer: '/remoteId', code: 'pattern' }] } })
})

/** An API caller of a separate project. */
async function callerOfProject(name: string): Promise<ApiCaller> {
  const { api, service } = switchyard
  const { id: projectId } = await api.ok('POST', '/projects', { name })
  const scopes = ['connections:manage', 'environments:read', 'environments:write']
  const { key } = await api.ok('POST', '/api-keys', { name, projectId, scopes })
  return makeApiCaller(service.url ?? '', String(key))
}

it.concurrent('an object is imported once across projects and connections', async () => {
  const remoteId = await makeInstance(sandbox, 'shared')
  const callers = [switchyard.api, await callerOfProject('importers')]
  const importers = await Promise.all(
    callers.map(async (api) => {
      const body = { remoteId, connectionId: await connectTo(api, sandbox, 'modelarts', 'shared') }
      return { api, importIt: () => api.call('POST', '/environments/import', { body }) }
    }),
  )
  const responses = await Promise.all(
    importers.map(async (importer) => ({ ...importer, ...(await importer.importIt()) })),
  )
  expect(responses.map(({ status, body }) => [status, body.code]).sort()).toEqual([
    [202, undefined],
    [409, 'conflict'],
  ])
  const [winner, loser] = responses.toSorted((a, b) => a.status - b.status)
  const id = String(winner?.body.id)
  for (const [importer, showsId] of [
    [winner, true],
    [loser, false],
  ] as const) {
    const again = await importer?.importIt()
    expect(again).toMatchObject({ status: 409, body: { errors: [{ pointer: '/remoteId', code: 'known' }] } })
    expect(JSON.stringify(again?.body).includes(id)).toBe(showsId)
  }
  await winner?.api.ok('DELETE', `/environments/${id}`)
  await winner?.api.untilStatus(`/environments/${id}`, 'deleted')
  expect(await loser?.importIt()).toMatchObject({ status: 202 })
})

it.concurrent('an object created by Switchyard cannot be imported by another project', async () => {
  const created = await createInstance(
    switchyard.api,
    await connectTo(switchyard.api, sandbox, 'modelarts', 'owners'),
    'own',
  )
  const { remote } = await switchyard.api.untilStatus(`/environments/${created.id}`, 'running')
  const other = await callerOfProject('importers-2')
  const connectionId = await connectTo(other, sandbox, 'modelarts', 'importers-2')
  const rejected = await other.call('POST', '/environments/import', { body: { connectionId, remoteId: remote?.id } })
  expect(rejected).toMatchObject({ status: 409, body: { errors: [{ pointer: '/remoteId', code: 'known' }] } })
})

it.concurrent.each<[string, 'scnet' | 'modelarts', (of: Sandbox) => Promise<string>, (of: Sandbox) => object]>([
  ['a region name', 'scnet', makeContainer, () => ({ clusterId: undefined, clusterName: '华东一区【昆山】' })],
  [
    'a host alias',
    'modelarts',
    (of) => makeInstance(of, 'aliases'),
    ({ urls }) => ({ baseUrl: urls.modelarts.replace('127.0.0.1', 'localhost') }),
  ],
])('a second import over a connection with %s is rejected', async (_name, provider, make, settings) => {
  const remoteId = await make(sandbox)
  const name = `aliases of ${provider}`
  const connectionId = await connectTo(switchyard.api, sandbox, provider, name)
  await switchyard.api.ok('POST', '/environments/import', { connectionId, remoteId })
  const other = await callerOfProject(`aliases-${provider}`)
  const alias = await connectWith(other, sandbox, provider, { name, settings: settings(sandbox) })
  const body = { connectionId: alias, remoteId }
  const rejected = await other.call('POST', '/environments/import', { body })
  expect(rejected).toMatchObject({ status: 409, body: { errors: [{ pointer: '/remoteId', code: 'known' }] } })
})

it.concurrent('the container of a job cannot be imported as an environment', async () => {
  const { api } = switchyard
  const settings = { jobApi: 'container' }
  const connectionId = await connectWith(api, sandbox, 'scnet', { name: 'container-jobs', settings })
  const job = await api.ok('POST', '/jobs', {
    ...{ connectionId, name: 'train', script: 'sleep 600', timeLimitSeconds: 3600 },
    ...{ image: 'jupyterlab-pytorch:1.1.0-py3.6-cuda10.1', queue: 'TeslaM40' },
    resources: { cpus: 3, memoryMiB: 15_360, accelerator: { kind: 'gpu', count: 1 } },
  })
  const { remote } = await api.until(`/jobs/${job.id}`, (record) => record.remote?.id !== undefined)
  const rejected = await api.call('POST', '/environments/import', { body: { connectionId, remoteId: remote?.id } })
  expect(rejected).toMatchObject({ status: 409, body: { errors: [{ pointer: '/remoteId', code: 'known' }] } })
  expect(rejected.body.detail).toContain(job.id)
})
