import type { LookupFunction } from 'node:net'
import { expect, it, vi } from 'vitest'
import { makeBoundedLookup } from '../../../src/infra/bounded-lookup.ts'

/** A resolver that answers when it is told to. */
function scene(most: number) {
  const asked: string[] = []
  const answers = new Map<string, () => void>()
  const lookup: LookupFunction = (hostname, _options, callback) => {
    asked.push(hostname)
    answers.set(hostname, () => callback(null, [{ address: '192.0.2.1', family: 4 }]))
  }
  const bounded = makeBoundedLookup(most, lookup)
  const told = vi.fn()
  const ask = (hostname: string) => bounded(hostname, { all: true }, (_error, found) => told(hostname, found))
  return { asked, ask, told, answer: (hostname: string) => answers.get(hostname)?.() }
}

it('asks for so many names at a time, the others in the order in which they came', () => {
  const { asked, ask, answer, told } = scene(2)
  for (const name of ['slow', 'b', 'c', 'd']) ask(name)
  expect(asked).toEqual(['slow', 'b'])
  answer('b')
  expect(asked).toEqual(['slow', 'b', 'c'])
  answer('c')
  answer('d')
  expect(told.mock.calls.map(([name]) => name)).toEqual(['b', 'c', 'd'])
})

it('asks once for a name that several want, and again later', () => {
  const { asked, ask, answer, told } = scene(2)
  for (const name of ['a', 'a', 'a']) ask(name)
  expect(asked).toEqual(['a'])
  answer('a')
  expect(told).toHaveBeenCalledTimes(3)
  ask('a')
  expect(asked).toEqual(['a', 'a'])
})

it('gives up on a lookup from when it is made, and keeps its place until the resolver responds', () => {
  vi.useFakeTimers()
  const answers: (() => void)[] = []
  const bounded = makeBoundedLookup(1, (_name, _options, callback) => answers.push(() => callback(null, [])), 100)
  const told: unknown[] = []
  bounded('slow', {}, (error) => told.push(error?.code))
  bounded('queued', {}, (error) => told.push(error?.code ?? 'answered'))
  vi.advanceTimersByTime(500)
  expect([told, answers.length]).toEqual([['EAI_AGAIN'], 1])
  answers[0]?.()
  answers[1]?.()
  expect(told).toEqual(['EAI_AGAIN', 'answered'])
  vi.useRealTimers()
})

it('does not keep more waiting than it can hold', () => {
  const bounded = makeBoundedLookup(1, () => {})
  const refused: unknown[] = []
  for (let count = 0; count < 1100; count += 1) bounded(`n${count}`, {}, (error) => refused.push(error?.code))
  expect(refused).toHaveLength(99)
  expect(new Set(refused)).toEqual(new Set(['EAI_AGAIN']))
})
