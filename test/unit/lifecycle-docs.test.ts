import { describe, expect, it } from 'vitest'
import { generateLifecycleTables } from '../../scripts/docs/lifecycle-tables.ts'
import { environmentTransitions } from '../../src/vocabulary/environment.ts'
import { jobTransitions } from '../../src/vocabulary/job.ts'

const page = generateLifecycleTables('# Life\n')
const rowsOf = (part: string) =>
  (page.split(`<!-- ${part}:start -->`)[1]?.split(`<!-- ${part}:end -->`)[0] ?? '').split('\n')

describe('the tables of the life of a workload', () => {
  it.each([
    ['job-statuses', jobTransitions],
    ['environment-statuses', environmentTransitions],
  ])('%s shows every status with all that may follow it', (part, transitions) => {
    const rows = rowsOf(part)
    for (const [status, targets] of Object.entries(transitions)) {
      const followers =
        targets.length === 0 ? 'none (final)' : targets.map((target: string) => `\`${target}\``).join(' ')
      expect(rows.find((row) => row.startsWith(`| \`${status}\` |`))).toContain(`| ${followers} |`)
    }
  })

  it('says of a create without an answer that it is looked for, and of a refused one that it is final', () => {
    const rows = rowsOf('failures')
    expect(rows.find((row) => row.startsWith('| `timeout` |'))).toMatch(/\| `find` \| `again` \| `again` \|/)
    expect(rows.find((row) => row.startsWith('| `invalid_request` |'))).toMatch(/\| `final` \| `final` \| `again` \|/)
  })

  it('changes nothing when it is generated again', () => {
    expect(generateLifecycleTables(page)).toBe(page)
  })
})
