import { expect, it } from 'vitest'
import { isFinished } from '../../../clients/cli/src/waiting/finished-jobs.ts'
import { finishedJobStatuses } from '../../../clients/typescript/src/statuses.ts'

it('the command line and the client define the same finished statuses', () => {
  const statuses = Object.keys(finishedJobStatuses) as (keyof typeof finishedJobStatuses)[]
  expect(Object.fromEntries(statuses.map((status) => [status, isFinished({ status })]))).toEqual(finishedJobStatuses)
})
