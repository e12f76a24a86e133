import type { Intent } from '../../../src/providers/intent.ts'
import type { EnvironmentSpec } from '../../../src/vocabulary/spec.ts'
import { clock, sendBy } from './connection.ts'

/** The service of the recorded responses. */
export const id = 'fboyb1a2b3c'

export const spec = (options: Record<string, unknown> = {}, more: Partial<EnvironmentSpec> = {}): EnvironmentSpec => ({
  name: 'service',
  description: 'test',
  ...more,
  providerOptions: { aitems: options },
})

export function intent(more: Partial<Intent<'environment'>> = {}): Intent<'environment'> {
  return {
    correlationTag: 'k7m2n9qd4x',
    spec: spec({ serviceType: 'batch' }),
    environmentRemoteId: null,
    before: null,
    sendBy: sendBy(),
    firstSentAt: clock.now(),
    ...more,
  }
}
