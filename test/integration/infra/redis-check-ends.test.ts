import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { checkRedis } from '../../../src/infra/redis-check.ts'
import { freePort } from '../../support/free-ports.ts'
import { redisSettingsAt } from '../../support/redis-settings.ts'

const host = '127.0.0.1'
const urls: readonly [string, (port: number) => string][] = [
  ['one server', (port) => `redis://${host}:${port}`],
  ['Sentinel', (port) => `redis-sentinel://${host}:${port}?sentinelMasterId=mymaster`],
  ['a cluster', (port) => `redis-cluster://${host}:${port}`],
]

/** A server that ends each connection, and tells when the client has closed its side: it now waits before the next. */
async function startDeafServer(): Promise<{ port: number; left(times: number): Promise<void>; close(): void }> {
  let left = 0
  const server = createServer((socket) => {
    socket
      .on('error', () => {})
      .on('close', () => {
        left += 1
        server.emit('left')
      })
    socket.resume().end()
  }).listen(0, host)
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async left(times) {
      while (left < times) await once(server, 'left')
    },
    close: () => void server.close(),
  }
}

const silent = { info: () => {}, warn: () => {}, error: () => {} }

describe.each(urls)('the check of Redis, %s', (_, urlAt) => {
  it('closes while nothing listens', async () => {
    const check = checkRedis(redisSettingsAt(urlAt(await freePort())), silent)
    await expect(check.close()).resolves.toBeUndefined()
  })

  it('closes between two attempts to connect', async () => {
    const server = await startDeafServer()
    onTestFinished(server.close)
    const check = checkRedis(redisSettingsAt(urlAt(server.port)), silent)
    await server.left(3)
    await expect(check.close()).resolves.toBeUndefined()
  })
})
