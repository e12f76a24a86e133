import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { describe, expect, inject, it, vi } from 'vitest'
import { sandboxProviders } from '../../src/sandbox/registry.ts'
import { openAccount, useQuickSandbox } from '../support/dataforest-account.ts'
import { freePort, freePorts } from '../support/free-ports.ts'
import { type Exit, quickEnvironment, runCommand, serveProcess } from '../support/process.ts'
import { describeOnEachQueueBackend } from '../support/queue-backends.ts'
import { startSwitchyard } from '../support/switchyard.ts'
import { createTestDatabase, useTestDatabase } from '../support/test-database.ts'

const database = await useTestDatabase()
const sandbox = await useQuickSandbox()

describe('failed start', () => {
  const start = (env: Readonly<Record<string, string>>) =>
    runCommand(['serve'], { ...quickEnvironment, LOG_LEVEL: 'error', DATABASE_URL: database.url, ...env }).exited
  const at = (path: string): URL => Object.assign(new URL(inject('testDatabaseServerUrl')), { pathname: path })

  it.concurrent('names the port in use and exits', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as { port: number }
    const { code, stdout, stderr } = await start({ PORT: String(port), REDIS_URL: inject('testRedisUrl') })
    other.close()
    expect([code, stdout, stderr]).toEqual([
      1,
      '',
      `Switchyard cannot start: 127.0.0.1:${port} is in use. Stop the other process, or set another PORT.\n`,
    ])
  })

  it.concurrent('names the port in use that the embedded sandbox requires', async () => {
    // From `PORT` + 100: one port for the control API and one per provider.
    const first = await freePorts(1 + Object.keys(sandboxProviders).length)
    const port = first + 3
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve))
    const dataDir = await mkdtemp(join(tmpdir(), 'switchyard-in-use-'))
    const { code, stdout, stderr } = await start({ DATABASE_URL: '', DATA_DIR: dataDir, PORT: String(first - 100) })
    other.close()
    expect([code, stdout, stderr]).toEqual([
      1,
      '',
      `Switchyard cannot start: 127.0.0.1:${port}, a port of the sandbox, is in use. Stop the other process, or set another PORT.\n`,
    ])
    await rm(dataDir, { recursive: true, force: true })
  })

  it.concurrent('names an unreachable database without its password', async () => {
    const url = new URL(`postgresql://user:hunter2@127.0.0.1:${await freePort()}/nowhere`)
    const { code, stdout, stderr } = await start({ ROLE: 'worker', DATABASE_URL: url.href })
    expect([code, stdout, stderr]).toEqual([
      1,
      '',
      `Switchyard cannot start: the database ${url.host}/nowhere cannot be reached (ECONNREFUSED). Start it, or correct DATABASE_URL.\n`,
    ])
  })

  it.concurrent.for([
    ['/template1', 'has an outdated schema. Run `migrate` first.'],
    ['/no_such_database', 'does not exist. Create it, or correct DATABASE_URL.'],
  ] as const)('explains the problem of the database %s', async ([path, problem]) => {
    const url = at(path)
    const started = startSwitchyard({ databaseUrl: url.href, redis: null })
    await expect(started).rejects.toThrow(`Switchyard cannot start: the database ${url.host}${path} ${problem}`)
  })
})

it('a start with a read-only database user reports the missing permission', async () => {
  const ownDatabase = await createTestDatabase()
  const user = `reader_${Date.now()}`
  const admin = new Client({ connectionString: ownDatabase.url })
  await admin.connect()
  await admin.query(`CREATE ROLE ${user} LOGIN PASSWORD 'reader'`)
  await admin.query(`GRANT USAGE ON SCHEMA public, bullmq TO ${user}`)
  await admin.query(`GRANT SELECT ON ALL TABLES IN SCHEMA public, bullmq TO ${user}`)
  const url = Object.assign(new URL(ownDatabase.url), { username: user, password: 'reader' })
  const { code, stdout, stderr } = await runCommand(['serve'], {
    ...quickEnvironment,
    ...{ LOG_LEVEL: 'error', DATABASE_URL: url.href },
  }).exited
  expect([code, stdout, stderr]).toEqual([
    1,
    '',
    `Switchyard cannot start: the database ${url.host}${url.pathname} denies this user a required permission. ` +
      'Connect as the owner, or grant it. Its message: permission denied for table installation.\n',
  ])
  await admin.query(`DROP OWNED BY ${user}`)
  await admin.query(`DROP ROLE ${user}`)
  await admin.end()
  await ownDatabase.drop()
})

