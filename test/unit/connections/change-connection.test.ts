import { expect, it } from 'vitest'
import { type ConnectionPatch, makeChangeConnection } from '../../../src/connections/change-connection.ts'
import type { Connection } from '../../../src/connections/connection.ts'
import type { ConnectionChange } from '../../../src/connections/connection-changes.repository.ts'
import { modelartsProvider } from '../../../src/providers/modelarts/index.ts'
import { makeSecretBox } from '../../../src/secrets/secret-box.ts'
import type { JsonObject } from '../../../src/vocabulary/json.ts'

const settings = { ...modelartsProvider.sample.settings, domain: 'good.example.com', visibility: 'own' }
const attackerSettings = { ...settings, iamUrl: 'https://iam.attacker.example' }
const validSettings = { ...settings, iamUrl: 'https://iam.good.example.com' }
const by = { subject: 'key', address: '127.0.0.1', requestId: 'r' }

function connection(version: number, ownSettings: JsonObject): Connection {
  const at = new Date(0)
  const { id, projectId, provider, name } = { id: 'conn_1', projectId: 'proj_1', provider: 'modelarts', name: 'one' }
  const rest = { held: false, notBefore: null, pauseReason: null, verifiedAt: null, createdAt: at, updatedAt: at }
  return { id, projectId, provider, name, settings: ownSettings, version, ...rest }
}

/** A table with one row, in which `concurrentChange` runs after each read. */
function setup(first: Connection, concurrentChange: (row: Connection) => Connection) {
  let row = first
  const written: ConnectionChange[] = []
  const wokenConnections: string[] = []
  const change = makeChangeConnection({
    async get() {
      const read = row
      row = concurrentChange(row)
      return read
    },
    repository: {
      async apply(requested) {
        if (requested.ifVersions !== null && !requested.ifVersions.includes(row.version)) return null
        written.push(requested)
        row = connection(row.version + 1, requested.settings?.settings ?? row.settings)
        return row
      },
      verified: async () => {},
      wakeWaiting: async (id) => void wokenConnections.push(id),
    },
    secretBox: makeSecretBox('42'.repeat(32)),
    providerById: () => modelartsProvider,
    egressDenial: () => null,
    sealedNetwork: async () => null,
    clock: { now: () => new Date(0) },
    onChange: () => {},
  })
  const send = (body: ConnectionPatch, ifVersions: readonly number[] | null = null) =>
    change({ projectId: 'proj_1', by, id: 'conn_1', ifVersions }, body)
  return {
    ...{ written, wokenConnections },
    change: (...versions: number[]) => send(patch, versions.length === 0 ? null : versions),
    send,
  }
}

const patch = { settings: { modelarts: { visibility: 'all' } } }
const credentials = { modelarts: { username: 'u', password: 'p', domainName: 'd' } }
/** Another request corrects the endpoint and stores the valid credentials. */
const fixEndpoint = (row: Connection) => (row.version === 1 ? connection(2, validSettings) : row)

it('never restores old endpoints after a concurrent update', async () => {
  const { change, written } = setup(connection(1, attackerSettings), fixEndpoint)
  expect((await change()).settings).toMatchObject({ ...validSettings, visibility: 'all' })
  expect(written.map(({ ifVersions }) => ifVersions)).toEqual([[2]])
})

it('merges again if the record reaches another version listed in If-Match', async () => {
  const { change, written } = setup(connection(1, attackerSettings), fixEndpoint)
  expect((await change(1, 2)).settings).toMatchObject({ ...validSettings, visibility: 'all' })
  expect(written.map(({ ifVersions }) => ifVersions)).toEqual([[2]])
})

it('rejects a change if its only If-Match version does not match', async () => {
  const { change, written } = setup(connection(1, attackerSettings), fixEndpoint)
  await expect(change(1)).rejects.toMatchObject({
    code: 'version_mismatch',
    message: expect.stringContaining('version 2'),
  })
  const later = setup(connection(1, attackerSettings), fixEndpoint)
  await expect(later.change(2)).rejects.toMatchObject({ code: 'version_mismatch' })
  expect([...written, ...later.written]).toEqual([])
})

it('fails with version_mismatch if every retry meets a concurrent update', async () => {
  const { change, written } = setup(connection(1, validSettings), (row) => connection(row.version + 1, validSettings))
  await expect(change()).rejects.toMatchObject({ code: 'version_mismatch' })
  expect(written).toEqual([])
})

const redirectHosts = (row: Connection) => (row.version === 1 ? connection(2, attackerSettings) : row)

it.each<[string, ConnectionPatch]>([
  ['credentials alone', { credentials }],
  ['credentials with settings other than hosts', { credentials, ...patch }],
])('does not store %s over concurrently changed hosts', async (_what, body) => {
  const { send, written } = setup(connection(1, validSettings), redirectHosts)
  await expect(send(body)).rejects.toMatchObject({ code: 'version_mismatch' })
  expect(written).toEqual([])
})

it.each<[string, ConnectionPatch, JsonObject]>([
  ['another setting changes', { credentials }, { ...validSettings, visibility: 'all' }],
  [
    'the hosts of the same request change',
    { credentials, settings: { modelarts: attackerSettings } },
    attackerSettings,
  ],
])('stores credentials although %s concurrently', async (_what, body, concurrentChange) => {
  const { send, written } = setup(connection(1, validSettings), (row) =>
    row.version === 1 ? connection(2, concurrentChange) : row,
  )
  await send(body)
  expect(written.map(({ ifVersions }) => ifVersions)).toEqual([[2]])
})

it.each<[string, ConnectionPatch, readonly string[]]>([
  ['credentials', { credentials }, ['conn_1']],
  ['the end of a hold', { held: false }, ['conn_1']],
  ['a new network', { credentials, network: { proxy: { url: 'https://proxy.example' } } }, ['conn_1']],
  ['an unchanged network', { network: { clientCertificate: null } }, []],
  ['a name', { name: 'two' }, []],
])('wakes waiting workloads only after a relevant change: %s', async (_what, body, expected) => {
  const { send, wokenConnections } = setup(connection(1, validSettings), (row) => row)
  await send(body)
  expect(wokenConnections).toEqual(expected)
})
