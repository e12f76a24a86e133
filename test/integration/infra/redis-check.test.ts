import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePorts } from '../../support/free-ports.ts'
import {
  hasRedisPrograms,
  type RedisProgram,
  redisSkipped,
  startRedisProgram,
  volatile,
} from '../../support/redis-programs.ts'
import { startWatchedRedis, type WatchedRedis } from '../../support/redis-sentinels.ts'
import { checkedAt, redisSettingsAt } from '../../support/redis-settings.ts'

const host = '127.0.0.1'

/** Users who lack something that a worker, the queue or the count of requests cannot do without. */
const lacking: readonly [string, string, string][] = [
  ['the blocking read', '~* +@all -bzpopmin', 'a command or key (bzpopmin)'],
  ['scripts', '~* +@all -eval', 'a command or key (eval)'],
  ['stored scripts', '~* +@all -evalsha', 'a command or key (evalsha)'],
  ['keys of the queue', '~switchyard-rate:* +@all', 'a command or key.'],
  ['keys of the rates', '~bull:switchyard-reconcile-* +@all', 'a command or key.'],
]
const users = lacking.map(([, rules], index) => `lacking${index} on >canary resetchannels ${rules}`)

describe.skipIf(!hasRedisPrograms)(`the check of Redis${redisSkipped}`, () => {
  let plain: RedisProgram
  let managed: RedisProgram
  let lonely: RedisProgram
  let watched: WatchedRedis

  beforeAll(async () => {
    const first = await freePorts(3)
    plain = await startRedisProgram(first, volatile)
    managed = await startRedisProgram(first + 1, {
      ...{ ...volatile, requirepass: 'canary', 'rename-command': 'CONFIG ""' },
      user: ['silent on >canary ~* &* +@all -info', 'mute on >canary ~* -@all', ...users],
    })
    lonely = await startRedisProgram(first + 2, { ...volatile, 'min-replicas-to-write': 1 })
    watched = await startWatchedRedis({
      servers: { requirepass: 'canary', masterauth: 'canary' },
      ...{ master: ['auth-pass canary'], sentinels: { requirepass: 'watching' } },
    })
  })

  afterAll(async () => void (await Promise.all([plain, managed, lonely, watched].map((each) => each.stop()))))

  const checked = async (url: string, env: Record<string, string> = {}) => {
    const message = await checkedAt(redisSettingsAt(url, env))
    expect(message).not.toContain('canary')
    return message
  }
  const sentinels = (name = watched.masterName) =>
    `redis-sentinel://:canary@${watched.sentinelPorts.map((port) => `${host}:${port}`).join(',')}?sentinelMasterId=${name}`

  it('reads the facts without CONFIG', async () => {
    expect(await checked(`redis://:canary@${host}:${managed.port}`)).toMatch(
      /^info: redis checked .*"user":"default","version":"Redis [\d.]+","evictionPolicy":"noeviction"/,
    )
  })

  it('says once that the eviction policy is not known where INFO is denied', async () => {
    expect(await checked(`redis://silent:canary@${host}:${managed.port}`)).toMatch(
      /^info: redis checked: its eviction policy is not readable .*"version":"unknown","evictionPolicy":"unknown"/,
    )
  })

  it('passes the login of the Sentinels', async () => {
    const env = { REDIS_SENTINEL_PASSWORD: 'watching' }
    expect(await checked(sentinels(), env)).toMatch(/^info: redis checked .*"form":"sentinel"/)
  })

  it.each(lacking.map(([what, , remedy], index) => [what, remedy, index] as const))(
    'reports a user without permission for %s',
    async (_, remedy, index) => {
      const message = await checked(`redis://lacking${index}:canary@${host}:${managed.port}`)
      expect(message).toContain(`error: redis denies the user ${remedy}`)
    },
  )

  it('leaves nothing in Redis', async () => {
    await checked(`redis://${host}:${plain.port}/3`)
    const admin = new Redis({ host, port: plain.port, db: 3 })
    expect(await admin.dbsize()).toBe(0)
    admin.disconnect()
  })

  it.each([
    ['a wrong password', () => checked(`redis://:canary2@${host}:${managed.port}`), 'rejects the user'],
    ['no password', () => checked(`redis://${host}:${managed.port}`), 'requires a password'],
    ['no permission', () => checked(`redis://mute:canary@${host}:${managed.port}`), 'denies the user a command or key'],
    ['a missing database', () => checked(`redis://${host}:${plain.port}/99`), 'does not have the logical database'],
    [
      'missing replicas',
      () => checked(`redis://${host}:${lonely.port}`),
      'rejects writes, because replicas are missing',
    ],
    ['a cluster that is none', () => checked(`redis-cluster://${host}:${plain.port}`), 'is not a cluster'],
    ['no login of the Sentinels', () => checked(sentinels()), 'requires a password'],
    [
      'an unknown master',
      () => checked(sentinels('other'), { REDIS_SENTINEL_PASSWORD: 'watching' }),
      'does not know the master',
    ],
    [
      'a replica as a server',
      () => checked(`redis://:canary@${host}:${watched.replicaPort}`),
      'is a replica, which accepts no writes. Use the address of the primary',
    ],
    [
      'a Sentinel as a server',
      () => checked(`redis://:watching@${host}:${watched.sentinelPorts[0]}`),
      'is a Sentinel. Use redis-sentinel://',
    ],
  ])('names the remedy for %s', async (_, check, remedy) => {
    expect(await check()).toContain(remedy)
  })
})
