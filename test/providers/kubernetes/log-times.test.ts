import { describe, expect, it } from 'vitest'
import { timeAt as at, chunksOf, type Entry, kubeletClient, logClient, podOf } from './pod-logs.ts'

const timedLines = async (client: ReturnType<typeof kubeletClient>, pods = [podOf('a')]) =>
  (await chunksOf(client, pods)).flatMap(({ text = '', lineTimes = [] }) => {
    const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n')
    expect(lineTimes).toHaveLength(lines.length)
    return lines.map((line, index) => [lineTimes[index], line])
  })

describe('times of a Kubernetes Job log', () => {
  it('belong to each line, also an empty one', async () => {
    const client = kubeletClient({ at: at(0), text: 'one' }, { at: at(1, 5), text: '' }, { at: at(2), text: ' two ' })
    expect(await timedLines(client)).toEqual([
      [at(0), 'one'],
      [at(1, 5), ''],
      [at(2), ' two '],
    ])
  })

  it('are missing for the names of pods', async () => {
    const client = kubeletClient({ at: at(0), text: 'one' })
    expect(await timedLines(client, [podOf('a'), podOf('b', 1)])).toEqual([
      [null, '==> a <=='],
      [at(0), 'one'],
      [null, ''],
      [null, '==> b <=='],
      [at(0), 'one'],
    ])
  })

  it('are those of the first part of a long line', async () => {
    const parts = [at(0), at(1), at(2)].map((each): Entry => ({ at: each, text: 'x'.repeat(16_384), isPart: true }))
    const client = kubeletClient(...parts, { at: at(3), text: 'end' }, { at: at(4), text: 'next' })
    expect(await timedLines(client)).toEqual([
      [at(0), `${'x'.repeat(3 * 16_384)}end`],
      [at(4), 'next'],
    ])
  })

  it('are in UTC for a node in another time zone', async () => {
    const client = kubeletClient({ at: at(0, 7, '+05:30'), text: 'one' })
    expect(await timedLines(client)).toEqual([['2026-01-05T06:30:00.000000007Z', 'one']])
  })

  it('are ignored if they are none', async () => {
    const fake = '2026-99-99T99:99:99.000000000+99:99 x'
    expect(await timedLines(logClient(() => `${fake}\n`).client)).toEqual([[null, fake]])
  })

  it('have no line of which nothing is written', async () => {
    expect(await timedLines(kubeletClient({ at: at(0), text: '', isPart: true }))).toEqual([])
  })
})
