import { describe, expect, it } from 'vitest'
import { pauseFor } from '../../../src/connections/pause.ts'
import { ProviderError } from '../../../src/providers/provider-error.ts'

describe('how long a connection is left alone', () => {
  const rejected = (field: string) => pauseFor(new ProviderError('unauthenticated', 'Rejected.', { field }))

  it('is long after wrong keys, which some vendors lock', () => {
    expect(rejected('secretKey')).toMatchObject({ reason: 'credentials_rejected', maxMs: 900_000 })
  })

  it('is short where the clock of one process is wrong: the keys are right, and other processes can go on', () => {
    expect(rejected('clock')).toMatchObject({ reason: 'credentials_rejected', maxMs: 5000 })
  })

  it('is nothing after a failure that says nothing about the connection', () => {
    expect(pauseFor(new ProviderError('invalid_request', 'No such image.'))).toBeNull()
  })
})
