import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { settingsOf } from '../../src/commands/settings.ts'
import { readConfig } from '../../src/config/config.ts'
import { document } from '../support/contract.ts'
import { valueIn } from '../support/metrics-text.ts'
import { expectProblem } from '../support/problems.ts'
import { type Switchyard, startSwitchyard, testApiKey } from '../support/switchyard.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import { useTestDatabase } from '../support/test-database.ts'

let databaseProxy: TcpProxy
let switchyard: Switchyard
let url: string

const database = await useTestDatabase()

beforeAll(async () => {
  const proxiedUrl = new URL(database.url)
  databaseProxy = await startTcpProxy({ host: proxiedUrl.hostname, port: Number(proxiedUrl.port) })
  proxiedUrl.hostname = '127.0.0.1'
  proxiedUrl.port = String(databaseProxy.port)
  // The published document contains the default long-poll limits.
  const { waiting } = settingsOf(readConfig({}))
  switchyard = await startSwitchyard({ databaseUrl: proxiedUrl.href, redis: null, role: 'api', settings: { waiting } })
  url = switchyard.service.url ?? ''
})

afterAll(async () => {
  databaseProxy?.mend()
  await switchyard?.stop()
  await databaseProxy?.close()
})

const get = async (path: string) => {
  const response = await fetch(url + path)
  return { status: response.status, headers: response.headers, text: await response.text() }
}

/** Prometheus scrapes time out after ten seconds by default. */
async function expectMetricsOfProcess(): Promise<void> {
  const response = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(5000) })
  const text = await response.text()
  expect([response.status, valueIn(text, 'switchyard_installation_metrics_up')]).toEqual([200, 0])
  expect(valueIn(text, 'switchyard_database_pool_max_connections')).toBe(8)
}

describe('the service without an API key', () => {
  it('returns 200 for liveness and readiness', async () => {
    for (const path of ['/livez', '/readyz'])
      expect(await get(path)).toMatchObject({ status: 200, text: JSON.stringify({ status: 'ok' }) })
  })

  it('serves the published OpenAPI document', async () => {
    const { status, text, headers } = await get('/openapi.json')
    expect([status, headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8'])
    expect(JSON.parse(text)).toEqual(document)
  })

  it('serves the documentation page and everything it loads', async () => {
    const page = await get('/docs/')
    expect(page.status).toBe(200)
    expect(page.headers.get('content-type')).toContain('text/html')
    expect(await get('/docs')).toMatchObject({ status: 200, text: page.text })
    const loaded = [...page.text.matchAll(/(?:src|href|"url"):?\s*=?\s*"([^"]+)"/g)].map(([, address = '']) => address)
    expect(loaded).toEqual(expect.arrayContaining(['js/scalar.js', '../openapi.json']))
    for (const address of loaded) {
      const { pathname, origin } = new URL(address, `${url}/docs/`)
      expect(origin).toBe(new URL(url).origin)
      expect((await get(pathname)).status, address).toBe(200)
    }
  })

  it('returns 401 for all other routes', async () => {
    for (const path of ['/jobs', '/providers', '/connections']) expect((await get(path)).status).toBe(401)
  })
})

it('readiness fails on a missing migration but not on a newer one', async () => {
  const client = new Client({ connectionString: database.url })
  await client.connect()
  const change = (statement: string) => client.query(statement)
  await change(`INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at)
    VALUES ('later', '', '99990101000000_later', now())`)
  expect((await get('/readyz')).status).toBe(200)
  const latest = `migration_name = (SELECT max(migration_name) FROM _prisma_migrations WHERE id <> 'later')`
  await change(`UPDATE _prisma_migrations SET finished_at = NULL WHERE ${latest}`)
  const { status, text } = await get('/readyz')
  expect([status, text]).toEqual([503, expect.stringContaining('Run `migrate`')])
  await change(`UPDATE _prisma_migrations SET finished_at = now() WHERE ${latest}`)
  await client.end()
  expect((await get('/readyz')).status).toBe(200)
})

describe('a database outage', () => {
  const expectRetryable = async (call: Promise<Response>) => {
    const response = await call
    const body = await response.json()
    expect([response.status, body]).toEqual([503, expect.objectContaining({ code: 'unavailable', retryable: true })])
    expectProblem(response, body)
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
  }
  const list = () => fetch(`${url}/jobs`, { headers: { authorization: `Bearer ${testApiKey}` } })

  it('keeps liveness, returns 503 elsewhere and recovers automatically', async () => {
    expect((await list()).status).toBe(200)
    databaseProxy.cut()
    expect((await get('/livez')).status).toBe(200)
    await expectRetryable(fetch(`${url}/readyz`))
    await expectRetryable(list())
    await expectMetricsOfProcess()
    databaseProxy.mend()
    await expect.poll(async () => (await get('/readyz')).status).toBe(200)
    expect((await list()).status).toBe(200)
  })

  it('fails readiness within seconds if the database hangs', async () => {
    databaseProxy.freeze()
    await expectRetryable(fetch(`${url}/readyz`, { signal: AbortSignal.timeout(4000) }))
    expect((await get('/livez')).status).toBe(200)
    await expectMetricsOfProcess()
    databaseProxy.mend()
    await expect.poll(async () => (await get('/readyz')).status).toBe(200)
  })
})
