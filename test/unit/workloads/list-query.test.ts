import { expect, it } from 'vitest'
import { filterOf } from '../../../src/workloads/list-query.ts'

it('splits a label at its first "=", so that values may contain one', () => {
  expect(filterOf({ label: ['team=a', 'expr=x=1', 'empty='] })).toEqual({
    labels: [
      { key: 'team', value: 'a' },
      { key: 'expr', value: 'x=1' },
      { key: 'empty', value: '' },
    ],
  })
})

it('keeps what is given and nothing else', () => {
  expect(filterOf({})).toEqual({})
  expect(filterOf({ active: false, namePrefix: 'a', createdAfter: '2024-05-01T00:00:00Z' })).toEqual({
    active: false,
    namePrefix: 'a',
    createdAfter: new Date('2024-05-01T00:00:00Z'),
  })
})
