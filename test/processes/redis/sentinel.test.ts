import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasRedisPrograms, redisSkipped } from '../../support/redis-programs.ts'
import { startWatchedRedis, type WatchedRedis } from '../../support/redis-sentinels.ts'
import { type ServiceOnRedis, startServiceOnRedis } from './service-on-redis.ts'

const host = '127.0.0.1'

describe.skipIf(!hasRedisPrograms)(`a service with Redis behind Sentinel${redisSkipped}`, () => {
  let redis: WatchedRedis
  let service: ServiceOnRedis
  let sentinel: Redis

  beforeAll(async () => {
    redis = await startWatchedRedis()
    const hosts = redis.sentinelPorts.map((port) => `${host}:${port}`)
    service = await startServiceOnRedis({
      REDIS_URL: `redis-sentinel://${hosts.join(',')}/1?sentinelMasterId=${redis.masterName}`,
    })
    sentinel = new Redis({ port: redis.sentinelPorts[0] ?? 0, host })
  })

  afterAll(async () => {
    const exit = await service.stop()
    sentinel.disconnect()
    await redis.stop()
    expect(exit).toMatchObject({ code: 0, stderr: '' })
  })

  async function primaryPort(): Promise<number> {
    const address = await sentinel.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', redis.masterName)
    return Number((address as [string, string])[1])
  }

  async function untilPrimaryUsed(): Promise<void> {
    const primary = new Redis({ port: await primaryPort(), host })
    await service.untilUsed(primary)
    primary.disconnect()
  }

  it('finds the primary', async () => {
    const line = await service.serving.logged(({ msg }) => msg.startsWith('redis checked'))
    expect(line.redis).toMatchObject({ form: 'sentinel', tls: false, evictionPolicy: 'noeviction' })
    await untilPrimaryUsed()
  })

  it.each(['SIGSTOP', 'SIGKILL'] as const)(
    'loses nothing and goes on by itself after %s of the primary',
    async (signal) => {
      const old = await primaryPort()
      const before = await service.submit(10)
      redis.server(old).signal(signal)
      const during = await service.submit(10)
      await expect.poll(primaryPort).not.toBe(old)
      await untilPrimaryUsed()
      await service.expectSuccess([...before, ...during])
      if (signal === 'SIGSTOP') redis.server(old).signal('SIGCONT')
    },
  )
})
