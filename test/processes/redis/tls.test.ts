import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { hasOpenssl, opensslSkipped } from '../../support/certificate-authority.ts'
import { startRedisCluster } from '../../support/redis-cluster.ts'
import { hasRedisPrograms, redisSkipped } from '../../support/redis-programs.ts'
import { startWatchedRedis } from '../../support/redis-sentinels.ts'
import { checkedAt, redisSettingsAt } from '../../support/redis-settings.ts'
import { makeRedisTls, type RedisTls } from '../../support/redis-tls.ts'
import { type ServiceOnRedis, startServiceOnRedis } from './service-on-redis.ts'

const host = '127.0.0.1'
const hostsOf = (ports: readonly number[]) => ports.map((port) => `${host}:${port}`).join(',')

describe.skipIf(!hasRedisPrograms || !hasOpenssl)(`TLS with Redis${redisSkipped}${opensslSkipped}`, () => {
  const cleanup: (() => unknown)[] = []
  let tls: RedisTls

  beforeEach(() => {
    tls = makeRedisTls()
    cleanup.push(tls.remove)
  })

  afterEach(async () => {
    for (const stop of cleanup.splice(0).reverse()) await stop()
  })

  const adminOf = (port: number): Redis => {
    const admin = new Redis({ port, host, tls: tls.trust })
    // Some servers are killed.
    admin.on('error', () => {})
    cleanup.push(() => admin.disconnect())
    return admin
  }

  async function start(url: string): Promise<ServiceOnRedis> {
    const service = await startServiceOnRedis({ REDIS_URL: url, ...tls.env })
    cleanup.push(async () => expect(await service.stop()).toMatchObject({ code: 0, stderr: '' }))
    const line = await service.serving.logged(({ msg }) => msg.startsWith('redis checked'))
    expect(line.redis).toMatchObject({ tls: true })
    return service
  }

  it('is used with Sentinels and with the servers that they name, also after a failover', async () => {
    const directives = { ...tls.directives, 'tls-replication': 'yes' }
    const redis = await startWatchedRedis({ servers: directives, sentinels: directives })
    cleanup.push(() => redis.stop())
    const service = await start(
      `rediss-sentinel://${hostsOf(redis.sentinelPorts)}/1?sentinelMasterId=${redis.masterName}`,
    )
    await service.untilUsed(adminOf(redis.primaryPort))
    redis.server(redis.primaryPort).signal('SIGKILL')
    await service.untilUsed(adminOf(redis.replicaPort))
    await service.expectSuccess(await service.submit(10))
  })

  it('is used with all nodes of a cluster, also after a failover', async () => {
    const cluster = await startRedisCluster({ ...tls.directives, 'tls-cluster': 'yes', 'tls-replication': 'yes' })
    cleanup.push(() => cluster.stop())
    const service = await start(`rediss-cluster://${hostsOf(cluster.ports.slice(0, 2))}`)
    const queuePort = async () => {
      const admin = adminOf(cluster.ports.at(-1) ?? 0)
      const slot = await admin.cluster('KEYSLOT', '{bull}:any')
      const ranges = await admin.cluster('SLOTS')
      return ranges.find(([from, to]) => from <= slot && slot <= to)?.[2]?.[1] ?? 0
    }
    const old = await queuePort()
    await service.untilUsed(adminOf(old))
    cluster.node(old).signal('SIGKILL')
    await expect.poll(queuePort).not.toBe(old)
    await service.untilUsed(adminOf(await queuePort()))
    await service.expectSuccess(await service.submit(10))
  })

  it.each([
    ['Sentinels alone', 'redis-sentinel', 'true'],
    ['the servers alone', 'rediss-sentinel', 'false'],
  ])('is used with %s', async (_, scheme, sentinelTls) => {
    const redis = await startWatchedRedis(
      sentinelTls === 'true'
        ? { sentinels: tls.directives }
        : { servers: tls.directives, sentinels: { ...tls.directives, 'tls-port': 0, 'tls-replication': 'yes' } },
    )
    cleanup.push(() => redis.stop())
    const at = `://${hostsOf(redis.sentinelPorts)}?sentinelMasterId=${redis.masterName}`
    const env = { ...tls.env, REDIS_SENTINEL_TLS: sentinelTls }
    expect(await checkedAt(redisSettingsAt(`${scheme}${at}`, env))).toContain(
      `info: redis checked {"redis":{"form":"sentinel","tls":${sentinelTls === 'false'}`,
    )
  })
})
