import { expect, it } from 'vitest'
import { isDataError, isTransientError, isUniqueViolation, sqlStateOf } from '../../../src/workloads/sql-errors.ts'

/** As Prisma wraps what the driver said. */
const wrapped = (originalCode: string, message = 'failed') =>
  Object.assign(new Error(message), { code: 'P2010', meta: { driverAdapterError: { cause: { originalCode } } } })

it('finds the SQLSTATE inside what Prisma throws, and takes none of its own codes for one', () => {
  expect(sqlStateOf(wrapped('22P05'))).toBe('22P05')
  expect(sqlStateOf(Object.assign(new Error(), { code: '40P01' }))).toBe('40P01')
  expect(sqlStateOf(Object.assign(new Error(), { code: 'P2002' }))).toBeNull()
  expect(sqlStateOf(new Error('no code'))).toBeNull()
  expect(sqlStateOf(null)).toBeNull()
})

it('does not follow a chain of causes for ever', () => {
  const loop: { cause?: unknown } = {}
  loop.cause = loop
  expect(sqlStateOf(loop)).toBeNull()
})

it.each(['22P05', '22003', '23505', '23503'])('%s is one row’s own fault', (state) => {
  expect(isDataError(wrapped(state))).toBe(true)
  expect(isTransientError(wrapped(state))).toBe(false)
})

it.each(['40001', '40P01', '55P03', '57P01', '08006'])('%s may work in a moment', (state) => {
  expect(isTransientError(wrapped(state))).toBe(true)
  expect(isDataError(wrapped(state))).toBe(false)
})

it.each(['Connection terminated unexpectedly', 'read ECONNRESET', 'connect ECONNREFUSED 127.0.0.1:1'])(
  '"%s" may work in a moment',
  (message) => expect(isTransientError(new Error(message))).toBe(true),
)

it('takes a transaction that Prisma gave up on for one that may work in a moment', () => {
  expect(isTransientError(Object.assign(new Error('Transaction API error'), { code: 'P2028' }))).toBe(true)
  expect(isTransientError(Object.assign(new Error('Unique constraint'), { code: 'P2002' }))).toBe(false)
})

it('tells which constraint was broken', () => {
  const error = wrapped('23505', 'duplicate key value violates unique constraint "workloads_mark_key"')
  expect(isUniqueViolation(error, 'workloads_mark_key')).toBe(true)
  expect(isUniqueViolation(error, 'workloads_exclusive')).toBe(false)
  expect(isUniqueViolation(wrapped('23503', 'workloads_mark_key'), 'workloads_mark_key')).toBe(false)
})
