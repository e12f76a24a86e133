import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ApiRecord } from '../../src/commands/api-client.ts'
import { hasProgram } from '../real/requirements.ts'
import { makeApiCaller } from '../support/api-caller.ts'
import { type Account, openAccount, startQuickSandbox, type TestSandbox } from '../support/dataforest-account.ts'
import { freePorts } from '../support/free-ports.ts'
import { type Nginx, startNginx } from '../support/nginx.ts'
import { runCommand, type Serving, serveProcess } from '../support/process.ts'
import { hasReleased, installReleased, released } from '../support/released-version.ts'
import { testApiKey } from '../support/switchyard.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'

const missing = [
  ...(hasProgram('nginx') ? [] : ['nginx (apt-get install nginx)']),
  ...(hasReleased()
    ? []
    : [`the history of this repository up to version ${released.version} (git fetch --unshallow)`]),
]
const skipped = missing.length === 0 ? '' : ` [skipped: it needs ${missing.join(' and ')}]`
if (skipped !== '') process.stderr.write(`upgrade${skipped}\n`)

const installMs = 300_000
const writers = 3
const pauseMs = 50
/** Time for which both versions run before the next step. */
const togetherMs = 1500

describe.skipIf(skipped !== '')(`upgrade from version ${released.version} under load${skipped}`, () => {
  let previous: { program: string }
  let database: TestDatabase
  let sandbox: TestSandbox
  let ports: readonly number[]
  let nginx: Nginx
  let account: Account
  let environment: ApiRecord
  const running: Serving[] = []

  const serve = async (role: 'api' | 'worker', version: { program?: string }, port = 0): Promise<Serving> => {
    const env = { DATABASE_URL: database.url, ROLE: role, PORT: String(port), REQUEST_RATE_LIMIT: '0' }
    // On a slow machine, a starting process would shed load.
    const timing = { SHUTDOWN_TIMEOUT_MS: '6000', SHUTDOWN_DRAIN_MS: '1000', MAX_EVENT_LOOP_DELAY_MS: '0' }
    const process = await serveProcess({ ...env, ...timing }, version)
    running.push(process)
    return process
  }

  const migrate = (version: { program?: string }) =>
    runCommand(['migrate'], { DATABASE_URL: database.url }, version).exited

  beforeAll(async () => {
    previous = { program: await installReleased() }
    ;[database, sandbox] = await Promise.all([createTestDatabase(), startQuickSandbox()])
    await empty(database)
    expect(await migrate(previous)).toMatchObject({ code: 0, stderr: '' })
    const first = await freePorts(2)
    ports = [first, first + 1]
    nginx = await startNginx(ports)
  }, installMs)

  afterAll(async () => {
    await Promise.all(running.map((process) => process.end('SIGKILL')))
    await nginx?.stop()
    await sandbox?.close()
    await database?.drop()
  })

  /** Submits jobs and reads them back until stopped. */
  function load() {
    const failed: string[] = []
    const accepted: string[] = []
    const call = async (method: string, path: string, body?: object): Promise<ApiRecord | null> => {
      const headers = { authorization: `Bearer ${testApiKey}`, 'content-type': 'application/json' }
      const response = await fetch(`${nginx.url}${path}`, {
        ...{ method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) },
      })
      const text = await response.text()
      if (response.ok) return JSON.parse(text) as ApiRecord
      failed.push(`${method} ${path}: ${response.status} ${text}`)
      return null
    }
    const job = { environmentId: environment.id, name: 'upgrade', image: 'tensorflow:r2.3.1-py3', script: 'true' }
    let isStopped = false
    const write = async (): Promise<void> => {
      for (; !isStopped; await sleep(pauseMs)) {
        const record = await call('POST', '/jobs', job)
        if (record === null) continue
        accepted.push(record.id)
        await call('GET', `/jobs/${record.id}`)
      }
    }
    const finished = Promise.all(Array.from({ length: writers }, write))
    return {
      async stop() {
        isStopped = true
        await finished
        return { failed, accepted }
      },
    }
  }

  it('fails no request and creates each job exactly once', { timeout: 240_000 }, async () => {
    const old = await Promise.all(ports.map((port) => serve('api', previous, port)))
    const oldWorker = await serve('worker', previous)
    const api = makeApiCaller(nginx.url, testApiKey)
    account = await openAccount(api, sandbox)
    environment = await account.environment()
    const traffic = load()
    await sleep(togetherMs)

    expect(await migrate({})).toMatchObject({ code: 0, stderr: '' })
    await sleep(togetherMs)
    await serve('worker', {})
    for (const [index, instance] of old.entries()) {
      await sleep(togetherMs)
      expect(await instance.end('SIGTERM')).toMatchObject({ code: 0, stderr: '' })
      await serve('api', {}, ports[index])
    }
    expect(await oldWorker.end('SIGTERM')).toMatchObject({ code: 0, stderr: '' })
    await sleep(togetherMs)

    const { failed, accepted } = await traffic.stop()
    expect(failed, `${failed.length} with ${accepted.length} accepted jobs`).toEqual([])
    expect(accepted.length).toBeGreaterThan(100)
    for (const id of accepted) await api.untilStatus(`/jobs/${id}`, 'succeeded')
    expect(account.apps(environment)).toHaveLength(accepted.length)
    const { code, stdout } = await runCommand(['doctor'], { DATABASE_URL: database.url }).exited
    expect([code, stdout]).toEqual([0, expect.not.stringContaining('✗')])
  })
})

async function empty({ url }: TestDatabase): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  await client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public; DROP SCHEMA bullmq CASCADE')
  await client.end()
}
