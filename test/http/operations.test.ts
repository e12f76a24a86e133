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

let wire: TcpProxy
let switchyard: Switchyard
let url: string

const database = await useTestDatabase()

beforeAll(async () => {
  const through = new URL(database.url)
  wire = await startTcpProxy({ host: through.hostname, port: Number(through.port) })
  through.hostname = '127.0.0.1'
  through.port = String(wire.port)
  // The document tells the limits of waiting, and the published one those of an installation that changes nothing.
  const { waiting } = settingsOf(readConfig({}))
  switchyard = await startSwitchyard({ databaseUrl: through.href, redis: null, role: 'api', settings: { waiting } })
  url = switchyard.service.url ?? ''
})

afterAll(async () => {
  wire?.mend()
  await switchyard?.stop()
  await wire?.close()
})

const open = async (path: string) => {
  const response = await fetch(url + path)
  return { status: response.status, headers: response.headers, text: await response.text() }
}

/** Scrapers wait ten seconds by default. */
async function expectMetricsOfProcess(): Promise<void> {
  const response = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(5000) })
  const text = await response.text()
  expect([response.status, valueIn(text, 'switchyard_installation_metrics_up')]).toEqual([200, 0])
  expect(valueIn(text, 'switchyard_database_pool_max_connections')).toBe(8)
}

describe('without a key', () => {
  it('tells that it lives and that it is ready', async () => {
    for (const path of ['/livez', '/readyz'])
      expect(await open(path)).toMatchObject({ status: 200, text: JSON.stringify({ status: 'ok' }) })
  })

  it('shows the contract, the very document that is published', async () => {
    const { status, text, headers } = await open('/openapi.json')
    expect([status, headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8'])
    expect(JSON.parse(text)).toEqual(document)
  })

  it('shows the contract for people, with all that the page loads', async () => {
    const page = await open('/docs/')
    expect(page.status).toBe(200)
    expect(page.headers.get('content-type')).toContain('text/html')
    expect(await open('/docs')).toMatchObject({ status: 200, text: page.text })
    const loaded = [...page.text.matchAll(/(?:src|href|"url"):?\s*=?\s*"([^"]+)"/g)].map(([, address = '']) => address)
    expect(loaded).toEqual(expect.arrayContaining(['js/scalar.js', '../openapi.json']))
    for (const address of loaded) {
      const { pathname, origin } = new URL(address, `${url}/docs/`)
      expect(origin).toBe(new URL(url).origin)
      expect((await open(pathname)).status, address).toBe(200)
    }
  })

  it('shows nothing else', async () => {
    for (const path of ['/jobs', '/providers', '/connections']) expect((await open(path)).status).toBe(401)
  })
})

it('is not ready on a database that lacks a migration of this version, and is on one that is newer', async () => {
  const client = new Client({ connectionString: database.url })
  await client.connect()
  const change = (statement: string) => client.query(statement)
  await change(`INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at)
    VALUES ('later', '', '99990101000000_later', now())`)
  expect((await open('/readyz')).status).toBe(200)
  const latest = `migration_name = (SELECT max(migration_name) FROM _prisma_migrations WHERE id <> 'later')`
  await change(`UPDATE _prisma_migrations SET finished_at = NULL WHERE ${latest}`)
  const { status, text } = await open('/readyz')
  expect([status, text]).toEqual([503, expect.stringContaining('Run `migrate`')])
  await change(`UPDATE _prisma_migrations SET finished_at = now() WHERE ${latest}`)
  await client.end()
  expect((await open('/readyz')).status).toBe(200)
})

describe('while the database is away', () => {
  const retryable = async (call: Promise<Response>) => {
    const response = await call
    const body = await response.json()
    expect([response.status, body]).toEqual([503, expect.objectContaining({ code: 'unavailable', retryable: true })])
    expectProblem(response, body)
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
  }
  const list = () => fetch(`${url}/jobs`, { headers: { authorization: `Bearer ${testApiKey}` } })

  it('lives, is not ready, answers 503, and goes on by itself when it is back', async () => {
    expect((await list()).status).toBe(200)
    wire.cut()
    expect((await open('/livez')).status).toBe(200)
    await retryable(fetch(`${url}/readyz`))
    await retryable(list())
    await expectMetricsOfProcess()
    wire.mend()
    await expect.poll(async () => (await open('/readyz')).status, { timeout: 30_000 }).toBe(200)
    expect((await list()).status).toBe(200)
  })

  it('says within seconds that it is not ready when the database hangs', async () => {
    wire.freeze()
    await retryable(fetch(`${url}/readyz`, { signal: AbortSignal.timeout(4000) }))
    expect((await open('/livez')).status).toBe(200)
    await expectMetricsOfProcess()
    wire.mend()
    await expect.poll(async () => (await open('/readyz')).status, { timeout: 30_000 }).toBe(200)
  }, 20_000)
})
