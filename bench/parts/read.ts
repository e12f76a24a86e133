import { Client } from 'pg'
import { filterOf } from '../../src/records/list-query.ts'
import { makeId } from '../../src/vocabulary/ids.ts'
import { listStatement } from '../../src/workloads/store/list.repository.ts'
import { explainAs } from '../../test/support/rows-read.ts'
import type { Figures } from '../figures.ts'
import type { Part } from '../part.ts'
import { startProgram } from '../program.ts'
import type { Reads, ReadsResult } from '../programs/reader.ts'
import { queryOf, readFilters } from '../read-filters.ts'
import { type SeedTarget, seedJobs, withoutIndexes } from '../seed.ts'
import { apiKey, postTo, type Service, slurmConnection, startService } from '../services.ts'
import type { Stack } from '../stack.ts'

/** Default page size. */
const pageSize = 50

interface Seeded {
  size: number
  key: string
  target: SeedTarget
}

/** Projects are kept between rounds: inserting a million jobs takes longer than reading them. */
const seeded = new Map<number, Seeded>()

/** Measures first pages of `GET /jobs` with every filter, in projects of different sizes. */
export const read: Part = {
  name: 'read',
  unit: 'request',
  plotted: ['p50 ms', 'p99 ms', 'rows per row of a page'],
  async run(stack, { isShort }) {
    const sizes = isShort ? [10_000, 50_000] : [10_000, 100_000, 1_000_000]
    const api = await startService(stack, 'api')
    const projects: Seeded[] = []
    for (const size of sizes) projects.push(await projectOf(stack, api, size))
    const reader = await startProgram(new URL('../programs/reader.ts', import.meta.url), {})
    const measured: Record<string, Figures> = {}
    for (const [name, filter] of Object.entries(readFilters)) {
      const query = ({ target }: Seeded) => `${api.url}/jobs?${queryOf(filter(target))}`
      const requests = projects.map((project) => ({ url: query(project), authorization: `Bearer ${project.key}` }))
      await reader.send<ReadsResult>({ requests, amount: 10 } satisfies Reads)
      const result = await reader.send<ReadsResult>({ requests, amount: isShort ? 30 : 200 } satisfies Reads)
      const rows = await rowsRead(
        stack,
        projects.map((project) => [project, filterOf(filter(project.target))]),
      )
      measured[name] = figuresOf(sizes, result, rows)
    }
    await reader.stop()
    await api.stop()
    return { ...measured, worst: worstOf(measured) }
  },
}

async function projectOf(stack: Stack, api: Service, size: number): Promise<Seeded> {
  const known = seeded.get(size)
  if (known !== undefined) return known
  const { id: projectId } = await postTo(api, apiKey, 'projects', { name: `read-${size}` })
  const { key } = await postTo(api, apiKey, 'api-keys', { name: 'read', projectId, scopes: ['admin'] })
  const connect = async (name: string) =>
    (await postTo(api, key, 'connections', { ...slurmConnection(stack), name })).id
  const target: SeedTarget = {
    projectId,
    connectionIds: [await connect('first'), await connect('second'), await connect('third')],
    environmentId: makeId('environment'),
  }
  await withoutIndexes(stack.pool, () => seedJobs(stack.pool, target, size))
  await stack.pool.query('VACUUM (ANALYZE) workloads, workload_labels')
  const prepared = { size, key, target }
  seeded.set(size, prepared)
  return prepared
}

/** Rows and index entries read per row of a full page; the worse of Postgres's planning modes. */
async function rowsRead(stack: Stack, lists: readonly [Seeded, ReturnType<typeof filterOf>][]): Promise<number[]> {
  const client = new Client({ connectionString: stack.databaseUrl })
  await client.connect()
  const counts: number[] = []
  for (const [{ target }, filter] of lists) {
    const { projectId } = target
    const statement = listStatement({ projectId, kind: 'job', filter, order: 'desc', limit: pageSize + 1, after: null })
    const reads = [
      await explainAs(client, 'custom plan', statement),
      await explainAs(client, 'generic plan', statement),
    ]
    counts.push(Math.max(...reads.map(({ read: count }) => count)) / pageSize)
  }
  await client.end()
  return counts
}

function figuresOf(sizes: readonly number[], { times, failure }: ReadsResult, rows: readonly number[]): Figures {
  const at = (index: number, part: number) => {
    const sorted = times[index] ?? []
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN
  }
  if (failure !== null) throw new Error(`GET ${failure}`)
  const figures: Record<string, number> = {}
  for (const [index, size] of sizes.entries()) {
    figures[`p50 ms at ${size}`] = at(index, 0.5)
    figures[`p99 ms at ${size}`] = at(index, 0.99)
    figures[`rows per row of a page at ${size}`] = rows[index] ?? Number.NaN
  }
  figures['p99 growth'] = at(sizes.length - 1, 0.99) / at(0, 0.99)
  return figures
}

/** Highest value of each figure over all filters; for rows, over all sizes. */
function worstOf(measured: Readonly<Record<string, Figures>>): Figures {
  const worst: Record<string, number> = {}
  for (const [figure, value] of Object.values(measured).flatMap((figures) => Object.entries(figures))) {
    worst[figure] = Math.max(worst[figure] ?? 0, value)
    const [name = figure] = figure.split(' at ')
    if (name === 'rows per row of a page') worst[name] = Math.max(worst[name] ?? 0, value)
  }
  return worst
}
