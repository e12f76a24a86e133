import { Redis } from 'ioredis'
import { afterEach, describe, expect, it } from 'vitest'
import { documentedClusterUser, documentedSentinelUser, documentedUser } from '../../support/redis-acl.ts'
import { startRedisCluster } from '../../support/redis-cluster.ts'
import { hasRedisPrograms, redisSkipped } from '../../support/redis-programs.ts'
import { startWatchedRedis } from '../../support/redis-sentinels.ts'
import { type ServiceOnRedis, startServiceOnRedis } from './service-on-redis.ts'

const host = '127.0.0.1'
const [password, sentinelPassword] = ['canary-redis', 'canary-sentinel']
const secret = /canary/

describe.skipIf(!hasRedisPrograms)(`the documented users of Redis${redisSkipped}`, () => {
  const cleanup: (() => unknown)[] = []

  afterEach(async () => {
    for (const stop of cleanup.splice(0).reverse()) await stop()
  })

  const adminOf = (port: number): Redis => {
    const admin = new Redis({ port, host })
    // Some servers are killed.
    admin.on('error', () => {})
    cleanup.push(() => admin.disconnect())
    return admin
  }

  async function start(env: Readonly<Record<string, string>>): Promise<ServiceOnRedis> {
    const service = await startServiceOnRedis(env)
    cleanup.push(async () => {
      const exit = await service.stop()
      expect(exit).toMatchObject({ code: 0, stderr: '' })
      expect(exit.stdout).not.toMatch(secret)
    })
    return service
  }

  /** Permissions that any of these servers has denied. */
  async function denied(ports: readonly number[]): Promise<unknown[]> {
    return (await Promise.all(ports.map((port) => adminOf(port).call('ACL', 'LOG')))).flat()
  }

  it('suffice in a cluster, also after a failover', async () => {
    const cluster = await startRedisCluster({ user: [documentedClusterUser(password)] })
    cleanup.push(() => cluster.stop())
    const [first = 0, second = 0] = cluster.ports
    const url = `redis-cluster://switchyard:${password}@${host}:${first},${host}:${second}`
    const service = await start({ REDIS_URL: url })
    const admin = adminOf(first)
    const slot = await admin.cluster('KEYSLOT', '{bull}:any')
    const queuePort = async () => {
      const ranges = await adminOf(cluster.ports.at(-1) ?? 0).cluster('SLOTS')
      return ranges.find(([from, to]) => from <= slot && slot <= to)?.[2]?.[1] ?? 0
    }
    const old = await queuePort()
    await service.untilUsed(adminOf(old))
    await service.expectSuccess(await service.submit(20))
    cluster.node(old).signal('SIGKILL')
    await expect.poll(queuePort).not.toBe(old)
    await service.untilUsed(adminOf(await queuePort()))
    await service.expectSuccess(await service.submit(10))
    expect(await denied(cluster.ports.filter((port) => port !== old))).toEqual([])
  })

  it('suffice behind Sentinel, also after a failover', async () => {
    const redis = await startWatchedRedis({
      servers: { user: [documentedUser(password)] },
      sentinels: { user: [documentedSentinelUser(sentinelPassword)] },
    })
    cleanup.push(() => redis.stop())
    const hosts = redis.sentinelPorts.map((port) => `${host}:${port}`).join(',')
    const service = await start({
      REDIS_URL: `redis-sentinel://switchyard:${password}@${hosts}/1?sentinelMasterId=${redis.masterName}`,
      REDIS_SENTINEL_USERNAME: 'switchyard',
      REDIS_SENTINEL_PASSWORD: sentinelPassword,
    })
    const primaryPort = async () => {
      const sentinel = adminOf(redis.sentinelPorts[0] ?? 0)
      const address = await sentinel.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', redis.masterName)
      return Number((address as [string, string])[1])
    }
    const old = await primaryPort()
    await service.untilUsed(adminOf(old))
    redis.server(old).signal('SIGKILL')
    await expect.poll(primaryPort).not.toBe(old)
    await service.untilUsed(adminOf(await primaryPort()))
    await service.expectSuccess(await service.submit(10))
    expect(await denied([await primaryPort(), ...redis.sentinelPorts])).toEqual([])
  })
})
