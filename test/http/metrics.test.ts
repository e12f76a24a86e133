import { Client } from 'pg'
import { expect, it } from 'vitest'
import { startTwoInstances } from './access/two-instances.ts'

const two = startTwoInstances()
const readMetrics = async () => (await fetch(`${two.url}/metrics`)).text()

it('GET /metrics returns live workloads in Prometheus format without an API key', async () => {
  const connection = await two.admin.ok('POST', '/connections', {
    name: 'one',
    settings: { dataforest: { baseUrl: 'http://127.0.0.1:9', accountId: 'a' } },
    credentials: { dataforest: { accessKey: 'k', secretKey: 's' } },
  })
  const body = { connectionId: connection.id, name: 'ws', image: 'tensorflow:r2.3.1-py3', command: ['ls'] }
  await two.admin.ok('POST', '/environments', body)
  const sql = new Client({ connectionString: two.databaseUrl })
  await sql.connect()
  await sql.query("UPDATE sweeps SET last_orphans = 3 WHERE kind = 'job'")
  await sql.end()
  const text = await readMetrics()
  expect(text).toContain('switchyard_live_workloads{kind="environment",provider="dataforest",status="queued"} 1')
  expect(text).toContain(`switchyard_orphans{connection="${connection.id}",kind="job"} 3`)
  expect(text).toMatch(/^switchyard_duplicates 0$/m)
  expect(text).toMatch(/^switchyard_installation_metrics_up 1$/m)
  expect(text).toMatch(/^switchyard_process_/m)
  expect(text).toMatch(/^switchyard_build_info\{version="\d+\.\d+\.\d+"\} 1$/m)
})
