import { describe, expect, it } from 'vitest'
import { type Guard, guards, readOptions } from './options.ts'
import { formatReport } from './report.ts'
import { runChaos } from './run.ts'

/** Answers the report, and everything that was said on the way: shown where a test fails. */
async function run(...args: string[]) {
  const lines: string[] = [args.join(' ')]
  const report = await runChaos(readOptions(['--short', ...args]), { print: (line) => lines.push(line) })
  return { ...report, story: [...lines, formatReport(report)].join('\n') }
}

describe('everything against everything that goes wrong', () => {
  it.for(['redis', 'postgres'])(
    'creates nothing twice, loses nothing and leaves nothing stuck (queue on %s)',
    async (queue) => {
      const { verdict, story } = await run('--seed', `short-${queue}`, '--queue', queue)
      expect(verdict.isClean, story).toBe(true)
      const tallies = Object.values(verdict.byProvider)
      // The one that the run planted.
      expect(tallies.reduce((sum, { parked }) => sum + parked, 0)).toBe(1)
      expect(tallies.reduce((sum, { settled }) => sum + settled, 0)).toBeGreaterThan(50)
    },
  )
})

describe('a run without one of the guards', () => {
  const expected: Record<Guard, string> = {
    find: 'duplicates',
    fence: 'duplicates',
    settling: 'duplicates',
    generation: 'stuck',
  }

  it.for(guards)('finds that %s is missing', async (guard) => {
    const { verdict, story } = await run('--workloads', '0', '--without', guard)
    const found = verdict.findings.map(({ what }) => what)
    expect(found, story).toContain(expected[guard])
  })
})
