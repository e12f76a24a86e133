import { expect, it } from 'vitest'
import { environmentKind } from '../../../src/environments/environment.kind.ts'
import { transition } from '../../../src/workloads/apply/transition.ts'
import { makeFacts, makeWorkload } from './make-workload.ts'

const basis = { leaseId: 'lease' }

it('a requested action without a call is news', () => {
  const running = {
    status: 'running',
    remoteId: 'r1',
    rawState: 'RUNNING',
    generation: 2,
    observedGeneration: 1,
  } as const
  const environment = makeWorkload('environment', running)
  const write = (observedGeneration: number) =>
    transition(
      environmentKind,
      environment,
      { change: { observedGeneration }, attemptResult: null },
      { facts: makeFacts<'environment'>(), basis },
    )
  expect(write(2)).toMatchObject({ isVisible: true, event: null })
  expect(write(1)).toMatchObject({ isVisible: false, event: null })
})
