import { expect, it } from 'vitest'
import { lastFailureOf } from '../../../src/health/last-failure.ts'
import { ProviderError } from '../../../src/providers/provider-error.ts'

const secret = 'planted-secret-value'
const answer = (message: string) =>
  new ProviderError('bad_response', message, { httpStatus: 500, providerCode: `E-${secret}` })

it('removes what a create sent from the message and the code of the provider', () => {
  const message = `Cannot run with ALPHA=${secret} (${Buffer.from(secret).toString('base64')}).`
  const environmentVariables = { ALPHA: secret }
  const told = lastFailureOf({ operation: 'create', error: answer(message), environmentVariables })
  expect(told).toMatchObject({ operation: 'create', code: 'bad_response', httpStatus: 500 })
  expect(told.message).toMatch(/^Cannot run with ALPHA=/)
  expect(JSON.stringify(told)).not.toContain(secret)
  expect(JSON.stringify(told)).not.toContain(Buffer.from(secret).toString('base64'))
})

it.each(['get', 'find', 'cancel', 'logs', 'access', 'prepare', 'delete'])(
  'repeats no words of a provider about a workload: %s',
  (operation) => {
    const told = lastFailureOf({ operation, error: answer(`The job has ALPHA=${secret}.`) })
    expect(told).toEqual({ operation, code: 'bad_response', httpStatus: 500 })
    const lost = new ProviderError('unavailable', 'No connection to https://example.com (ECONNREFUSED).')
    expect(lastFailureOf({ operation, error: lost })).toEqual({ operation, code: 'unavailable', message: lost.message })
  },
)

it.each(['verify', 'discover', 'catalog', 'list'])(
  'tells what a provider says about the connection: %s',
  (operation) => {
    const error = new ProviderError('unauthenticated', 'The token is expired.', { httpStatus: 401, providerCode: 'E7' })
    expect(lastFailureOf({ operation, error })).toEqual({
      ...{ operation, code: 'unauthenticated', httpStatus: 401, providerCode: 'E7' },
      message: 'The token is expired.',
    })
  },
)

it('keeps only what Postgres can store', () => {
  const error = new ProviderError('unauthenticated', 'a\0b\ud800', { providerCode: '\0' })
  expect(lastFailureOf({ operation: 'list', error })).toMatchObject({ providerCode: '', message: 'ab\ufffd' })
})

it('does not tell the message of a defect, which may contain anything', () => {
  const told = lastFailureOf({ operation: 'create', error: new TypeError(secret), environmentVariables: {} })
  expect(told).toEqual({ operation: 'create', code: 'internal', message: 'Unexpected driver error.' })
})
