import { DriverAdapterError } from '@prisma/driver-adapter-utils'
import { DatabaseError } from 'pg'
import { expect, it } from 'vitest'
import { isDataError, isTransientError, isUniqueViolation, sqlStateOf } from '../../../src/infra/database-errors.ts'
import { ProviderError } from '../../../src/providers/provider-error.ts'
import { ApiError } from '../../../src/vocabulary/api-error.ts'
import { prismaError as known, databaseError as raw } from '../../support/database-error.ts'

/** A server error as Prisma wraps it. */
const wrapped = (originalCode: string, more = {}) => raw({ kind: 'postgres', originalCode, ...more })

it('reads the SQLSTATE of a database error, but no Prisma code', () => {
  expect(sqlStateOf(wrapped('22P05'))).toBe('22P05')
  expect(sqlStateOf(new DriverAdapterError({ kind: 'TransactionWriteConflict', originalCode: '40001' }))).toBe('40001')
  expect(sqlStateOf(Object.assign(new DatabaseError('m', 1, 'error'), { code: '40P01' }))).toBe('40P01')
  expect(sqlStateOf(known('P2002'))).toBeNull()
  expect(sqlStateOf(new Error('no code'))).toBeNull()
  expect(sqlStateOf(null)).toBeNull()
})

it.each(['22P05', '22003', '23505', '23503'])('classifies %s as a data error', (state) => {
  expect(isDataError(wrapped(state))).toBe(true)
  expect(isTransientError(wrapped(state))).toBe(false)
})

it.each(['40001', '40P01', '55P03', '57P01', '08006'])('classifies %s as transient', (state) => {
  expect(isTransientError(wrapped(state))).toBe(true)
  expect(isDataError(wrapped(state))).toBe(false)
})

it.each(['DatabaseNotReachable', 'ConnectionClosed', 'TooManyConnections', 'SocketTimeout'])(
  'classifies the connection error %s as transient',
  (kind) => expect(isTransientError(raw({ kind }))).toBe(true),
)

it('classifies P2028 as transient, but not P2002', () => {
  expect(isTransientError(known('P2028'))).toBe(true)
  expect(isTransientError(known('P2002'))).toBe(false)
})

const text = 'read ECONNRESET EPIPE: Connection terminated unexpectedly, 57P01'
it.each([
  ['an API error', new ApiError('invalid_request', text)],
  ['a provider error', new ProviderError('unavailable', text, { cause: new Error(text) })],
  ['a socket error', Object.assign(new Error(text), { code: 'EPIPE', errno: -32, syscall: 'write' })],
  ['an error with a SQLSTATE as code', Object.assign(new Error(text), { code: '57P01' })],
  ['an error caused by a database error', new Error(text, { cause: wrapped('57P01') })],
  ['a statement error that repeats client input', wrapped('42601', { message: text })],
  ['a string', text],
])('does not classify %s as a database error', (_, error) => {
  expect(isTransientError(error)).toBe(false)
  expect(isDataError(error)).toBe(false)
})

it('identifies the violated constraint', () => {
  const broken = (index: string, more = {}) =>
    raw({ kind: 'UniqueConstraintViolation', originalCode: '23505', constraint: { index }, ...more })
  expect(isUniqueViolation(broken('workloads_correlation_tag_key'), 'workloads_correlation_tag_key')).toBe(true)
  expect(isUniqueViolation(broken('workloads_exclusive'), 'workloads_correlation_tag_key')).toBe(false)
  const mentioned = broken('workloads_exclusive', { originalMessage: 'of workloads_correlation_tag_key' })
  expect(isUniqueViolation(mentioned, 'workloads_correlation_tag_key')).toBe(false)
  expect(isUniqueViolation(wrapped('23503'), 'workloads_correlation_tag_key')).toBe(false)
})
