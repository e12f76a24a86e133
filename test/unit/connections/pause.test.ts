import { describe, expect, it } from 'vitest'
import { pauseFor } from '../../../src/connections/pause.ts'
import { ProviderError } from '../../../src/providers/provider-error.ts'

describe('connection pause', () => {
  const rejected = (field: string) => pauseFor(new ProviderError('unauthenticated', 'Rejected.', { field }))

  it('lasts up to 15 minutes after rejected credentials', () => {
    expect(rejected('secretKey')).toMatchObject({ reason: 'credentials_rejected', maxMs: 900_000 })
  })

  it('lasts up to 5 seconds after a clock error', () => {
    expect(rejected('clock')).toMatchObject({ reason: 'credentials_rejected', maxMs: 5000 })
  })

  it('is absent after an error unrelated to the connection', () => {
    expect(pauseFor(new ProviderError('invalid_request', 'No such image.'))).toBeNull()
  })
})
