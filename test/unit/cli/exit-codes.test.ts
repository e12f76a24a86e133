import { expect, it } from 'vitest'
import { exitCodeOfJob } from '../../../clients/cli/src/exit-codes.ts'

it.each([
  [{ status: 'succeeded', exitCode: 0 }, 0],
  [{ status: 'failed', exitCode: 3 }, 3],
  [{ status: 'failed', exitCode: 0 }, 1],
  [{ status: 'failed', exitCode: 256 }, 1],
  [{ status: 'failed', signal: 9 }, 137],
  [{ status: 'failed', exitCode: 2, signal: 9 }, 2],
  [{ status: 'failed' }, 1],
  [{ status: 'canceled', exitCode: 0 }, 121],
  [{ status: 'unknown' }, 122],
])('maps the job %j to the exit code %i', (job, expected) => {
  expect(exitCodeOfJob(job)).toBe(expected)
})
