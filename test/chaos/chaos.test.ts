import { describe, expect, it } from 'vitest'
import { type Guard, guards, readOptions } from './options.ts'
import { formatReport } from './report.ts'
import { runChaos } from './run.ts'

/** The report of a run, and its output for failed assertions. */
async function run(...args: string[]) {
  const lines: string[] = [args.join(' ')]
  const report = await runChaos(readOptions(['--short', ...args]), { print: (line) => lines.push(line) })
  return { ...report, output: [...lines, formatReport(report)].join('\n') }
}

describe('chaos run', () => {
  it.for(['redis', 'postgres'])('loses, duplicates and blocks nothing (queue on %s)', async (queue) => {
    const { verdict, output } = await run('--seed', `short-${queue}`, '--queue', queue)
    expect(verdict.isClean, output).toBe(true)
    const tallies = Object.values(verdict.byProvider)
    // The seeded undecidable case.
    expect(tallies.reduce((sum, { parked }) => sum + parked, 0)).toBe(1)
    expect(tallies.reduce((sum, { settled }) => sum + settled, 0)).toBeGreaterThan(50)
  })
})

describe('chaos run without a safeguard', () => {
  const expected: Record<Guard, string> = {
    find: 'duplicates',
    fence: 'duplicates',
    settling: 'duplicates',
    generation: 'stuck',
  }

  it.for(guards)('reports violations without %s', async (guard) => {
    const { verdict, output } = await run('--workloads', '0', '--without', guard)
    const found = verdict.findings.map(({ fault }) => fault)
    expect(found, output).toContain(expected[guard])
  })
})
