import { Type } from '@sinclair/typebox'
import { expect, it } from 'vitest'
import type { ConnectionsRepository, SealedConnection } from '../../../src/connections/connections.repository.ts'
import { makeOpenConnections } from '../../../src/connections/open-connections.ts'
import type { Provider } from '../../../src/providers/provider.ts'
import { makeSecretBox } from '../../../src/secrets/secret-box.ts'

const secretBox = makeSecretBox('42'.repeat(32))

const provider: Provider = {
  ...{ id: 'acme', title: 'Acme', documentation: 'https://acme.example' },
  ...{ settings: Type.Object({}), credentials: Type.Object({}), sample: { settings: {}, credentials: {} } },
  ...{ endpointSettings: [], endpoints: () => ({}), baseUrl: () => 'https://acme.example', scope: () => ({}) },
  open: () => ({ drivers: {}, verify: async () => {} }),
}

/** Connections in a table that others change, and the clients that were opened for them and not closed. */
function bench() {
  const rows = new Map<string, number>()
  const open = new Set<string>()
  let aheadMs = 0
  const sealed = (id: string, version: number): SealedConnection => {
    const at = new Date(0)
    const times = { notBefore: null, verifiedAt: null, createdAt: at, updatedAt: at }
    const sealedCredentials = secretBox.seal(id, { version })
    const rest = { projectId: 'p', provider: 'acme', name: id, settings: {}, held: false, pauseReason: null }
    return { id, version, sealedCredentials, ...times, ...rest }
  }
  const repository: Pick<ConnectionsRepository, 'sealed' | 'versions'> = {
    sealed: async (id) => {
      const version = rows.get(id)
      return version === undefined ? { ...sealed(id, 0), sealedCredentials: '' } : sealed(id, version)
    },
    versions: async (ids) => new Map([...rows].filter(([id]) => ids.includes(id))),
  }
  let made = 0
  const connections = makeOpenConnections({
    ...{ secretBox, providerById: () => provider, wakeWaiting: async () => {}, probeMs: 1000 },
    observed: (_, __, opened) => opened,
    repository: repository as ConnectionsRepository,
    clock: { now: () => new Date(0), monotonicMs: () => aheadMs },
    makeHttp() {
      made += 1
      const name = `client ${made}`
      open.add(name)
      return { send: () => Promise.reject(new Error('nothing is sent')), close: async () => void open.delete(name) }
    },
  })
  const pass = (ms: number) => {
    aheadMs += ms
  }
  return { connections, rows, open, pass }
}

it('keeps nothing open of a connection that another process has deleted', async () => {
  const { connections, rows, open } = bench()
  rows.set('a', 1).set('b', 1)
  await Promise.all([connections.open('a', 1), connections.open('b', 1)])
  await connections.dropStale()
  expect([...open]).toEqual(['client 1', 'client 2'])
  rows.delete('a')
  await connections.dropStale()
  expect([...open]).toEqual(['client 2'])
})

it('keeps nothing open of the credentials that another process has replaced', async () => {
  const { connections, rows, open } = bench()
  rows.set('a', 1)
  await connections.open('a', 1)
  rows.set('a', 2)
  await connections.dropStale()
  expect([...open]).toEqual([])
  expect((await connections.open('a', 2)).version).toBe(2)
  await connections.dropStale()
  expect([...open]).toEqual(['client 2'])
})

it('does not go on with a connection that is deleted', async () => {
  const { connections, rows, open, pass } = bench()
  rows.set('a', 1)
  await connections.open('a', 1)
  rows.delete('a')
  pass(5001)
  expect(await connections.driverOf('a', 'job')).toBeUndefined()
  expect([...open]).toEqual([])
  await expect(connections.open('a', 1)).rejects.toThrow('deleted')
})

it('looks at nothing where nothing is open', async () => {
  const { connections } = bench()
  await expect(connections.dropStale()).resolves.toBeUndefined()
})
