import { describe, expect, it } from 'vitest'
import { ConfigError, readConfig } from '../../../src/config/config.ts'
import { readRedisUrl } from '../../../src/config/redis-url.ts'

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    readConfig(env)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

const standalone = { form: 'standalone', hasTls: false, database: 0 }
const sentinels = 'redis-sentinel://one.example,two.example'

describe('Redis URL', () => {
  it.each([
    ['redis://cache', { ...standalone, hosts: [{ host: 'cache', port: 6379 }] }],
    ['rediss://cache:6380/3', { ...standalone, hasTls: true, database: 3, hosts: [{ host: 'cache', port: 6380 }] }],
    ['redis://:p%40ss%3Aw@cache/', { ...standalone, password: 'p@ss:w', hosts: [{ host: 'cache', port: 6379 }] }],
    [
      'redis://switchyard:pa:ss@[2001:db8::1]:7000',
      { ...standalone, username: 'switchyard', password: 'pa:ss', hosts: [{ host: '2001:db8::1', port: 7000 }] },
    ],
    [
      'rediss-sentinel://user:pass@one.example,two.example:26380/2?sentinelMasterId=my-master.1',
      {
        ...{
          form: 'sentinel',
          hasTls: true,
          database: 2,
          masterName: 'my-master.1',
          username: 'user',
          password: 'pass',
        },
        hosts: [
          { host: 'one.example', port: 26_379 },
          { host: 'two.example', port: 26_380 },
        ],
      },
    ],
    [
      'redis-cluster://one_1.example,10.0.0.1:7001/0',
      {
        ...{ form: 'cluster', hasTls: false, database: 0 },
        hosts: [
          { host: 'one_1.example', port: 6379 },
          { host: '10.0.0.1', port: 7001 },
        ],
      },
    ],
  ])('parses %s', (url, expected) => {
    expect(readRedisUrl(url)).toEqual(expected)
    expect(readConfig({ REDIS_URL: url }).REDIS_URL).toBe(url)
  })

  it.each([
    ['http://hunter2@cache.example', 'must be `redis://'],
    ['redis-sentinels://cache.example', 'must be `redis://'],
    ['redis://alice:hunter@2@cache.example', 'Percent-encode'],
    ['redis://alice:hunter/2@cache.example', 'Percent-encode'],
    ['redis://alice:hunter#2@cache.example', 'Percent-encode'],
    ['redis://alice:hunter%2@cache.example', 'Percent-encode'],
    ['redis://hunter2@cache.example', 'has a user without a password'],
    ['redis://alice:@cache.example', 'has a user without a password'],
    ['redis://alice:hunter2@', 'has a host that is not of the form'],
    ['redis://alice:hunter2@:6379', 'has a host that is not of the form'],
    ['redis://alice:hunter2@cache.example:0', 'has a host that is not of the form'],
    ['redis://alice:hunter2@cache.example:70000', 'has a host that is not of the form'],
    ['redis-cluster://alice:hunter2@one.example,,two.example', 'has a host that is not of the form'],
    ['redis://one.example,two.example', 'names several hosts. Name one, or use redis-sentinel://'],
    ['redis://cache.example/hunter2', 'is not the number of a logical database'],
    ['redis-cluster://cache.example/1', 'of which a cluster has none'],
    ['redis://cache.example?family=6', 'has parameters that would have no effect'],
    [`${sentinels}?sentinelMasterId=a&password=hunter2`, 'Leave out all but sentinelMasterId'],
    [sentinels, 'does not name the master'],
    [`${sentinels}?sentinelMasterId=`, 'does not name the master'],
    [`${sentinels}?sentinelMasterId=a&sentinelMasterId=b`, 'does not name the master'],
  ])('rejects %s without repeating any part of it', (url, message) => {
    const [problem = '', ...others] = problemsOf({ REDIS_URL: url })
    expect(others).toEqual([])
    expect(problem).toMatch(/^REDIS_URL (has an invalid value )?\(not shown\)/)
    expect(problem).toContain(message)
    expect(problem).not.toMatch(/hunter|alice|example/)
  })
})

describe('Redis settings', () => {
  const withSentinels = { REDIS_URL: `${sentinels}?sentinelMasterId=main` }

  it.each([
    [{ REDIS_TLS_CA_FILE: '/ca.pem' }, 'REDIS_TLS_CA_FILE is set and REDIS_URL is not.'],
    [{ REDIS_SENTINEL_TLS: 'true' }, 'REDIS_SENTINEL_TLS is set and REDIS_URL is not.'],
    [{ REDIS_URL: 'redis://cache', REDIS_TLS_CA_FILE: '/ca.pem' }, 'REDIS_URL does not use TLS (rediss://)'],
    [{ REDIS_URL: 'redis://cache', REDIS_SENTINEL_PASSWORD: 'hunter2' }, 'REDIS_URL names no Sentinels'],
    [{ REDIS_URL: 'rediss://cache', REDIS_TLS_CERT_FILE: '/c.pem' }, 'require each other'],
    [{ REDIS_URL: 'rediss://cache', REDIS_TLS_SERVER_NAME: '10.0.0.1' }, 'it must be a host name'],
    [{ ...withSentinels, REDIS_SENTINEL_USERNAME: 'alice' }, 'REDIS_SENTINEL_PASSWORD is not'],
    [{ ...withSentinels, REDIS_TLS_CA_FILE: '/ca.pem' }, 'REDIS_URL does not use TLS (rediss://)'],
  ])('reject the contradiction in %o', (env, message) => {
    const [problem = '', ...others] = problemsOf(env)
    expect(others).toEqual([])
    expect(problem).toContain(message)
    expect(problem).not.toContain('hunter2')
  })

  it('allow TLS for only the Sentinels or only the servers', () => {
    const only = { ...withSentinels, REDIS_SENTINEL_TLS: 'true', REDIS_TLS_CA_FILE: '/ca.pem' }
    expect(readConfig(only)).toMatchObject({ REDIS_SENTINEL_TLS: true })
    const servers = { REDIS_URL: withSentinels.REDIS_URL.replace('redis-', 'rediss-'), REDIS_SENTINEL_TLS: 'false' }
    expect(readConfig(servers)).toMatchObject({ REDIS_SENTINEL_TLS: false })
  })
})
