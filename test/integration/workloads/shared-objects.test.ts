import { afterAll, beforeAll, expect, it } from 'vitest'
import { examineDatabase } from '../../../src/container.ts'
import type { ApiRecord } from '../../../src/roles/api-client.ts'
import { type ApiBench, startApiBench } from '../../support/api-bench.ts'
import { environmentRequest } from '../../support/dataforest-account.ts'

let bench: ApiBench

beforeAll(async () => {
  bench = await startApiBench()
})
afterAll(() => bench?.stop())

/** An environment over a connection of its own, which exists at the provider under this id. */
async function environment(name: string, { baseUrl, remoteId }: { baseUrl: string; remoteId: string }) {
  const connection: ApiRecord = await bench.api.ok('POST', '/connections', {
    name,
    settings: { dataforest: { baseUrl, accountId: 'a' } },
    credentials: { dataforest: { accessKey: 'k', secretKey: 's' } },
  })
  const { id } = await bench.api.ok('POST', '/environments', environmentRequest({ connectionId: connection.id }))
  await bench.open.prisma.$executeRaw`UPDATE workloads SET remote_id = ${remoteId} WHERE id = ${id}`
  return id
}

it('the doctor finds an object that two connections to one account hold, and takes no two objects for one', async () => {
  const here = 'http://127.0.0.1:9'
  const one = await environment('one', { baseUrl: here, remoteId: 'same' })
  const other = await environment('other', { baseUrl: `${here}/`, remoteId: 'same' })
  await environment('elsewhere', { baseUrl: 'http://127.0.0.1:10', remoteId: 'same' })
  await environment('apart', { baseUrl: here, remoteId: 'another' })
  const { findings } = await examineDatabase(bench.open)
  const held = findings.filter(({ check }) => check === 'a remote object has one live record')
  expect(held.map(({ detail }) => detail)).toEqual([`same is held by ${[one, other].sort().join(', ')}`])
})
