import { describe, expect, it } from 'vitest'
import { hasTooManyValues, maxValues } from '../../../src/http/value-limit.ts'

const listOf = (count: number, value: string) => Buffer.from(`[${Array(count).fill(value).join(',')}]`)

describe('the limit of JSON values in a body', () => {
  it.each([
    ['numbers', '0'],
    ['texts', '""'],
    ['texts with separators', '",[{"'],
    ['texts with escaped quotes', String.raw`"\",\\"`],
  ])('counts %s of a list, and the list', (_what, value) => {
    expect(hasTooManyValues(listOf(maxValues - 2, value))).toBe(false)
    expect(hasTooManyValues(listOf(maxValues + 1, value))).toBe(true)
  })

  it('counts lists and objects, empty or nested', () => {
    expect(hasTooManyValues(listOf(maxValues / 2 - 1, '{}'))).toBe(false)
    expect(hasTooManyValues(listOf(maxValues, '{}'))).toBe(true)
    expect(hasTooManyValues(Buffer.from('['.repeat(maxValues + 1) + ']'.repeat(maxValues + 1)))).toBe(true)
    expect(hasTooManyValues(listOf(maxValues / 2, '{"a":0,"b":0}'))).toBe(true)
  })

  it('does not count what is within a long text', () => {
    expect(hasTooManyValues(Buffer.from(`["${'a,'.repeat(maxValues * 2)}"]`))).toBe(false)
  })
})
