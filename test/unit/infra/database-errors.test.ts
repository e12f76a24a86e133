import { DriverAdapterError } from '@prisma/driver-adapter-utils'
import { DatabaseError } from 'pg'
import { expect, it } from 'vitest'
import { isDataError, isTransientError, isUniqueViolation, sqlStateOf } from '../../../src/infra/database-errors.ts'
import { ProviderError } from '../../../src/providers/provider-error.ts'
import { ApiError } from '../../../src/vocabulary/api-error.ts'
import { prismaError as known, databaseError as raw } from '../../support/database-error.ts'

/** As Prisma wraps what the server said. */
const wrapped = (originalCode: string, more = {}) => raw({ kind: 'postgres', originalCode, ...more })

it('finds the SQLSTATE in what the database layer throws, and takes none of Prisma’s codes for one', () => {
  expect(sqlStateOf(wrapped('22P05'))).toBe('22P05')
  expect(sqlStateOf(new DriverAdapterError({ kind: 'TransactionWriteConflict', originalCode: '40001' }))).toBe('40001')
  expect(sqlStateOf(Object.assign(new DatabaseError('m', 1, 'error'), { code: '40P01' }))).toBe('40P01')
  expect(sqlStateOf(known('P2002'))).toBeNull()
  expect(sqlStateOf(new Error('no code'))).toBeNull()
  expect(sqlStateOf(null)).toBeNull()
})

it.each(['22P05', '22003', '23505', '23503'])('%s is one row’s own fault', (state) => {
  expect(isDataError(wrapped(state))).toBe(true)
  expect(isTransientError(wrapped(state))).toBe(false)
})

it.each(['40001', '40P01', '55P03', '57P01', '08006'])('%s may work in a moment', (state) => {
  expect(isTransientError(wrapped(state))).toBe(true)
  expect(isDataError(wrapped(state))).toBe(false)
})

it.each(['DatabaseNotReachable', 'ConnectionClosed', 'TooManyConnections', 'SocketTimeout'])(
  'a connection that is not there may work in a moment: %s',
  (kind) => expect(isTransientError(raw({ kind }))).toBe(true),
)

it('takes a transaction that Prisma gave up on for one that may work in a moment', () => {
  expect(isTransientError(known('P2028'))).toBe(true)
  expect(isTransientError(known('P2002'))).toBe(false)
})

const words = 'read ECONNRESET EPIPE: Connection terminated unexpectedly, 57P01'
it.each([
  ['a refusal', new ApiError('invalid_request', words)],
  ['a provider’s failure', new ProviderError('unavailable', words, { cause: new Error(words) })],
  ['somebody’s socket', Object.assign(new Error(words), { code: 'EPIPE', errno: -32, syscall: 'write' })],
  ['an error with a code like the server’s', Object.assign(new Error(words), { code: '57P01' })],
  ['an error that wraps one of the database', new Error(words, { cause: wrapped('57P01') })],
  ['a fault in a statement whose text repeats a client’s', wrapped('42601', { message: words })],
  ['words', words],
])('no words and no borrowed code make an outage of the database: %s', (_, error) => {
  expect(isTransientError(error)).toBe(false)
  expect(isDataError(error)).toBe(false)
})

it('tells which constraint was broken', () => {
  const broken = (index: string, more = {}) =>
    raw({ kind: 'UniqueConstraintViolation', originalCode: '23505', constraint: { index }, ...more })
  expect(isUniqueViolation(broken('workloads_correlation_tag_key'), 'workloads_correlation_tag_key')).toBe(true)
  expect(isUniqueViolation(broken('workloads_exclusive'), 'workloads_correlation_tag_key')).toBe(false)
  const mentioned = broken('workloads_exclusive', { originalMessage: 'of workloads_correlation_tag_key' })
  expect(isUniqueViolation(mentioned, 'workloads_correlation_tag_key')).toBe(false)
  expect(isUniqueViolation(wrapped('23503'), 'workloads_correlation_tag_key')).toBe(false)
})
