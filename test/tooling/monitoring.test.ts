import { spawnSync } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { alerts } from '../../scripts/docs/monitoring/alerts.ts'
import { dashboardQueries } from '../../scripts/docs/monitoring/dashboard.ts'
import { metricList } from '../../src/telemetry/metric-list.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const runbooks = join(root, 'docs/runbooks')
const ruleTests = join(root, 'deploy/monitoring/switchyard.rules.test.yaml')
const promtool = (...args: string[]) => spawnSync('promtool', args, { encoding: 'utf8' })
const hasPromtool = promtool('--version').status === 0
const skipped = hasPromtool ? '' : ' [skipped: requires promtool; install it with: apt-get install prometheus]'

describe('alerts and dashboard', () => {
  it('use every metric', () => {
    const queries = [...dashboardQueries, ...alerts.map(({ expr }) => expr)].join('\n')
    const unused = Object.keys(metricList).filter(
      (name) => !new RegExp(`switchyard_${name}\\b|switchyard_${name}_(bucket|count|sum)`).test(queries),
    )
    expect(unused).toEqual([])
  })

  it('have a runbook with the same sections for every alert', async () => {
    expect((await readdir(runbooks)).sort()).toEqual(alerts.map(({ name }) => `${name}.md`).sort())
    for (const { name } of alerts) {
      const page = await readFile(join(runbooks, `${name}.md`), 'utf8')
      expect(page.match(/^#.*$/gm)).toEqual([`# ${name}`, '## Meaning', '## Look at', '## Cure'])
    }
  })

  it('have a firing test for every alert', async () => {
    const { tests } = parse(await readFile(ruleTests, 'utf8')) as {
      tests: { alert_rule_test?: { alertname: string; exp_alerts: unknown[] }[] }[]
    }
    const firing = tests.flatMap(({ alert_rule_test: cases = [] }) =>
      cases.flatMap(({ alertname, exp_alerts: expected }) => (expected.length > 0 ? [alertname] : [])),
    )
    expect(firing.sort()).toEqual(alerts.map(({ name }) => name).sort())
  })

  it.skipIf(!hasPromtool)(`pass the Prometheus rule tests${skipped}`, () => {
    const { status, stdout, stderr } = promtool('test', 'rules', ruleTests)
    expect([status, stdout + stderr]).toEqual([0, expect.stringContaining('SUCCESS')])
  })

  it.skipIf(!hasPromtool)(`contain only queries that Prometheus accepts${skipped}`, async () => {
    const dir = await mkdtemp(join(tmpdir(), 'switchyard-queries-'))
    const rules = dashboardQueries.map((query, index) => ({
      record: `query_${index}`,
      expr: query.replaceAll('$__rate_interval', '5m'),
    }))
    const file = join(dir, 'rules.json')
    await writeFile(file, JSON.stringify({ groups: [{ name: 'dashboard', rules }] }))
    expect(promtool('check', 'rules', file)).toMatchObject({ status: 0 })
    await rm(dir, { recursive: true })
  })
})
