import { expect, it } from 'vitest'
import { type ConnectionPatch, makeChangeConnection } from '../../../src/connections/change-connection.ts'
import type { Connection } from '../../../src/connections/connection.ts'
import type { ConnectionChange } from '../../../src/connections/connection-changes.repository.ts'
import { modelartsProvider } from '../../../src/providers/modelarts/index.ts'
import { makeSecretBox } from '../../../src/secrets/secret-box.ts'
import type { JsonObject } from '../../../src/vocabulary/json.ts'

const settings = { ...modelartsProvider.sample.settings, domain: 'good.example.com', visibility: 'own' }
const bad = { ...settings, iamUrl: 'https://iam.attacker.example' }
const good = { ...settings, iamUrl: 'https://iam.good.example.com' }
const by = { subject: 'key', address: '127.0.0.1', requestId: 'r' }

function connection(version: number, its: JsonObject): Connection {
  const at = new Date(0)
  const { id, projectId, provider, name } = { id: 'conn_1', projectId: 'proj_1', provider: 'modelarts', name: 'one' }
  const rest = { held: false, notBefore: null, pauseReason: null, verifiedAt: null, createdAt: at, updatedAt: at }
  return { id, projectId, provider, name, settings: its, version, ...rest }
}

/** A table of one row, in which `meanwhile` happens right after each read. */
function bench(first: Connection, meanwhile: (row: Connection) => Connection) {
  let row = first
  const written: ConnectionChange[] = []
  const woken: string[] = []
  const change = makeChangeConnection({
    async get() {
      const read = row
      row = meanwhile(row)
      return read
    },
    repository: {
      async apply(asked) {
        if (asked.ifVersions !== null && !asked.ifVersions.includes(row.version)) return null
        written.push(asked)
        row = connection(row.version + 1, asked.settings?.settings ?? row.settings)
        return row
      },
      verified: async () => {},
      wakeWaiting: async (id) => void woken.push(id),
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
    ...{ written, woken },
    change: (...versions: number[]) => send(patch, versions.length === 0 ? null : versions),
    send,
  }
}

const patch = { settings: { modelarts: { visibility: 'all' } } }
const credentials = { modelarts: { username: 'u', password: 'p', domainName: 'd' } }
/** Somebody puts the endpoint right and stores the true credentials. */
const putRight = (row: Connection) => (row.version === 1 ? connection(2, good) : row)

it('never writes the endpoints of before over credentials that somebody stores meanwhile', async () => {
  const { change, written } = bench(connection(1, bad), putRight)
  expect((await change()).settings).toMatchObject({ ...good, visibility: 'all' })
  expect(written.map(({ ifVersions }) => ifVersions)).toEqual([[2]])
})

it('merges anew where one of several versions that the client named became another of them', async () => {
  const { change, written } = bench(connection(1, bad), putRight)
  expect((await change(1, 2)).settings).toMatchObject({ ...good, visibility: 'all' })
  expect(written.map(({ ifVersions }) => ifVersions)).toEqual([[2]])
})

it('says that the record has changed where the client named the version', async () => {
  const { change, written } = bench(connection(1, bad), putRight)
  await expect(change(1)).rejects.toMatchObject({
    code: 'version_mismatch',
    message: expect.stringContaining('version 2'),
  })
  const later = bench(connection(1, bad), putRight)
  await expect(later.change(2)).rejects.toMatchObject({ code: 'version_mismatch' })
  expect([...written, ...later.written]).toEqual([])
})

it('gives up where others are always faster', async () => {
  const { change, written } = bench(connection(1, good), (row) => connection(row.version + 1, good))
  await expect(change()).rejects.toMatchObject({ code: 'version_mismatch' })
  expect(written).toEqual([])
})

const turnedAway = (row: Connection) => (row.version === 1 ? connection(2, bad) : row)

it.each<[string, ConnectionPatch]>([
  ['alone', { credentials }],
  ['with settings that say nothing of hosts', { credentials, ...patch }],
])('stores no credentials over hosts that somebody changes meanwhile: %s', async (_what, body) => {
  const { send, written } = bench(connection(1, good), turnedAway)
  await expect(send(body)).rejects.toMatchObject({ code: 'version_mismatch' })
  expect(written).toEqual([])
})

it.each<[string, ConnectionPatch, JsonObject]>([
  ['something else changes', { credentials }, { ...good, visibility: 'all' }],
  ['the hosts change that the request names itself', { credentials, settings: { modelarts: bad } }, bad],
])('stores credentials where meanwhile %s', async (_what, body, meanwhile) => {
  const { send, written } = bench(connection(1, good), (row) => (row.version === 1 ? connection(2, meanwhile) : row))
  await send(body)
  expect(written.map(({ ifVersions }) => ifVersions)).toEqual([[2]])
})

it.each<[string, ConnectionPatch, readonly string[]]>([
  ['credentials', { credentials }, ['conn_1']],
  ['the end of a hold', { held: false }, ['conn_1']],
  ['a new network', { credentials, network: { proxy: { url: 'https://proxy.example' } } }, ['conn_1']],
  ['a network that is as before', { network: { clientCertificate: null } }, []],
  ['a name', { name: 'two' }, []],
])('wakes what waits for a change, which %s may be', async (_what, body, expected) => {
  const { send, woken } = bench(connection(1, good), (row) => row)
  await send(body)
  expect(woken).toEqual(expected)
})
