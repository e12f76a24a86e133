import { expect, it } from 'vitest'
import { errorOfItem } from '../../../src/http/item-errors.ts'
import { ApiError } from '../../../src/vocabulary/api-error.ts'

it('reports up to ten errors for each item, with pointers into the body', () => {
  const errors = Array.from({ length: 30 }, (_, at) => ({
    ...{ in: 'body' as const, pointer: `/inputs/${at}`, code: 'unsupported', detail: 'Not supported.' },
  }))
  const located = errorOfItem(new ApiError('unsupported', 'Not supported.', { errors }), '/jobs/7', null)
  expect(located.errors.map(({ pointer }) => pointer)).toEqual(
    Array.from({ length: 10 }, (_, at) => `/jobs/7/inputs/${at}`),
  )
})
