import { describe, expect, it } from 'vitest'
import { ConfigError, readConfig } from '../../../src/config/config.ts'

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    readConfig(env)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

describe('configuration', () => {
  it('requires no variables', () => {
    expect(readConfig({})).toMatchObject({ PORT: 8080, HOST: '127.0.0.1', ROLE: 'all', LOG_LEVEL: 'info' })
    expect(readConfig({}).DATABASE_URL).toBeUndefined()
  })

  it('parses numbers and ignores unknown variables', () => {
    const config = readConfig({ PORT: '9000', HOME: '/home/alice', WORKER_CONCURRENCY: '4' })
    expect(config).toMatchObject({ PORT: 9000, WORKER_CONCURRENCY: 4 })
    expect(config).not.toHaveProperty('HOME')
  })

  it('treats an empty variable as unset', () => {
    expect(readConfig({ PORT: '', REDIS_URL: '' })).toMatchObject({ PORT: 8080 })
  })

  it('is frozen', () => {
    expect(Object.isFrozen(readConfig({}))).toBe(true)
  })

  it.each([
    [
      { PORT: 'http' },
      'PORT is "http": it must be a whole number from 0 to 65535. Correct it, or leave it out for 8080.',
    ],
    [
      { ROLE: 'boss' },
      'ROLE is "boss": it must be one of `all`, `api`, `worker`. Correct it, or leave it out for all.',
    ],
    [{ IDEMPOTENCY_TTL_HOURS: '23' }, 'IDEMPOTENCY_TTL_HOURS is "23": it must be a whole number from 24 to 8760.'],
    [{ LEASE_MS: '999' }, 'LEASE_MS is "999": it must be a whole number from 1000 to 3600000.'],
    [{ SHUTDOWN_TIMEOUT_MS: '30000' }, 'SHUTDOWN_TIMEOUT_MS is 30000: in-flight calls would be aborted.'],
    [{ SHUTDOWN_DRAIN_MS: '40000' }, 'SHUTDOWN_DRAIN_MS is 40000: no time would be left to finish requests.'],
    [{ WORKLOAD_RETENTION_DAYS: '89' }, 'WORKLOAD_RETENTION_DAYS is 89, less than EVENT_RETENTION_DAYS (90).'],
    [
      { WORKLOAD_RETENTION_DAYS: '90', IDEMPOTENCY_TTL_HOURS: '8760' },
      'WORKLOAD_RETENTION_DAYS is 90, less than IDEMPOTENCY_TTL_HOURS (8760)',
    ],
    [{ SWEEP_MIN_INTERVAL_MS: '60001' }, 'SWEEP_MIN_INTERVAL_MS is 60001, more than SWEEP_MAX_INTERVAL_MS'],
  ])('rejects %o and names the variable and the rule', (env, message) => {
    expect(problemsOf(env)).toEqual([expect.stringContaining(message)])
  })

  it('parses booleans', () => {
    expect(readConfig({})).toMatchObject({ DOCS_ENABLED: true, METRICS_ENABLED: true })
    expect(readConfig({ DOCS_ENABLED: 'false' })).toMatchObject({ DOCS_ENABLED: false, METRICS_ENABLED: true })
    expect(problemsOf({ METRICS_ENABLED: 'closed' })).toEqual([
      'METRICS_ENABLED is "closed": it must be `true` or `false`. Correct it, or leave it out for true.',
    ])
  })

  it.each([
    ['HELD_PROVIDERS', 'PAUSED_PROVIDERS'],
    ['UPKEEP_INTERVAL_MS', 'POLL_INTERVAL_MS'],
    ['DOCS', 'DOCS_ENABLED'],
    ['METRICS', 'METRICS_ENABLED'],
  ])('rejects %s and names its replacement %s', (old, name) => {
    const [problem, ...others] = problemsOf({ [old]: 'anything', [name]: '' })
    expect(others).toEqual([])
    expect(problem).toContain(`${old} is now ${name}. Set ${name}`)
    expect(problem).not.toContain('anything')
  })

  it('reports all former names together', () => {
    expect(problemsOf({ HELD_PROVIDERS: 'aitems', DOCS: 'closed' })).toHaveLength(2)
  })

  it('reports all problems together', () => {
    expect(problemsOf({ PORT: 'x', ROLE: 'y', LOG_LEVEL: 'z' })).toHaveLength(3)
  })

  it.each([
    ['postgresql://alice:p@ss/w:rd#1@db.example/switchyard', 'Percent-encode'],
    ['postgresql://alice:hunter/2@db.example/switchyard', 'Percent-encode'],
    ['postgresql://alice:hunter?2@db.example/switchyard', 'Percent-encode'],
    ['postgresql://alice:hunter%2@db.example/switchyard', 'Percent-encode'],
    ['postgresql://alice:hunter2@one.example:5432,two.example:5432/switchyard', 'names several hosts'],
    ['postgresql://alice:hunter2@/switchyard?host=one.example,two.example', 'names several hosts'],
    ['postgresql://alice:hunter2@db.example:port/switchyard', 'is not of the form'],
    ['postgresql://db.example/switchyard?application_name=me@work', 'an @ or # in a parameter'],
    ['postgresql://alice:hunter2@db.example/switchyard?TimeZone=Asia/Seoul', 'has the parameters TimeZone, which'],
    ['postgresql://db.example/switchyard?sslmode=require&Schema=x&a=1&a=2', 'has the parameters Schema, a, which'],
    ['postgresql://alice@/switchyard?host=/run/postgresql&keepalives=1', 'parameters keepalives, which'],
    [
      'postgresql://db.example/switchyard?channel_binding=hunter2',
      'has a channel_binding that is not valid: it must be',
    ],
    ['postgresql://db.example/switchyard?connect_timeout=0', 'a number of seconds from 1 to 9999'],
    ['postgresql://db.example/switchyard?pgbouncer=yes', 'has a pgbouncer that is not valid: it must be `true` or'],
    ['postgresql://db.example/switchyard?connection_limit=1', 'a whole number from 2 to 1000'],
    ['postgresql://db.example/switchyard?pool_timeout=10&pool_timeout=1e9', 'has a pool_timeout that is not valid'],
    ['postgresql://db.example/switchyard?hunter%202=', 'has parameters, which would have no effect'],
  ])('explains what is invalid in %s without repeating any part of it', (url, message) => {
    for (const name of ['DATABASE_URL', 'DATABASE_DIRECT_URL']) {
      const [problem = '', ...others] = problemsOf({ DATABASE_URL: 'postgresql://db.example/switchyard', [name]: url })
      expect(others).toEqual([])
      expect(problem).toContain(`${name} (not shown)`)
      expect(problem).toContain(message)
      expect(problem).not.toMatch(/hunter|w:rd|alice|example/)
    }
  })

  it.each([
    'postgresql://alice:p%40ss%2Fw%3Ard%231@db.example:6432/switchyard?sslmode=verify-full&options=-c%20work_mem%3D8MB',
    'postgres://[2001:db8::1]:5432/switchyard',
    'postgresql:///switchyard?host=/var/run/postgresql',
    'postgresql://alice@/switchyard?host=/var/run/postgresql',
    'postgresql://db.example',
    'postgresql://alice@ep-1.neon.example/switchyard?sslmode=require&channel_binding=require',
    'postgresql://db.example/switchyard?pgbouncer=true&connection_limit=5&connect_timeout=10&pool_timeout=20',
    'postgresql://db.example/switchyard?schema=app&search_path=app&lock_timeout=5s&application_name=me%40work',
  ])('accepts %s', (url) => {
    expect(readConfig({ DATABASE_URL: url }).DATABASE_URL).toBe(url)
  })

  it.each(['DATABASE_URL', 'DATABASE_DIRECT_URL', 'REDIS_URL', 'SECRETS_KEY', 'BOOTSTRAP_API_KEY'])(
    'never repeats the value of %s',
    (name) => {
      const [problem] = problemsOf({ [name]: 'mysql://hunter2' })
      expect(problem).toContain(name)
      expect(problem).not.toContain('hunter2')
    },
  )
})
