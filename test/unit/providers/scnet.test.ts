import { describe, expect, it } from 'vitest'
import { clockTime, localTime, secondsOf } from '../../../src/providers/scnet/durations.ts'
import { hpcStates, outcomeOf } from '../../../src/providers/scnet/job-states.ts'
import { pageOf, readPage, scanList } from '../../../src/providers/scnet/lists.ts'
import { loginHeaders } from '../../../src/providers/scnet/signer.ts'
import { targetAt } from '../../../src/providers/scnet/urls.ts'
import type { Json } from '../../../src/vocabulary/json.ts'

describe('login signature', () => {
  it('is the hex HMAC-SHA256 of the compact JSON in documented key order', () => {
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
  it('format hours beyond two digits', () => {
    expect([clockTime(59), clockTime(3661), clockTime(1_296_000)]).toEqual(['00:00:59', '01:01:01', '360:00:00'])
  })

  it('parse both duration formats, but no words', () => {
    expect(['360:00:00', '1-00:00:05', '01:02:03', 'unlimited', '--', undefined].map(secondsOf)).toEqual([
      1_296_000,
      86_405,
      3723,
      undefined,
      undefined,
      undefined,
    ])
  })

  it('format a time in the time zone of the platform', () => {
    expect(localTime(new Date('2025-12-01T17:00:00Z'), '+08:00')).toBe('2025-12-02 01:00:00')
    expect(localTime(new Date('2025-12-01T01:00:00Z'), '-02:30')).toBe('2025-11-30 22:30:00')
  })
})

describe('service addresses', () => {
  it.each([
    ['https://h:65106', 'https://h:65106', '/ai/openapi/v2/x'],
    ['https://h:65106/', 'https://h:65106', '/ai/openapi/v2/x'],
    ['https://h/ai', 'https://h', '/ai/openapi/v2/x'],
    ['https://h/proxy/ai/', 'https://h', '/proxy/ai/openapi/v2/x'],
    ['https://h/proxy', 'https://h', '/proxy/ai/openapi/v2/x'],
  ])('add /ai to %s only if it is missing', (url, origin, target) => {
    expect(targetAt('ai', url, '/openapi/v2/x')).toEqual({ origin, target })
  })
})

describe('HPC job state', () => {
  it.each(Object.entries(hpcStates))('maps %s to %s without further details', (raw, status) => {
    expect(outcomeOf({ jobStatus: raw, reason: 'None', exitCode: '' }, false)).toMatchObject({ rawState: raw, status })
    expect(outcomeOf({ jobState: raw }, false)).toMatchObject({ rawState: raw, status })
  })

  it.each(['statX', 'statNew', 'toString', 'BOOTING'])('keeps the unknown raw state %s without a status', (raw) => {
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
  ])('refines statC by the details %j', (more, expected) => {
    expect(outcomeOf({ jobStatus: 'statC', ...(more as object) }, false)).toEqual({ rawState: 'statC', ...expected })
  })

  it('maps statE to running, but to a final outcome in the history', () => {
    expect(outcomeOf({ jobStatus: 'statE' }, false)).toMatchObject({ status: 'running' })
    expect(outcomeOf({ jobState: 'statE', jobExitStatus: 0 }, true)).toMatchObject({ status: 'succeeded', exitCode: 0 })
    expect(outcomeOf({ jobState: 'statE', jobExitStatus: 1 }, true)).toMatchObject({ status: 'failed' })
    expect(outcomeOf({ jobState: 'statE' }, true)).toMatchObject({ status: 'unknown', reason: 'outcome_not_reported' })
  })

  it('has no exit code while the job runs', () => {
    expect(outcomeOf({ jobStatus: 'statR', exitCode: '0:0' }, false)).toEqual({ rawState: 'statR', status: 'running' })
  })
})

describe('list scan', () => {
  const idOf = (item: Json) => String(item)
  const reader = (pages: readonly (readonly [readonly Json[], number | undefined])[]) => (start: number) => {
    let offset = 0
    for (const [items, total] of pages) {
      if (offset === start) return Promise.resolve({ items, total })
      offset += items.length
    }
    return Promise.resolve({ items: [], total: pages[0]?.[1] })
  }

  it.each<[string, Json]>([
    ['an array', ['a']],
    ['list', { total: 1, list: ['a'] }],
    ['records', { total: '1', records: ['a'] }],
    ['items', { total: 1, items: ['a'] }],
    ['rows', { total: 1, rows: ['a'] }],
  ])('reads items from %s', (_name, data) => {
    expect(pageOf(data).items).toEqual(['a'])
  })

  it('accepts a missing list only with a total of 0', () => {
    expect(pageOf({ total: 0, list: null }).items).toEqual([])
    expect(() => pageOf(null)).toThrow('in an unknown form')
    expect(() => pageOf({ total: 2 })).toThrow('in an unknown form')
  })

  it('is complete at the total', async () => {
    const read = reader([
      [['a', 'b'], 3],
      [['c'], 3],
    ])
    expect(await scanList({ read, idOf })).toEqual({ items: ['a', 'b', 'c'], isComplete: true })
  })

  it('is incomplete if the list ends early or the total changes', async () => {
    const short = reader([[['a'], 3]])
    expect(await scanList({ read: short, idOf })).toMatchObject({ isComplete: false })
    const moved = reader([
      [['a', 'b'], 4],
      [['d'], 3],
    ])
    expect(await scanList({ read: moved, idOf })).toMatchObject({ isComplete: false })
  })

  it('ends at an empty or repeated page without a total', async () => {
    const read = reader([
      [['a', 'b'], undefined],
      [['c'], undefined],
    ])
    expect(await scanList({ read, idOf })).toEqual({ items: ['a', 'b', 'c'], isComplete: true })
    const ignoring = () => Promise.resolve({ items: ['a', 'b'], total: undefined })
    expect(await scanList({ read: ignoring, idOf })).toEqual({ items: ['a', 'b'], isComplete: true })
  })

  it('is incomplete at the page limit', async () => {
    let next = 0
    const endless = () => Promise.resolve({ items: [next++], total: undefined })
    expect(await scanList({ read: endless, idOf })).toMatchObject({ isComplete: false })
  })

  it('detects an ignored cursor and an early end', async () => {
    const ignoring = { read: () => Promise.resolve({ items: ['a', 'b'], total: undefined }), idOf }
    const first = await readPage(ignoring, null)
    expect(first).toEqual({ items: ['a', 'b'], next: '2:a' })
    expect(await readPage(ignoring, first.next)).toEqual({ items: [], next: null })
    const short = { read: reader([[['a'], 3]]), idOf }
    await expect(readPage(short, '1:a')).rejects.toThrow('ended after 1 of 3')
  })
})
