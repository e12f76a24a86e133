import { describe, expect, it } from 'vitest'
import { clockTime, localTime, secondsOf } from '../../../src/providers/scnet/durations.ts'
import { hpcStates, outcomeOf } from '../../../src/providers/scnet/job-states.ts'
import { pageOf, readPage, scanList } from '../../../src/providers/scnet/lists.ts'
import { loginHeaders } from '../../../src/providers/scnet/signer.ts'
import { targetAt } from '../../../src/providers/scnet/urls.ts'
import type { Json } from '../../../src/vocabulary/json.ts'

describe('the login signature', () => {
  it('is the lower-case hex HMAC-SHA256 of the compact JSON in the documented key order', () => {
    const pair = { user: 'bob', accessKey: '85f96a42b13f4d2c8b760d2775bbcca8', secretKey: 'test-secret' }
    // Own vector, by another implementation: printf '{"accessKey":…}' | openssl dgst -sha256 -hmac test-secret
    expect(loginHeaders(pair, 1_764_597_591_999)).toEqual({
      user: 'bob',
      accessKey: '85f96a42b13f4d2c8b760d2775bbcca8',
      timestamp: '1764597591',
      signature: 'c3a95054e89423eb8161db068df56a9298e48259326306a35ea1a66bf095349f',
    })
  })
})

describe('durations and times', () => {
  it('writes hours beyond two digits', () => {
    expect([clockTime(59), clockTime(3661), clockTime(1_296_000)]).toEqual(['00:00:59', '01:01:01', '360:00:00'])
  })

  it('reads both forms, and nothing from words', () => {
    expect(['360:00:00', '1-00:00:05', '01:02:03', 'unlimited', '--', undefined].map(secondsOf)).toEqual([
      1_296_000,
      86_405,
      3723,
      undefined,
      undefined,
      undefined,
    ])
  })

  it('writes a moment in the zone of the platform', () => {
    expect(localTime(new Date('2025-12-01T17:00:00Z'), '+08:00')).toBe('2025-12-02 01:00:00')
    expect(localTime(new Date('2025-12-01T01:00:00Z'), '-02:30')).toBe('2025-11-30 22:30:00')
  })
})

describe('addresses of services', () => {
  it.each([
    ['https://h:65106', 'https://h:65106', '/ai/openapi/v2/x'],
    ['https://h:65106/', 'https://h:65106', '/ai/openapi/v2/x'],
    ['https://h/ai', 'https://h', '/ai/openapi/v2/x'],
    ['https://h/proxy/ai/', 'https://h', '/proxy/ai/openapi/v2/x'],
    ['https://h/proxy', 'https://h', '/proxy/ai/openapi/v2/x'],
  ])('puts /ai behind %s only where it is missing', (url, origin, target) => {
    expect(targetAt('ai', url, '/openapi/v2/x')).toEqual({ origin, target })
  })
})

describe('the state of an HPC job', () => {
  it.each(Object.entries(hpcStates))('reads %s as %s when nothing else speaks', (raw, status) => {
    expect(outcomeOf({ jobStatus: raw, reason: 'None', exitCode: '' }, false)).toMatchObject({ rawState: raw, status })
    expect(outcomeOf({ jobState: raw }, false)).toMatchObject({ rawState: raw, status })
  })

  it.each(['statX', 'statNew', 'toString', 'BOOTING'])('keeps the raw word of %s and concludes nothing', (raw) => {
    expect(outcomeOf({ jobStatus: raw }, false)).toEqual({ rawState: raw, status: null })
  })

  it.each<[Json, object]>([
    [{ reason: 'NonZeroExitCode' }, { status: 'failed', reason: 'nonzero_exit' }],
    [{ exitCode: '2:0' }, { status: 'failed', reason: 'nonzero_exit', exitCode: 2 }],
    [{ exitCode: '0:9' }, { status: 'failed', reason: 'nonzero_exit', signal: 9 }],
    [{ jobExitStatus: 1 }, { status: 'failed', reason: 'nonzero_exit', exitCode: 1 }],
    [{ initContentAttr: '{"JobState":"FAILED"}' }, { status: 'failed' }],
    [{ initContentAttr: '{"JobState":"TIMEOUT"}' }, { status: 'failed', reason: 'time_limit' }],
    [{ initContentAttr: '{"JobState":"CANCELLED by 1000"}' }, { status: 'canceled' }],
    [
      { initContentAttr: '{"JobState":"RUNNING"}', exitCode: '0:0' },
      { status: 'succeeded', exitCode: 0 },
    ],
    [{ initContentAttr: 'not json', reason: 'None', exitCode: '' }, { status: 'succeeded' }],
  ])('does not take statC for a success where %j says otherwise', (more, expected) => {
    expect(outcomeOf({ jobStatus: 'statC', ...(more as object) }, false)).toEqual({ rawState: 'statC', ...expected })
  })

  it('takes statE for running, unless it is from the history', () => {
    expect(outcomeOf({ jobStatus: 'statE' }, false)).toMatchObject({ status: 'running' })
    expect(outcomeOf({ jobState: 'statE', jobExitStatus: 0 }, true)).toMatchObject({ status: 'succeeded', exitCode: 0 })
    expect(outcomeOf({ jobState: 'statE', jobExitStatus: 1 }, true)).toMatchObject({ status: 'failed' })
    expect(outcomeOf({ jobState: 'statE' }, true)).toMatchObject({ status: 'unknown', reason: 'outcome_not_reported' })
  })

  it('shows no exit code of a job that runs', () => {
    expect(outcomeOf({ jobStatus: 'statR', exitCode: '0:0' }, false)).toEqual({ rawState: 'statR', status: 'running' })
  })
})

