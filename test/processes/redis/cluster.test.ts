import { Cluster, Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startRedisCluster, type TestCluster } from '../../support/redis-cluster.ts'
import { hasRedisPrograms, redisSkipped } from '../../support/redis-programs.ts'
import { type ServiceOnRedis, startServiceOnRedis } from './service-on-redis.ts'

const host = '127.0.0.1'

describe.skipIf(!hasRedisPrograms)(`a service with a Redis Cluster${redisSkipped}`, () => {
  let cluster: TestCluster
  let service: ServiceOnRedis
  let admin: Cluster
  /** A node that has nothing to do with the queue: it is never stopped, and always answers. */
  let observer: Redis

  beforeAll(async () => {
    cluster = await startRedisCluster()
    const [first = 0, second = 0] = cluster.ports
    service = await startServiceOnRedis({ REDIS_URL: `redis-cluster://${host}:${first},${host}:${second}` })
    admin = new Cluster([{ host, port: first }])
    const nodes = await queueNodes(admin)
    observer = new Redis({ port: cluster.ports.find((port) => !nodes.includes(port)) ?? 0, host })
  })

  afterAll(async () => {
    const exit = await service.stop()
    admin.disconnect()
    observer.disconnect()
    await cluster.stop()
    expect(exit).toMatchObject({ code: 0, stderr: '' })
  })

  /** Ports of the nodes with the queue's slot, the primary first. */
  async function queueNodes(client: Redis | Cluster): Promise<readonly number[]> {
    const slot = await client.cluster('KEYSLOT', '{bull}:any')
    const ranges = await client.cluster('SLOTS')
    const [, , ...nodes] = ranges.find(([from, to]) => from <= slot && slot <= to) ?? []
    return nodes.map(([, port]) => port)
  }

  const queuePort = async () => (await queueNodes(observer))[0] ?? 0

  async function untilPrimaryUsed(): Promise<void> {
    const primary = new Redis({ port: await queuePort(), host })
    await service.untilUsed(primary)
    primary.disconnect()
  }

  /** A node that was away has to join its successor before that one may fail. */
  async function untilReplica(port: number): Promise<void> {
    const node = new Redis({ port, host })
    await expect.poll(() => node.info('replication')).toMatch(/role:slave[\s\S]*master_link_status:up/)
    node.disconnect()
  }

  it('keeps the queue in one slot, and counts requests in others', async () => {
    const line = await service.serving.logged(({ msg }) => msg.startsWith('redis checked'))
    expect(line.redis).toMatchObject({ form: 'cluster', evictionPolicy: 'noeviction' })
    await service.expectSuccess(await service.submit(20))
    await untilPrimaryUsed()
    const keys = (await Promise.all(admin.nodes('master').map((node) => node.keys('*')))).flat()
    const queue = keys.filter((key) => key.startsWith('{bull}:switchyard-reconcile-'))
    expect(queue.length).toBeGreaterThan(0)
    expect(keys.filter((key) => !queue.includes(key) && !key.startsWith('switchyard-rate:'))).toEqual([])
    expect(keys.length).toBeGreaterThan(queue.length)
  })

  it.each(['SIGSTOP', 'SIGKILL'] as const)(
    'loses nothing and goes on by itself after %s of the node with the queue',
    async (signal) => {
      const old = await queuePort()
      const before = await service.submit(10)
      cluster.node(old).signal(signal)
      const during = await service.submit(10)
      await expect.poll(queuePort).not.toBe(old)
      await untilPrimaryUsed()
      await service.expectSuccess([...before, ...during])
      if (signal === 'SIGKILL') return
      cluster.node(old).signal('SIGCONT')
      await untilReplica(old)
    },
  )
})
