import { execFile } from 'node:child_process'
import { chmod, chown, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { makeDatabase } from '../../../src/infra/database.ts'
import { examineDatabaseAt } from '../../../src/infra/database-facts.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../../src/infra/embedded-postgres.ts'
import { makeSessions } from '../../../src/infra/sessions.ts'
import { hasProgram } from '../../real/requirements.ts'
import { startTcpProxy } from '../../support/tcp-proxy.ts'
import { useTestDatabase } from '../../support/test-database.ts'

const database = await useTestDatabase()

const sessionsAt = (url: string) => makeSessions({ url, pooling: 'none', max: 1, applicationName: 'connecting' })

/** What a connection on this URL comes to. */
async function connecting(url: string): Promise<string> {
  const pool = sessionsAt(url)
  return pool
    .query('SELECT 1')
    .then(
      () => 'connected',
      (error: Error) => error.message,
    )
    .finally(() => pool.end())
}

describe('the URL', () => {
  it('limits the connections of a process', async () => {
    const { pool, close } = makeDatabase({ url: `${database.url}?connection_limit=2`, poolSize: 5 })
    await Promise.all(Array.from({ length: 6 }, () => pool.query('SELECT pg_sleep(0.05)')))
    expect(pool.totalCount).toBe(2)
    await close()
  })

  it('limits the wait for one of them', async () => {
    const { pool, close } = makeDatabase({ url: `${database.url}?connection_limit=2&pool_timeout=1`, poolSize: 5 })
    const taken = await Promise.all([pool.connect(), pool.connect()])
    await expect(pool.connect()).rejects.toThrow('timeout')
    for (const client of taken) client.release()
    await close()
  })

  it('limits the wait for a server that takes the connection and says nothing', async () => {
    const { hostname: host, port } = new URL(database.url)
    const proxy = await startTcpProxy({ host, port: Number(port) })
    proxy.freeze()
    const url = `postgresql://somebody:secret@127.0.0.1:${proxy.port}/switchyard?connect_timeout=1`
    expect(await connecting(url)).toContain('timeout')
    await expect(examineDatabaseAt({ url })).rejects.toThrow('timeout')
    await proxy.close()
  })

  it('names a pooler that is believed although none is noticed', async () => {
    const facts = await examineDatabaseAt({ url: `${database.url}?pgbouncer=true` })
    expect(facts).toMatchObject({ pooling: 'transaction', listen: 'none: polling' })
    const directUrl = `${database.url}?pgbouncer=true`
    await expect(examineDatabaseAt({ url: database.url, directUrl })).rejects.toThrow('leads through a pooler')
  })

  it.each(['prefer', 'disable'])('takes a server without TLS where it says channel_binding=%s', async (binding) => {
    expect(await connecting(`${database.url}?channel_binding=${binding}`)).toBe('connected')
  })

  it('takes no server that cannot bind where it requires that', async () => {
    expect(await connecting(`${database.url}?channel_binding=require`)).toBe(
      'channel_binding=require, and the server offers no channel binding',
    )
  })
})

describe.skipIf(!hasProgram('openssl'))('a server with TLS', () => {
  let dir: string
  let server: EmbeddedPostgres

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'switchyard-tls-'))
    server = await startEmbeddedPostgres({ dataDir: join(dir, 'data'), persistent: false })
    const [key, certificate] = [join(dir, 'key.pem'), join(dir, 'ca.pem')]
    const form = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-subj', '/CN=localhost']
    const names = ['-addext', 'subjectAltName=IP:127.0.0.1']
    await promisify(execFile)('openssl', [
      'req',
      '-x509',
      '-nodes',
      ...form,
      ...names,
      '-keyout',
      key,
      '-out',
      certificate,
    ])
    const { uid, gid } = await stat(server.dataDir)
    for (const file of [key, certificate]) await chown(file, uid, gid)
    await chmod(key, 0o600)
    await chmod(dir, 0o755)
    await writeFile(join(server.dataDir, 'pg_hba.conf'), 'host all all 127.0.0.1/32 scram-sha-256\n')
    const client = new Client({ connectionString: server.url })
    await client.connect()
    await client.query(`ALTER SYSTEM SET ssl_key_file = '${key}'`)
    await client.query(`ALTER SYSTEM SET ssl_cert_file = '${certificate}'`)
    await client.query('ALTER SYSTEM SET ssl = on')
    await client.query('SELECT pg_reload_conf()')
    await client.end()
  })

  afterAll(async () => {
    await server?.stop()
    await rm(dir, { recursive: true, force: true })
  })

  it.each(['require', 'prefer'])('is bound to where the URL says channel_binding=%s', async (binding) => {
    const tls = `sslmode=verify-full&sslrootcert=${encodeURIComponent(join(dir, 'ca.pem'))}`
    const url = `${server.url}?${tls}&channel_binding=${binding}`
    await vi.waitFor(async () => expect(await connecting(url)).toBe('connected'), { timeout: 30_000, interval: 100 })
  })

  it('does not satisfy it without TLS', async () => {
    expect(await connecting(`${server.url}?channel_binding=require`)).toContain('offers no channel binding')
  })
})
