import { sandboxConnection } from '../../src/commands/sandbox-connections.ts'
import type { Sandbox } from '../../src/sandbox/server.ts'
import { type ApiCaller, makeApiCaller } from '../support/api-caller.ts'

/** Records of an SDK in a separate project. Each has values that an incorrect PATCH would reset. */
export interface Tenant {
  key: string
  /** Ids in the target of the drive program, in addition to the addresses and the key. */
  ids: Readonly<Record<'dataforest' | 'slurm' | 'connection' | 'project' | 'webhook' | 'environment' | 'job', string>>
  /** The PATCH that the drive program sends to each record, and the fields that it changes. */
  patches: Readonly<Record<string, { body: object; changed: object }>>
  api: ApiCaller
}

const image = 'tensorflow:r2.3.1-py3'
const scnetSettings = {
  defaultQueue: 'kshctest',
  historyDays: 7,
  hasHistory: false,
  jobApi: 'container',
  tagField: 'name',
}

export async function makeTenant(admin: ApiCaller, url: string, sandbox: Sandbox, name: string): Promise<Tenant> {
  const project = await admin.ok('POST', '/projects', { name, quota: { activeWorkloads: 50, connections: 9 } })
  const created = await admin.ok('POST', '/api-keys', { name, projectId: project.id, scopes: ['admin'] })
  const key = String(created.key)
  const api = makeApiCaller(url, key)
  const connect = (provider: 'dataforest' | 'slurm' | 'scnet', more: object = {}) => {
    const { settings, credentials } = sandboxConnection(sandbox, provider)
    const merged = { [provider]: { ...settings[provider], ...more } }
    return api.ok('POST', '/connections', { name: provider, settings: merged, credentials })
  }
  const [dataforest, slurm, scnet] = [
    await connect('dataforest'),
    await connect('slurm'),
    await connect('scnet', scnetSettings),
  ]
  const webhook = await api.ok('POST', '/webhook-endpoints', {
    ...{ url: 'http://127.0.0.1:9/hook', description: 'events of jobs', eventTypes: ['job.failed'] },
  })
  const accepted = await api.ok('POST', '/environments', {
    ...{ connectionId: dataforest.id, name, description: 'before', image, command: ['ls'], labels: { team: 'vision' } },
    ...{ inputs: [{ source: 'a', path: 'b' }], outputs: [{ destination: 'c', path: 'd', overwrite: true }] },
  })
  const environment = await api.untilStatus(`/environments/${accepted.id}`, 'running')
  const submitted = await api.ok('POST', '/jobs', {
    ...{ environmentId: environment.id, name: 'first', description: 'before', image, script: 'python train.py' },
    labels: { team: 'vision', stage: 'dev' },
  })
  const job = await api.untilStatus(`/jobs/${submitted.id}`, 'succeeded')
  const { settings } = await api.ok('GET', `/connections/${scnet.id}`)
  return {
    key,
    ids: {
      ...{ dataforest: dataforest.id, slurm: slurm.id, connection: scnet.id, project: project.id, webhook: webhook.id },
      ...{ environment: environment.id, job: job.id },
    },
    patches: {
      [`/jobs/${job.id}`]: {
        body: { labels: { stage: 'prod' } },
        changed: { labels: { team: 'vision', stage: 'prod' } },
      },
      [`/environments/${environment.id}`]: changes({ description: 'after' }),
      [`/connections/${scnet.id}`]: {
        body: { settings: { scnet: { defaultQueue: 'kshcnormal' } } },
        changed: { settings: { scnet: { ...Object(settings).scnet, defaultQueue: 'kshcnormal' } } },
      },
      [`/projects/${project.id}`]: changes({ name: `${name}-after` }),
      [`/webhook-endpoints/${webhook.id}`]: changes({ description: 'after' }),
    },
    api,
  }
}

const changes = (fields: object) => ({ body: fields, changed: fields })

/** The records of all PATCH requests, without version and update time. */
export async function recordsOf({ api, patches }: Tenant): Promise<Readonly<Record<string, object>>> {
  const reads = Object.keys(patches).map(async (path) => {
    const { version: _, updatedAt: __, ...record } = await api.ok('GET', path)
    return [path, record] as const
  })
  return Object.fromEntries(await Promise.all(reads))
}
