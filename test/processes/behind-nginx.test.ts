import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasProgram } from '../real/requirements.ts'
import { freePorts } from '../support/free-ports.ts'
import { type Nginx, startNginx } from '../support/nginx.ts'
import { type Serving, serveProcess } from '../support/process.ts'
import { testApiKey } from '../support/switchyard.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'

const hasNginx = hasProgram('nginx')
const skipped = hasNginx ? '' : ' [skipped: it needs nginx; get it with: apt-get install nginx]'
if (!hasNginx) process.stderr.write(`behind nginx${skipped}\n`)

const restarts = 4
const writers = 6
const pauseMs = 40

describe.skipIf(!hasNginx)(`service behind nginx with keep-alive connections${skipped}`, () => {
  let database: TestDatabase
  let nginx: Nginx
  let ports: readonly number[]

  beforeAll(async () => {
    database = await createTestDatabase()
    const first = await freePorts(2)
    ports = [first, first + 1]
    nginx = await startNginx(ports)
  })

  afterAll(async () => {
    await nginx?.stop()
    await database?.drop()
  })

  const start = (port: number): Promise<Serving> =>
    serveProcess({
      ...{ DATABASE_URL: database.url, ROLE: 'api', PORT: String(port), REQUEST_RATE_LIMIT: '0' },
      ...{ SHUTDOWN_TIMEOUT_MS: '6000', SHUTDOWN_DRAIN_MS: '1000' },
    })

  it('loses no POST during a rolling restart', async () => {
    const instances = await Promise.all(ports.map(start))
    const headers = { authorization: `Bearer ${testApiKey}`, 'content-type': 'application/json' }
    const statuses: number[] = []
    let isStopped = false
    const write = async (writer: number): Promise<void> => {
      const body = JSON.stringify({ name: `of-${writer}-${statuses.length}` })
      const { status } = await fetch(`${nginx.url}/projects`, { method: 'POST', headers, body })
      statuses.push(status)
    }
    // Concurrent requests followed by a pause, so that nginx keeps a connection per writer and reuses it.
    const writing = (async () => {
      for (; !isStopped; await sleep(pauseMs))
        await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)))
    })()
    for (let count = 0; count < restarts; count += 1) {
      const index = count % ports.length
      expect(await instances[index]?.end('SIGTERM')).toMatchObject({ code: 0, stderr: '' })
      instances[index] = await start(ports[index] ?? 0)
    }
    isStopped = true
    await writing
    await Promise.all(instances.map((instance) => instance.end('SIGTERM')))
    expect(
      [...new Set(statuses)],
      `${statuses.filter((status) => status !== 201).length} of ${statuses.length}`,
    ).toEqual([201])
  })
})
