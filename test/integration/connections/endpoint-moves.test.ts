import { expect, it, onTestFinished } from 'vitest'
import { makeEndpointMoves } from '../../../src/connections/endpoint-moves.repository.ts'
import { startApiBench } from '../../support/api-bench.ts'
import { makeService } from '../../support/remote-environments.ts'
import { startTcpProxy } from '../../support/tcp-proxy.ts'

it('importing an object again is rejected after its provider endpoint moves', async () => {
  const bench = await startApiBench()
  onTestFinished(() => bench.stop())
  const { api, sandbox, connections } = bench
  const proxy = await startTcpProxy({ host: '127.0.0.1', port: Number(new URL(sandbox.urls.aitems).port) })
  onTestFinished(() => proxy.close())
  const request = { connectionId: connections.aitems ?? '', remoteId: await makeService(sandbox) }
  const importAgain = () => api.call('POST', '/environments/import', { body: request })
  await api.ok('POST', '/environments/import', request)
  expect((await importAgain()).status).toBe(409)

  const url = `http://127.0.0.1:${proxy.port}`
  const move = makeEndpointMoves(bench.open.prisma, { subject: 'shell:test', address: 'here', requestId: '' })
  await move({ provider: 'aitems', name: 'sandbox-aitems', url })
  expect(await api.ok('GET', `/connections/${request.connectionId}`)).toMatchObject({
    ...{ version: 2, settings: { aitems: { baseUrl: url } } },
  })
  expect((await importAgain()).status).toBe(409)
  const { rows } = await bench.open.pool.query('SELECT exclusivity_key FROM workloads')
  expect(rows).toEqual([{ exclusivity_key: `import/aitems/127.0.0.1:${proxy.port}//${request.remoteId}` }])
})
