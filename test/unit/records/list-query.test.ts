import { expect, it } from 'vitest'
import { filterOf } from '../../../src/records/list-query.ts'

it('splits a label at its first ":"', () => {
  expect(filterOf({ label: ['team:a', 'time:12:30', 'empty:'] })).toEqual({
    labels: [
      { key: 'team', value: 'a' },
      { key: 'time', value: '12:30' },
      { key: 'empty', value: '' },
    ],
  })
})

it('contains only the given filters', () => {
  expect(filterOf({})).toEqual({})
  expect(filterOf({ active: false, namePrefix: 'a', createdAfter: '2024-05-01T00:00:00Z' })).toEqual({
    active: false,
    namePrefix: 'a',
    createdAfter: new Date('2024-05-01T00:00:00Z'),
  })
})

it.each([
  '2024-06-30T23:59:60Z',
  '0000-01-01T00:00:00Z',
  '-010000-01-01T00:00:00Z',
  '0001-01-01T00:00:00+01:00',
  '9999-12-31T23:59:59-23:59',
  '2024-05-01T00:00:00+01',
])('rejects a time that the database cannot store: %s', (text) => {
  for (const parameter of ['createdAfter', 'createdBefore'])
    expect(() => filterOf({ [parameter]: text })).toThrow(
      expect.objectContaining({
        code: 'invalid_request',
        errors: [expect.objectContaining({ in: 'query', pointer: parameter })],
      }),
    )
})
