import { Redis } from 'ioredis'
import { afterEach, describe, expect, it } from 'vitest'
import { freePorts } from '../../support/free-ports.ts'
import { hasRedisPrograms, redisSkipped, startRedisProgram, volatile } from '../../support/redis-programs.ts'
import { startTcpProxy } from '../../support/tcp-proxy.ts'
import { startServiceOnRedis } from './service-on-redis.ts'

const host = '127.0.0.1'

describe.skipIf(!hasRedisPrograms)(`a service with one address that follows the primary${redisSkipped}`, () => {
  const cleanup: (() => unknown)[] = []

  afterEach(async () => {
    for (const stop of cleanup.splice(0).reverse()) await stop()
  })

  async function startServer(port: number): Promise<Redis> {
    const server = await startRedisProgram(port, volatile)
    cleanup.push(() => server.stop())
    const admin = new Redis({ port, host })
    cleanup.push(() => admin.disconnect())
    return admin
  }

  it('leaves a former primary to which it is still connected', async () => {
    const port = await freePorts(2)
    const [old, next] = [await startServer(port), await startServer(port + 1)]
    const address = await startTcpProxy({ host, port })
    cleanup.push(() => address.close())
    const service = await startServiceOnRedis({ REDIS_URL: `redis://${host}:${address.port}/1` })
    cleanup.push(async () => expect(await service.stop()).toMatchObject({ code: 0, stderr: '' }))
    await service.untilUsed(old)

    address.redirect({ host, port: port + 1 })
    await old.replicaof(host, port + 1)
    await service.untilUsed(next)
    await service.expectSuccess(await service.submit(10))
  })
})
