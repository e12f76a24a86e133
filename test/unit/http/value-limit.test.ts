import { describe, expect, it } from 'vitest'
import { exceededLimit, maxFields, maxValues } from '../../../src/http/value-limit.ts'

const listOf = (count: number, value: string) => Buffer.from(`[${Array(count).fill(value).join(',')}]`)

describe('limit of JSON values in a body', () => {
  it.each([
    ['numbers', '0'],
    ['strings', '""'],
    ['strings with separators', '",[{"'],
    ['strings with escaped quotes', String.raw`"\",\\"`],
  ])('counts a list and its %s', (_what, value) => {
    expect(exceededLimit(listOf(maxValues - 2, value))).toBeNull()
    expect(exceededLimit(listOf(maxValues + 1, value))).toBe('values')
  })

  it('counts lists and objects, empty or nested', () => {
    expect(exceededLimit(listOf(maxValues / 2 - 1, '{}'))).toBeNull()
    expect(exceededLimit(listOf(maxValues, '{}'))).toBe('values')
    expect(exceededLimit(Buffer.from('['.repeat(maxValues + 1) + ']'.repeat(maxValues + 1)))).toBe('values')
    expect(exceededLimit(listOf(maxValues / 2, '{"a":0,"b":0}'))).toBe('values')
  })

  it('ignores separators within a long string', () => {
    expect(exceededLimit(Buffer.from(`["${'a,'.repeat(maxValues * 2)}"]`))).toBeNull()
  })
})

describe('limit of fields in an object', () => {
  const fields = (count: number, value = '0') => Array.from({ length: count }, (_, at) => `"f${at}":${value}`).join(',')

  it('counts the fields of each object separately', () => {
    expect(exceededLimit(Buffer.from(`{${fields(maxFields)}}`))).toBeNull()
    expect(exceededLimit(Buffer.from(`{${fields(maxFields + 1)}}`))).toBe('fields')
    expect(
      exceededLimit(
        Buffer.from(
          `[${Array(9)
            .fill(`{${fields(maxFields)}}`)
            .join(',')}]`,
        ),
      ),
    ).toBeNull()
  })

  it.each([
    ['lists', '[1,2,3]'],
    ['objects', '{"a":1,"b":[1,{}]}'],
    ['strings', '",{,}],"'],
  ])('ignores the content of nested %s', (_what, value) => {
    const few = maxFields / 2
    expect(exceededLimit(Buffer.from(`{"in":{${fields(few, value)}},${fields(few, value)}}`))).toBeNull()
    expect(exceededLimit(Buffer.from(`{${fields(maxFields + 1, value)}}`))).toBe('fields')
  })

  it('does not apply to lists and invalid JSON', () => {
    expect(exceededLimit(listOf(maxFields * 2, '0000'))).toBeNull()
    expect(exceededLimit(Buffer.from(']}'.repeat(maxFields * 3) + ','.repeat(maxFields * 3)))).toBeNull()
  })
})
