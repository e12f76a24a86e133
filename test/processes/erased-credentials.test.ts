import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { environmentRequest, startQuickSandbox, type TestSandbox } from '../support/dataforest-account.ts'
import { type Serving, serveProcess } from '../support/process.ts'
import { type Switchyard, startSwitchyard } from '../support/switchyard.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'

let database: TestDatabase
let sandbox: TestSandbox
let server: Switchyard
let worker: Serving
let directory: string

beforeAll(async () => {
  ;[database, sandbox, directory] = await Promise.all([
    createTestDatabase(),
    startQuickSandbox(),
    mkdtemp(join(tmpdir(), 'switchyard-heap-')),
  ])
  server = await startSwitchyard({ databaseUrl: database.url, redis: null, role: 'api' })
  const options = `--heapsnapshot-signal=SIGUSR2 --diagnostic-dir=${directory}`
  worker = await serveProcess({ ROLE: 'worker', DATABASE_URL: database.url, NODE_OPTIONS: options })
})

afterAll(async () => {
  await server?.stop()
  await worker?.end('SIGKILL')
  await sandbox?.close()
  await database?.drop()
  await rm(directory, { recursive: true, force: true })
})

/** Whether a heap snapshot of the worker, taken after garbage collection, contains this text. */
async function isInHeap(text: string): Promise<boolean> {
  for (const file of await readdir(directory)) await rm(join(directory, file))
  worker.signal('SIGUSR2')
  const read = async () => {
    const [file] = await readdir(directory)
    const snapshot = file === undefined ? '' : await readFile(join(directory, file), 'latin1')
    return /\]\s*\}\s*$/.test(snapshot.slice(-64)) ? snapshot : ''
  }
  let snapshot = ''
  await expect
    .poll(
      async () => {
        snapshot = await read()
        return snapshot.length
      },
      { timeout: 60_000, interval: 500 },
    )
    .toBeGreaterThan(0)
  return snapshot.includes(text)
}

it('credentials of a deleted connection are removed from the heap of a worker', async () => {
  const { api } = server
  const { accountId, accessKey } = sandbox.accounts.dataforest
  // Random, so that no source file contains it; invalid, so that nothing is created with it.
  const secretKey = randomBytes(30).toString('hex')
  const { id: connectionId } = await api.ok('POST', '/connections', {
    name: 'to be deleted',
    settings: { dataforest: { baseUrl: sandbox.urls.dataforest, accountId } },
    credentials: { dataforest: { accessKey, secretKey } },
  })
  const { id } = await api.ok('POST', '/environments', environmentRequest({ connectionId }))
  const reason = async () => (await api.ok('GET', `/environments/${id}`)).statusReason
  await expect.poll(reason).toBe('credentials_rejected')
  expect(await isInHeap(secretKey)).toBe(true)
  await api.call('DELETE', `/environments/${id}`)
  await api.untilStatus(`/environments/${id}`, 'deleted')
  expect((await api.call('DELETE', `/connections/${connectionId}`)).status).toBe(204)
  await expect.poll(() => isInHeap(secretKey), { timeout: 60_000, interval: 3000 }).toBe(false)
}, 180_000)
