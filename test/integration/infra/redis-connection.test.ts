import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:tls'
import { describe, expect, it, onTestFinished } from 'vitest'
import { connectRedis } from '../../../src/infra/redis-connection.ts'
import { redisSettingsAt } from '../../support/redis-settings.ts'
import { testRedis } from '../../support/test-redis.ts'

const waiting = { maxRetriesPerRequest: null, enableOfflineQueue: true, socketTimeout: 5000 }

function connectTo(url: string, env: Readonly<Record<string, string>> = {}) {
  const redis = connectRedis(redisSettingsAt(url, env), waiting)
  redis.on('error', () => {})
  onTestFinished(() => redis.disconnect())
  return redis
}

describe('a connection to Redis', () => {
  // https://github.com/redis/ioredis/pull/1089
  it.each([
    ['', "READONLY You can't write against a read only replica. script: 6b81, on @user_script:1."],
    [
      ' as Redis 6.2 embeds it',
      "ERR Error running script (call to f_45e8): @user_script:1: @user_script: 1: -READONLY You can't write against a read only replica.",
    ],
  ])('is replaced after the answer of a former primary to a script%s', async (_, answer) => {
    const redis = connectTo(testRedis().url)
    const key = `${testRedis().prefix}:attempts`
    const script = `if redis.call('incr', KEYS[1]) == 1 then return redis.error_reply(ARGV[1]) end return redis.call('del', KEYS[1])`
    const replaced = once(redis, 'reconnecting')
    expect(await redis.eval(script, 1, key, answer)).toBe(1)
    await replaced
  })

  it.each([
    ['one server', (port: number) => `rediss://127.0.0.1:${port}`],
    ['Sentinels', (port: number) => `rediss-sentinel://127.0.0.1:${port}?sentinelMasterId=mymaster`],
    ['a cluster', (port: number) => `rediss-cluster://127.0.0.1:${port}`],
  ])('names the configured server to %s', async (_, urlAt) => {
    const { promise: named, resolve } = Promise.withResolvers<string>()
    const hear = (name: string, answer: (error: null) => void) => {
      resolve(name)
      answer(null)
    }
    const server = createServer({ SNICallback: hear }).listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    connectTo(urlAt((server.address() as AddressInfo).port), { REDIS_TLS_SERVER_NAME: 'redis.example.internal' })
    expect(await named).toBe('redis.example.internal')
  })
})
