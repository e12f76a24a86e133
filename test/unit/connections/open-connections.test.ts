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

/** A connections table that other processes change, and the names of the open clients. */
function setup() {
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
  let created = 0
  const connections = makeOpenConnections({
    ...{ secretBox, providerById: () => provider, wakeWaiting: async () => {}, probeMs: 1000 },
    observed: (_, __, opened) => opened,
    repository: repository as ConnectionsRepository,
    clock: { now: () => new Date(0), monotonicMs: () => aheadMs },
    makeHttp() {
      created += 1
      const name = `client ${created}`
      open.add(name)
      return { send: () => Promise.reject(new Error('unexpected request')), close: async () => void open.delete(name) }
    },
  })
  const advance = (ms: number) => {
    aheadMs += ms
  }
  return { connections, rows, open, advance }
}

it('closes the client of a connection deleted by another process', async () => {
  const { connections, rows, open } = setup()
  rows.set('a', 1).set('b', 1)
  await Promise.all([connections.open('a', 1), connections.open('b', 1)])
  await connections.dropStale()
  expect([...open]).toEqual(['client 1', 'client 2'])
  rows.delete('a')
  await connections.dropStale()
  expect([...open]).toEqual(['client 2'])
})

it('closes the client of credentials replaced by another process', async () => {
  const { connections, rows, open } = setup()
  rows.set('a', 1)
  await connections.open('a', 1)
  rows.set('a', 2)
  await connections.dropStale()
  expect([...open]).toEqual([])
  expect((await connections.open('a', 2)).version).toBe(2)
  await connections.dropStale()
  expect([...open]).toEqual(['client 2'])
})

it('stops using a deleted connection', async () => {
  const { connections, rows, open, advance } = setup()
  rows.set('a', 1)
  await connections.open('a', 1)
  rows.delete('a')
  advance(5001)
  expect(await connections.driverOf('a', 'job')).toBeUndefined()
  expect([...open]).toEqual([])
  await expect(connections.open('a', 1)).rejects.toThrow('deleted')
})

it('accepts a stale check without open connections', async () => {
  const { connections } = setup()
  await expect(connections.dropStale()).resolves.toBeUndefined()
})
