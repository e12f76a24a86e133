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

describe.skipIf(!hasRedisPrograms)(`the check of Redis${redisSkipped}`, () => {
  let plain: RedisProgram
  let managed: RedisProgram
  let watched: WatchedRedis

  beforeAll(async () => {
    const first = await freePorts(2)
    plain = await startRedisProgram(first, volatile)
    managed = await startRedisProgram(first + 1, {
      ...{ ...volatile, requirepass: 'canary', 'rename-command': 'CONFIG ""' },
      user: ['silent on >canary ~* &* +@all -info', 'mute on >canary ~* -@all'],
    })
    watched = await startWatchedRedis({
      servers: { requirepass: 'canary', masterauth: 'canary' },
      ...{ master: ['auth-pass canary'], sentinels: { requirepass: 'watching' } },
    })
  })

  afterAll(async () => void (await Promise.all([plain, managed, watched].map((each) => each.stop()))))

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

  it.each([
    ['a wrong password', () => checked(`redis://:canary2@${host}:${managed.port}`), 'rejects the user'],
    ['no password', () => checked(`redis://${host}:${managed.port}`), 'requires a password'],
    ['no permission', () => checked(`redis://mute:canary@${host}:${managed.port}`), 'denies the user a command or key'],
    ['a missing database', () => checked(`redis://${host}:${plain.port}/99`), 'does not have the logical database'],
    ['a cluster that is none', () => checked(`redis-cluster://${host}:${plain.port}`), 'is not a cluster'],
    ['no login of the Sentinels', () => checked(sentinels()), 'requires a password'],
    [
      'an unknown master',
      () => checked(sentinels('other'), { REDIS_SENTINEL_PASSWORD: 'watching' }),
      'does not know the master',
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