describe('lists', () => {
  const idOf = (item: Json) => String(item)
  const reader = (pages: readonly (readonly [readonly Json[], number | undefined])[]) => (start: number) => {
    let passed = 0
    for (const [items, total] of pages) {
      if (passed === start) return Promise.resolve({ items, total })
      passed += items.length
    }
    return Promise.resolve({ items: [], total: pages[0]?.[1] })
  }

  it.each<[string, Json]>([
    ['an array', ['a']],
    ['list', { total: 1, list: ['a'] }],
    ['records', { total: '1', records: ['a'] }],
    ['items', { total: 1, items: ['a'] }],
    ['rows', { total: 1, rows: ['a'] }],
  ])('are read from %s', (_name, data) => {
    expect(pageOf(data).items).toEqual(['a'])
  })

  it('take no list for an empty one only where the total says 0', () => {
    expect(pageOf({ total: 0, list: null }).items).toEqual([])
    expect(() => pageOf(null)).toThrow('in an unknown form')
    expect(() => pageOf({ total: 2 })).toThrow('in an unknown form')
  })

  it('are complete at their total', async () => {
    const read = reader([
      [['a', 'b'], 3],
      [['c'], 3],
    ])
    expect(await scanList({ read, idOf })).toEqual({ items: ['a', 'b', 'c'], isComplete: true })
  })

  it('are incomplete where they end before their total, or the total moved', async () => {
    const short = reader([[['a'], 3]])
    expect(await scanList({ read: short, idOf })).toMatchObject({ isComplete: false })
    const moved = reader([
      [['a', 'b'], 4],
      [['d'], 3],
    ])
    expect(await scanList({ read: moved, idOf })).toMatchObject({ isComplete: false })
  })

  it('without a total end with an empty page, or with one that repeats', async () => {
    const read = reader([
      [['a', 'b'], undefined],
      [['c'], undefined],
    ])
    expect(await scanList({ read, idOf })).toEqual({ items: ['a', 'b', 'c'], isComplete: true })
    const ignoring = () => Promise.resolve({ items: ['a', 'b'], total: undefined })
    expect(await scanList({ read: ignoring, idOf })).toEqual({ items: ['a', 'b'], isComplete: true })
  })

  it('stop at a cap', async () => {
    let next = 0
    const endless = () => Promise.resolve({ items: [next++], total: undefined })
    expect(await scanList({ read: endless, idOf })).toMatchObject({ isComplete: false })
  })

  it('are read page by page with a cursor that notices a service that ignores it', async () => {
    const ignoring = { read: () => Promise.resolve({ items: ['a', 'b'], total: undefined }), idOf }
    const first = await readPage(ignoring, null)
    expect(first).toEqual({ items: ['a', 'b'], next: '2:a' })
    expect(await readPage(ignoring, first.next)).toEqual({ items: [], next: null })
    const short = { read: reader([[['a'], 3]]), idOf }
    await expect(readPage(short, '1:a')).rejects.toThrow('ended after 1 of 3')
  })
})
