import fc from 'fast-check'
import { expect, it } from 'vitest'
import { pickFitting, type WorkloadUsage } from '../../../src/workloads/intake/quota.ts'

const usage = (quota: WorkloadUsage['quota'], activeWorkloads = 0, accelerators = 0): WorkloadUsage => ({
  ...{ quota, activeWorkloads, accelerators },
})
const requestsOf = (...accelerators: number[]) =>
  accelerators.map((each, index) => ({ id: `job_${index}`, projectId: 'prj_1', accelerators: each }))
const pick = (news: ReturnType<typeof requestsOf>, of: WorkloadUsage) => {
  const { fitting, others } = pickFitting(news, new Map([['prj_1', of]]))
  return { fitting: fitting.map(({ id }) => id), others: Object.fromEntries(others) }
}

it('accepts the first workloads and reports the usage to the others', () => {
  expect(pick(requestsOf(0, 0, 0), usage({ activeWorkloads: 3 }, 1))).toEqual({
    fitting: ['job_0', 'job_1'],
    others: { job_2: { overQuota: '3 of 3 active jobs and environments' } },
  })
})

it('accepts smaller requests after one that is too large', () => {
  expect(pick(requestsOf(2, 3, 1, 0), usage({ accelerators: 4 }, 9, 1))).toEqual({
    fitting: ['job_0', 'job_2', 'job_3'],
    others: { job_1: { overQuota: '3 of 4 accelerators, and this asks for 3' } },
  })
  expect(pick(requestsOf(0, 1), usage({ accelerators: 4 }, 0, 9)).fitting).toEqual(['job_0'])
})

it('counts projects separately and ignores those without a quota', () => {
  const news = [0, 1, 2, 3].map((index) => ({ id: `job_${index}`, projectId: `prj_${index % 2}`, accelerators: 1 }))
  const { fitting } = pickFitting(news, new Map([['prj_0', usage({ activeWorkloads: 1 })]]))
  expect(fitting.map(({ id }) => id)).toEqual(['job_0', 'job_1', 'job_3'])
})

it('never exceeds a quota', () => {
  const count = fc.nat({ max: 8 })
  fc.assert(
    fc.property(fc.array(count, { maxLength: 30 }), count, count, (requested, activeWorkloads, accelerators) => {
      const { fitting } = pickFitting(
        requestsOf(...requested),
        new Map([['prj_1', usage({ activeWorkloads, accelerators })]]),
      )
      expect(fitting.length).toBeLessThanOrEqual(activeWorkloads)
      expect(fitting.reduce((sum, each) => sum + each.accelerators, 0)).toBeLessThanOrEqual(accelerators)
    }),
  )
})
