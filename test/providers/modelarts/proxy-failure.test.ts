import { expect, it } from 'vitest'
import { modelartsProvider } from '../../../src/providers/modelarts/index.ts'
import { ProviderError } from '../../../src/providers/provider-error.ts'
import { makeFixedClock } from '../../support/fixed-clock.ts'
import { failureOf, keys, login, projectId, signal } from './connection.ts'

it.each([
  ['a password', login],
  ['an access key', keys],
])('verify with %s reports a failed proxy instead of a setting of the connection', async (_with, credentials) => {
  const url = 'https://api.example.com'
  const settings = { region: 'eu-de', projectId, baseUrl: url, iamUrl: url }
  const clock = makeFixedClock('2024-01-02T03:04:05.000Z')
  const error = new ProviderError('unavailable', 'No tunnel.', { field: 'EGRESS_PROXY', notSent: true })
  const http = { send: () => Promise.reject(error) }
  const { verify } = modelartsProvider.open({ settings, credentials, http, clock })
  expect(await failureOf(verify(signal))).toMatchObject({ code: 'unavailable', field: 'EGRESS_PROXY' })
})
