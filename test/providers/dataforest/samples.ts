import { inspect } from 'node:util'
import { expect } from 'vitest'
import type { Intent } from '../../../src/providers/intent.ts'
import type { ProviderError } from '../../../src/providers/provider-error.ts'
import type { JobSpec } from '../../../src/vocabulary/spec.ts'
import { makeFixedClock } from '../../support/fixed-clock.ts'

export const keys = { accessKey: 'EXAMPLEACCESSKEY0001', secretKey: 'exampleSecretKeyForUnitTestsOnly00000001' }
export const clock = makeFixedClock('2023-11-14T22:13:20.000Z')

export async function failureOf(promise: Promise<unknown>): Promise<ProviderError> {
  const error = await promise.then(
    () => {
      throw new Error('expected a rejection')
    },
    (cause: ProviderError) => cause,
  )
  const shown = inspect(error, { depth: 10 })
  for (const secret of [keys.secretKey, keys.accessKey]) expect(shown).not.toContain(secret)
  return error
}

export const sendBy = () => ({ at: new Date(clock.now().getTime() + 1000), monotonicMs: clock.monotonicMs() + 1000 })

const jobSpec: JobSpec = {
  name: 'train',
  image: 'tensorflow:r2.3.1-py3',
  script: 'python train.py',
  workingDirectory: 'api-test',
  queue: 'gpu',
  resources: { cpus: 1, memoryMiB: 1024, accelerator: { kind: 'gpu', model: 'T4', count: 1 } },
  inputs: [{ source: '/user/acct/data_in', path: 'data_in' }],
  outputs: [{ destination: '/user/acct/data_out', path: 'data_out', overwrite: false }],
}

export function jobIntent(spec: Partial<JobSpec> = {}, correlationTag = 's7k2m9qd'): Intent<'job'> {
  return {
    correlationTag,
    spec: { ...jobSpec, ...spec },
    environmentRemoteId: '6ZKSGoSJMMwctK257nxgiL',
    before: null,
    sendBy: sendBy(),
    firstSentAt: clock.now(),
  }
}

export const accepted = {
  success: true,
  id: 'dN2vdAwrCMZdUzGKKiFy6Z',
  accountName: 'acct',
  name: 's7k2m9qd-cvbp-1zqz',
  queueName: 'gpu',
  startedAt: '2022-08-01T11:08:33.086+09:00',
  finishedAt: '1970-01-01T09:00:00+09:00',
  elapsedMillis: 0,
  state: 'ACCEPTED',
  finalStatus: 'UNDEFINED',
}
