import { describe, expect, it } from 'vitest'
import { timeAt as at, chunksOf, type Entry, kubeletClient, podOf, readAll } from './pod-logs.ts'

describe('Kubernetes Job log in parts', () => {
  it('is read on if the node is in another time zone', async () => {
    const lines = Array.from({ length: 40_000 }, (_, index) => `line ${index} ${'x'.repeat(40)}`)
    const entries = lines.map(
      (text, index): Entry => ({ at: at(Math.floor(index / 900), index % 900, '+05:30'), text }),
    )
    expect(await readAll(kubeletClient(...entries), [podOf('a')])).toBe(lines.map((line) => `${line}\n`).join(''))
  })

  it('is read on after a line that is later than the next one', async () => {
    // Standard output and standard error get their times apart from each other.
    const times = Array.from({ length: 4000 }, (_, index) => index + (index % 2 === 0 ? 1 : -1))
    const entries = times.map((time, index): Entry => ({ at: at(1, time), text: `${index} ${'x'.repeat(1000)}` }))
    const text = await readAll(kubeletClient(...entries), [podOf('a')])
    expect(text).toBe(entries.map((entry) => `${entry.text}\n`).join(''))
  })

  it('is read on without the rest of a known line', async () => {
    const long = 'word '.repeat(3000)
    const entries = Array.from({ length: 300 }, (_, index): Entry[] => [
      { at: at(index % 60, 999_999_999).replace('12:00', `12:0${Math.floor(index / 60)}`), text: long, isPart: true },
      { at: at((index + 1) % 60).replace('12:00', `12:0${Math.floor((index + 1) / 60)}`), text: `${at(59)} ${index}` },
    ])
    const text = await readAll(kubeletClient(...entries.flat()), [podOf('a')])
    expect(text).toBe(entries.map((_, index) => `${long}${at(59)} ${index}\n`).join(''))
  })
})

describe('last line of a Kubernetes Job log', () => {
  it('has no end before the program writes it', async () => {
    const first: Entry[] = [
      { at: at(0), text: 'one' },
      { at: at(1), text: '10 %', isPart: true },
    ]
    expect(await readAll(kubeletClient(...first), [podOf('a')])).toBe('one\n10 %')
    expect(await readAll(kubeletClient(...first, { at: at(2), text: ' 20 %' }), [podOf('a')])).toBe('one\n10 % 20 %\n')
  })

  it('ends before the name of the next pod', async () => {
    const client = kubeletClient({ at: at(0), text: 'one', isPart: true })
    expect(await readAll(client, [podOf('a'), podOf('b', 1)])).toBe('==> a <==\none\n==> b <==\none')
  })

  it('takes the end of no line before it', async () => {
    const lines = Array.from({ length: 3500 }, (_, index): Entry => ({ at: at(1, index), text: 'x'.repeat(1000) }))
    const client = kubeletClient(...lines, { at: at(1, 3500), text: 'open', isPart: true })
    const text = await readAll(client, [podOf('a')])
    expect(text).toBe(`${lines.map((line) => `${line.text}\n`).join('')}open`)
  })

  it('is continued in the same part by a later read, for each pod', async () => {
    const first: Entry = { at: at(0), text: '10 %', isPart: true }
    const pods = [podOf('a'), podOf('b', 1)]
    const before = await chunksOf(kubeletClient(first), pods)
    const later = await chunksOf(kubeletClient(first, { at: at(2), text: ' 20 %' }), pods)
    expect(before.map(({ text }) => text)).toEqual(['==> a <==\n10 %', '\n==> b <==\n10 %'])
    expect(later.map(({ text }) => text)).toEqual(['==> a <==\n10 % 20 %\n', '\n==> b <==\n10 % 20 %\n'])
  })
})

describe('Kubernetes Job log with a line of more than 16 MiB', () => {
  it.each([0, 1])('ends with a note and the lines after it (%d lines before)', async (before) => {
    const part = 'x'.repeat(1_048_576)
    const long = Array.from({ length: 20 }, (_, index): Entry => ({ at: at(5 + index), text: part, isPart: true }))
    const known = Array.from({ length: before }, (): Entry => ({ at: at(5), text: 'before' }))
    const client = kubeletClient(...known, ...long, { at: at(25), text: '' }, { at: at(26), text: 'after' })
    const text = await readAll(client, [podOf('a')])
    expect(text).toContain('before\n'.repeat(before))
    expect(text).toContain('[Lines are omitted: more than 16777216 bytes in one second.]\n')
    expect(text).toMatch(/\nafter\n$/)
    expect(text.length).toBeLessThan(1000)
  })
})
