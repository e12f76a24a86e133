import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasOpenssl, opensslSkipped } from '../../support/certificate-authority.ts'
import { freePort } from '../../support/free-ports.ts'
import { runCommand, serveProcess } from '../../support/process.ts'
import { documentedCommands, documentedUser } from '../../support/redis-acl.ts'
import {
  hasRedisPrograms,
  type RedisProgram,
  redisSkipped,
  startRedisProgram,
  volatile,
} from '../../support/redis-programs.ts'
import { checkedAt, redisSettingsAt } from '../../support/redis-settings.ts'
import { makeRedisTls, type RedisTls } from '../../support/redis-tls.ts'
import { createTestDatabase } from '../../support/test-database.ts'
import { type ServiceOnRedis, startServiceOnRedis } from './service-on-redis.ts'

const password = 'canary@7/%#of:redis'
/** Run when a message has stalled for half a minute, a count has lost its expiry, or rarely otherwise. */
const rare = new Set([
  'exists',
  'expire',
  'hgetall',
  'lrange',
  'pttl',
  'rpush',
  'sadd',
  'scard',
  'smembers',
  'srem',
  'zrange',
  'zcard',
])

describe.skipIf(!hasRedisPrograms || !hasOpenssl)(
  `a service with a restricted Redis${redisSkipped}${opensslSkipped}`,
  () => {
    let tls: RedisTls
    let redis: RedisProgram
    let service: ServiceOnRedis
    let admin: Redis
    let env: Record<string, string>

    beforeAll(async () => {
      tls = makeRedisTls()
      const port = await freePort()
      redis = await startRedisProgram(port, {
        ...{ ...volatile, ...tls.directives, 'maxmemory-policy': 'allkeys-lru' },
        ...{
          'rename-command': 'CONFIG ""',
          user: ['default off', 'admin on >admin ~* &* +@all', documentedUser(password)],
        },
      })
      env = { REDIS_URL: `rediss://switchyard:${encodeURIComponent(password)}@127.0.0.1:${port}/2`, ...tls.env }
      admin = new Redis({ port, tls: tls.trust, username: 'admin', password: 'admin' })
      service = await startServiceOnRedis(env)
    })

    afterAll(async () => {
      admin.disconnect()
      await redis.stop()
      tls.remove()
    })

    const doctor = (more: Record<string, string> = {}) =>
      runCommand(['doctor'], { DATABASE_URL: service.databaseUrl, ...env, ...more }).exited

    it('needs exactly the documented permissions', async () => {
      await service.untilUsed(admin)
      await service.expectSuccess(await service.submit(20))
      expect(await admin.call('ACL', 'LOG')).toEqual([])
      const used = new Set([...(await admin.info('commandstats')).matchAll(/cmdstat_([^:]+)/g)].map(([, name]) => name))
      expect(documentedCommands().filter((name) => !used.has(name) && !rare.has(name))).toEqual([])
    })

    it('is told the facts by doctor', async () => {
      const { code, stdout, stderr } = await doctor()
      expect(stdout).toMatch(
        /^note redis: standalone, TLS, user switchyard, version Redis [\d.]+, eviction policy allkeys-lru; it evicts/m,
      )
      expect([code, stderr]).toEqual([0, ''])
    })

    it.each([
      [{ REDIS_TLS_SERVER_NAME: '' }, 'has a certificate for another name'],
      [{ REDIS_TLS_CERT_FILE: '', REDIS_TLS_KEY_FILE: '' }, 'requires a client certificate'],
      [{ REDIS_TLS_CA_FILE: '' }, 'has a certificate signed by an unknown authority'],
    ])('with %o is told what to correct', async (more, problem) => {
      const { REDIS_URL: url = '', ...files } = env
      expect(await checkedAt(redisSettingsAt(url, { ...files, ...more }))).toContain(problem)
    })

    it('is told by doctor, which fails, what to correct', async () => {
      const { code, stdout } = await doctor({ REDIS_TLS_SERVER_NAME: '' })
      expect(stdout).toContain('✗   redis: standalone; it has a certificate for another name')
      expect(code).toBe(1)
    })

    it('works without Redis when the password is wrong, and says so without it', async () => {
      const database = await createTestDatabase()
      const wrong = await serveProcess({
        ...{ DATABASE_URL: database.url, ...env, REDIS_URL: env.REDIS_URL?.replace('canary', 'canari') ?? '' },
      })
      await wrong.logged(
        ({ msg, level }) => level === 50 && msg === 'redis rejects the user. Correct user and password',
      )
      await wrong.api.ok('GET', '/jobs')
      const { code, stdout, stderr } = await wrong.end('SIGTERM')
      expect([code, stderr]).toEqual([0, ''])
      expect(stdout).not.toMatch(/canar/)
      await database.drop()
    })

    it('logs JSON only, says once that keys may be evicted, and never the password', async () => {
      const { code, stdout, stderr } = await service.stop()
      expect([code, stderr]).toEqual([0, ''])
      const lines = stdout.trim().split('\n')
      expect(lines.filter((line) => !line.startsWith('{'))).toEqual([])
      const about = lines.filter((line) => /redis|eviction/i.test(line)).map((line) => JSON.parse(line) as object)
      expect(about).toEqual([
        expect.objectContaining({
          ...{ level: 40, msg: expect.stringContaining('evicts keys when its memory is full (allkeys-lru)') },
          redis: expect.objectContaining({ form: 'standalone', tls: true, user: 'switchyard' }),
        }),
      ])
      expect(stdout).not.toMatch(/canary/)
    })
  },
)
