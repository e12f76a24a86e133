import { describe, expect, it } from 'vitest'
import { generateLifecycleTables } from '../../scripts/docs/lifecycle-tables.ts'
import { environmentTransitions } from '../../src/vocabulary/environment.ts'
import { jobTransitions } from '../../src/vocabulary/job.ts'

const page = generateLifecycleTables('# Life\n')
const rowsOf = (part: string) =>
  (page.split(`<!-- ${part}:start -->`)[1]?.split(`<!-- ${part}:end -->`)[0] ?? '').split('\n')

describe('lifecycle tables', () => {
  it.each([
    ['job-statuses', jobTransitions],
    ['environment-statuses', environmentTransitions],
  ])('list in %s every status with its next statuses', (part, transitions) => {
    const rows = rowsOf(part)
    for (const [status, targets] of Object.entries(transitions)) {
      const nextStatuses =
        targets.length === 0 ? 'none (final)' : targets.map((target: string) => `\`${target}\``).join(' ')
      expect(rows.find((row) => row.startsWith(`| \`${status}\` |`))).toContain(`| ${nextStatuses} |`)
    }
  })

  it('show a timed-out create as recoverable and a rejected one as final', () => {
    const rows = rowsOf('failures')
    expect(rows.find((row) => row.startsWith('| `timeout` |'))).toMatch(/\| `find` \| `again` \| `again` \|/)
    expect(rows.find((row) => row.startsWith('| `invalid_request` |'))).toMatch(/\| `final` \| `final` \| `again` \|/)
  })

  it('are unchanged when generated again', () => {
    expect(generateLifecycleTables(page)).toBe(page)
  })
})
