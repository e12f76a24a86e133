import { describe, it } from 'vitest'
import { type Guard, guards, readOptions } from '../chaos/options.ts'
import { formatReport } from '../chaos/report.ts'
import { runChaos } from '../chaos/run.ts'

const limit = { timeout: 400_000 }
/** Six installations at once are too much beside the other tests on two cores, so they run when they are asked for. */
const isAskedFor = process.env.CHAOS === '1'
if (!isAskedFor) process.stderr.write('chaos is left out: CHAOS=1 npm test -- --project e2e chaos\n')

/** Answers the report, and everything that was said on the way: shown where a test fails. */
async function run(...args: string[]) {
  const lines: string[] = [args.join(' ')]
  const report = await runChaos(readOptions(['--short', ...args]), (line) => lines.push(line))
  return { ...report, story: [...lines, formatReport(report)].join('\n') }
}

describe.skipIf(!isAskedFor)('everything against everything that goes wrong', limit, () => {
  it.concurrent.for(['redis', 'postgres'])(
    'creates nothing twice, loses nothing and leaves nothing stuck (queue on %s)',
    async (queue, { expect }) => {
      const { verdict, story } = await run('--seed', `short-${queue}`, '--queue', queue)
      expect(verdict.isClean, story).toBe(true)
      const tallies = Object.values(verdict.byProvider)
      // The one that the run planted.
      expect(tallies.reduce((sum, { parked }) => sum + parked, 0)).toBe(1)
      expect(tallies.reduce((sum, { settled }) => sum + settled, 0)).toBeGreaterThan(50)
    },
  )
})

describe.skipIf(!isAskedFor)('a run without one of the guards', limit, () => {
  const expected: Record<Guard, string> = {
    find: 'duplicates',
    fence: 'duplicates',
    settling: 'duplicates',
    generation: 'stuck',
  }

  it.concurrent.for(guards)('finds that %s is missing', async (guard, { expect }) => {
    const { verdict, story } = await run('--workloads', '0', '--without', guard)
    const found = verdict.findings.map(({ what }) => what)
    expect(found, story).toContain(expected[guard])
  })
})