const wasAborted = ({ stdout }: Exit) => stdout.includes('aborting in-flight calls')

describeOnEachQueueBackend('service stop', ({ kind }) => {
  const queue = kind === 'redis' ? { REDIS_URL: inject('testRedisUrl') } : {}

  it.concurrent('completes waiting requests and exits with 0', async () => {
    const serving = await serveProcess({ DATABASE_URL: database.url, ...queue })
    const account = await openAccount(serving.api, sandbox)
    const environment = await account.environment()
    const job = await account.job(environment, 'sleep 600')
    const running = await serving.api.untilStatus(`/jobs/${job.id}`, 'running')
    const waits = Array.from({ length: 20 }, () =>
      serving.api.call('GET', `/jobs/${job.id}`, { headers: { prefer: 'wait=60' } }),
    )
    // Its response shows that the server has received the earlier requests.
    await serving.api.call('GET', '/livez')
    const exit = serving.end('SIGTERM')
    const responses = await Promise.all(waits)
    expect(responses.map(({ status, body }) => [status, body.version])).toEqual(
      responses.map(() => [200, running.version]),
    )
    expect(await exit).toMatchObject({ code: 0, stderr: '' })
    expect(wasAborted(await exit)).toBe(false)
  })
})

it('a stop under load resets no connections', async () => {
  const ownDatabase = await createTestDatabase()
  const serving = await serveProcess({ DATABASE_URL: ownDatabase.url, ROLE: 'api', SHUTDOWN_DRAIN_MS: '100' })
  const outcomes = new Map<string, number>()
  const flood = async (): Promise<void> => {
    for (let outcome = ''; outcome !== 'ECONNREFUSED'; ) {
      outcome = await getOnce(new URL(serving.url))
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    }
  }
  const floods = Array.from({ length: 200 }, flood)
  await vi.waitUntil(() => (outcomes.get('200') ?? 0) > 300, { timeout: 30_000 })
  const exit = serving.end('SIGTERM')
  await Promise.all(floods)
  expect([...outcomes.keys()].sort()).toEqual(['200', 'ECONNREFUSED'])
  expect(await exit).toMatchObject({ code: 0, stderr: '' })
  await ownDatabase.drop()
})

/** Sends one expensive request over a separate connection. Returns the status, or the error code of the connection. */
function getOnce({ hostname, port }: URL): Promise<string> {
  return new Promise((resolve) => {
    let response = ''
    const socket = connect(Number(port), hostname)
    socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(`${code}`))
    socket.on('data', (chunk) => {
      response ||= chunk.toString('latin1')
    })
    socket.once('close', () => resolve(response.slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length)))
    socket.write('GET /openapi.json HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  })
}

it('a worker runs from the database and stops while Redis is unavailable', async () => {
  const ownDatabase = await createTestDatabase()
  const redis = { url: `redis://127.0.0.1:${await freePort()}` }
  const [worker, server] = await Promise.all([
    serveProcess({ DATABASE_URL: ownDatabase.url, REDIS_URL: redis.url, ROLE: 'worker' }),
    startSwitchyard({ databaseUrl: ownDatabase.url, redis, role: 'api' }),
  ])
  const account = await openAccount(server.api, sandbox)
  const job = await account.job(await account.environment())
  await server.api.untilStatus(`/jobs/${job.id}`, 'succeeded')
  await server.stop()
  const exit = await worker.end()
  expect(exit).toMatchObject({ code: 0, stderr: '' })
  expect(wasAborted(exit)).toBe(false)
  await ownDatabase.drop()
})
