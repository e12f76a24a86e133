import { expect, it } from 'vitest'
import { ApiError } from '../../../src/vocabulary/api-error.ts'
import type { SubmitDeps } from '../../../src/workloads/intake/submission.ts'
import { makeSubmitBatch } from '../../../src/workloads/intake/submit-batch.ts'

const by = { subject: 'key_1', address: '127.0.0.1', requestId: 'req_1' }

it('yields to other requests while it looks up the keys of rejected jobs', async () => {
  let [sincePass, maxPerPass, isDone] = [0, 0, false]
  const onPass = () => {
    sincePass = 0
    if (!isDone) setImmediate(onPass)
  }
  const deps = {
    reads: {},
    resolveConnection: async () => {
      throw new ApiError('connection_not_found', 'There is none.')
    },
    admission: { admitAll: async () => [], holderOf: async () => null },
    secretBox: {
      digest: () => {
        sincePass += 1
        maxPerPass = Math.max(maxPerPass, sincePass)
        return { digest: '', byOtherKeys: [] }
      },
    },
  } as unknown as SubmitDeps
  const items = Array.from({ length: 200 }, (_, index) => ({
    ...{ body: { name: 'a', script: 'x', secretVariables: { TOKEN: 'x' } }, key: `k-${index}` },
  }))
  onPass()
  const outcomes = await makeSubmitBatch(deps)({ projectId: 'prj_1', by, kind: 'job', items })
  isDone = true
  expect(outcomes).toHaveLength(200)
  expect(maxPerPass).toBeGreaterThan(0)
  expect(maxPerPass).toBeLessThanOrEqual(20)
})
