import { describe, expect, it } from 'vitest'
import { readLogs } from '../../../src/providers/kubernetes/logs.ts'
import { ProviderError } from '../../../src/providers/provider-error.ts'
import { logClient, podOf, readAll, signal } from './pod-logs.ts'

/** The documented log call: lines from a second on, up to a number of bytes. */
function clientOf(logs: Readonly<Record<string, readonly string[] | ProviderError>>) {
  return logClient((pod, { sinceTime = '', limitBytes = '0' }) => {
    const log = logs[pod] ?? []
    if (log instanceof ProviderError) throw log
    const since = log.filter((line) => line.slice(0, 19) >= sinceTime.slice(0, 19))
    return Buffer.from(since.map((line) => `${line}\n`).join(''))
      .subarray(0, Number(limitBytes))
      .toString('utf8')
  })
}

const at = (second: number, nanos = 0) =>
  `2026-01-05T12:${String(Math.floor(second / 60)).padStart(2, '0')}:${String(second % 60).padStart(2, '0')}.${String(nanos).padStart(9, '0')}Z`

describe('Kubernetes Job log', () => {
  it('is read without timestamps', async () => {
    const { client, calls } = clientOf({ a: [`${at(0)} one`, `${at(1)} `, `${at(2)} two words`] })
    expect(await readAll(client, [podOf('a')])).toBe('one\n\ntwo words\n')
    expect(calls.map(({ query }) => query)).toEqual([{ container: 'main', timestamps: 'true', limitBytes: '1048576' }])
  })

  it('of several megabytes is read in parts, with each line once', async () => {
    const lines = Array.from({ length: 30_000 }, (_, index) => `line ${index} ${'x'.repeat(80)}`)
    // Several lines have the same timestamp, and several timestamps are within one second.
    const log = lines.map((line, index) => `${at(Math.floor(index / 900), Math.floor((index % 900) / 3))} ${line}`)
    const { client, calls } = clientOf({ a: log })
    expect(await readAll(client, [podOf('a')])).toBe(lines.map((line) => `${line}\n`).join(''))
    expect(calls.length).toBeGreaterThan(3)
  })

  it('is complete if one second contains more than one part', async () => {
    const lines = Array.from({ length: 30_000 }, (_, index) => `line ${index} ${'z'.repeat(100)}`)
    const { client } = clientOf({ a: lines.map((line, index) => `${at(7, index)} ${line}`) })
    expect(await readAll(client, [podOf('a')])).toBe(lines.map((line) => `${line}\n`).join(''))
  })

  it('continues after the byte limit of a second, with a note about omitted lines', async () => {
    const burst = Array.from({ length: 20_000 }, (_, index) => `${at(5, index)} ${'y'.repeat(1000)}`)
    const { client } = clientOf({ a: [`${at(1)} before`, ...burst, `${at(6)} after`] })
    const text = await readAll(client, [podOf('a')])
    expect(text).toMatch(/^before\n/)
    expect(text).toContain('[Lines are omitted: more than 16777216 bytes in one second.]\n')
    expect(text).toMatch(/\nafter\n$/)
  })

  it('contains the name of each of several pods, ordered by index', async () => {
    const { client } = clientOf({ a: [`${at(0)} one`], b: [`${at(0)} two`] })
    expect(await readAll(client, [podOf('b', 1), podOf('a', 0)])).toBe('==> a <==\none\n\n==> b <==\ntwo\n')
  })

  it('is empty before the container starts and without pods', async () => {
    const waiting = new ProviderError(
      'invalid_request',
      'container "main" in pod "a" is waiting to start: ErrImagePull',
      {
        ...{ httpStatus: 400, providerCode: 'BadRequest' },
      },
    )
    expect(await readAll(clientOf({ a: waiting }).client, [podOf('a')])).toBe('')
    expect(
      await readLogs(clientOf({}).client, { pods: [], isComplete: true, isNamed: false, cursor: null }, signal),
    ).toEqual({
      links: [],
    })
  })

  it('fails if the node is unreachable', async () => {
    const down = new ProviderError('unavailable', 'dial tcp: connection refused', { httpStatus: 500 })
    await expect(readAll(clientOf({ a: down }).client, [podOf('a')])).rejects.toBe(down)
  })

  it.each(['', '0', '0~x~0', '0~2026-01-05~1', '0~2026-99-99T00:00:00.000000000Z~1', `../~${at(0)}~1`])(
    'rejects the cursor %j',
    async (cursor) => {
      const read = readLogs(
        clientOf({}).client,
        { pods: [podOf('a')], isComplete: true, isNamed: false, cursor },
        signal,
      )
      await expect(read).rejects.toMatchObject({ code: 'invalid_request', field: 'cursor', notSent: true })
    },
  )
})
