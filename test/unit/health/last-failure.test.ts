import { expect, it } from 'vitest'
import { lastFailureOf } from '../../../src/health/last-failure.ts'
import { ProviderError } from '../../../src/providers/provider-error.ts'

const secret = 'planted-secret-value'
const providerError = (message: string) =>
  new ProviderError('bad_response', message, { httpStatus: 500, providerCode: `E-${secret}` })

it('removes the values of a create from the provider message and code', () => {
  const message = `Cannot run with ALPHA=${secret} (${Buffer.from(secret).toString('base64')}).`
  const environmentVariables = { ALPHA: secret }
  const failure = lastFailureOf({ operation: 'create', error: providerError(message), environmentVariables })
  expect(failure).toMatchObject({ operation: 'create', code: 'bad_response', httpStatus: 500 })
  expect(failure.message).toMatch(/^Cannot run with ALPHA=/)
  expect(JSON.stringify(failure)).not.toContain(secret)
  expect(JSON.stringify(failure)).not.toContain(Buffer.from(secret).toString('base64'))
})

it.each(['get', 'find', 'cancel', 'logs', 'access', 'prepare', 'delete'])(
  'omits provider messages about a workload: %s',
  (operation) => {
    const failure = lastFailureOf({ operation, error: providerError(`The job has ALPHA=${secret}.`) })
    expect(failure).toEqual({ operation, code: 'bad_response', httpStatus: 500 })
    const networkError = new ProviderError('unavailable', 'No connection to https://example.com (ECONNREFUSED).')
    expect(lastFailureOf({ operation, error: networkError })).toEqual({
      operation,
      code: 'unavailable',
      message: networkError.message,
    })
  },
)

it.each(['verify', 'discover', 'catalog', 'list'])(
  'keeps the provider message about the connection: %s',
  (operation) => {
    const error = new ProviderError('unauthenticated', 'The token is expired.', { httpStatus: 401, providerCode: 'E7' })
    expect(lastFailureOf({ operation, error })).toEqual({
      ...{ operation, code: 'unauthenticated', httpStatus: 401, providerCode: 'E7' },
      message: 'The token is expired.',
    })
  },
)

it('removes characters that Postgres cannot store', () => {
  const error = new ProviderError('unauthenticated', 'a\0b\ud800', { providerCode: '\0' })
  expect(lastFailureOf({ operation: 'list', error })).toMatchObject({ providerCode: '', message: 'ab\ufffd' })
})

it('omits the message of a programming error', () => {
  const failure = lastFailureOf({ operation: 'create', error: new TypeError(secret), environmentVariables: {} })
  expect(failure).toEqual({ operation: 'create', code: 'internal', message: 'Unexpected driver error.' })
})
