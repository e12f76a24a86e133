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

/** What can be submitted to each, so that there is a record. */
const sorts = {
  dataforest: {
    settings: (baseUrl: string) => ({ baseUrl, accountId: 'a' }),
    credentials: { accessKey: 'k', secretKey: 's' },
    request: environmentRequest(),
  },
  jupyterhub: {
    settings: (baseUrl: string) => ({ baseUrl, username: 'ada' }),
    credentials: { token: 't' },
    request: { name: 'ws' },
  },
}

/** An environment over a connection of its own, which exists at the provider under this id. */
async function environment(
  name: string,
  { provider, baseUrl, remoteId }: { provider: keyof typeof sorts; baseUrl: string; remoteId: string },
) {
  const { settings, credentials, request } = sorts[provider]
  const connection: ApiRecord = await bench.api.ok('POST', '/connections', {
    ...{ name, settings: { [provider]: settings(baseUrl) }, credentials: { [provider]: credentials } },
  })
  const { id } = await bench.api.ok('POST', '/environments', { ...request, connectionId: connection.id })
  await bench.open.prisma.$executeRaw`UPDATE workloads SET remote_id = ${remoteId} WHERE id = ${id}`
  return id
}

it('the doctor finds an object that two connections hold, and takes no two objects for one', async () => {
  const here = 'http://127.0.0.1:9'
  const hub = { provider: 'jupyterhub', remoteId: 'ada/same' } as const
  const one = await environment('one', { ...hub, baseUrl: here })
  const other = await environment('other', { ...hub, baseUrl: `${here}/` })
  await environment('elsewhere', { ...hub, baseUrl: 'http://127.0.0.1:10' })
  await environment('apart', { ...hub, baseUrl: here, remoteId: 'ada/another' })
  const workspace = { provider: 'dataforest', remoteId: '6COytUeFj7b8eOhq2L5zL' } as const
  const direct = await environment('direct', { ...workspace, baseUrl: here })
  const proxied = await environment('proxied', { ...workspace, baseUrl: 'http://127.0.0.1:10' })
  const { findings } = await examineDatabase(bench.open)
  const held = findings.filter(({ check }) => check === 'a remote object has one live record')
  expect(held.map(({ detail }) => detail).sort()).toEqual([
    `6COytUeFj7b8eOhq2L5zL is held by ${[direct, proxied].sort().join(', ')}`,
    `ada/same is held by ${[one, other].sort().join(', ')}`,
  ])
})
