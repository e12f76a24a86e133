import { expect, it } from 'vitest'
import { makeHealthMeasures } from '../../../src/health/health-measures.repository.ts'
import { makeMeasuresRepository, measuring } from '../../../src/workloads/maintenance/measures.repository.ts'
import { useApiBench } from '../../support/api-bench.ts'
import { explain } from '../../support/rows-read.ts'

const { api, open, connections } = await useApiBench()
const measure = makeMeasuresRepository(open.prisma)

interface Sample {
  labels: Readonly<Record<string, string>>
  value: number
}

const samplesOf = async (name: string): Promise<readonly Sample[]> =>
  (await measure()).find((each) => each.name === name)?.samples ?? []

it('due workloads are counted per project for the 20 longest waiting, the others together', async () => {
  const environment = {
    connectionId: connections.dataforest,
    name: 'ws',
    image: 'tensorflow:r2.3.1-py3',
    command: ['ls'],
  }
  const { id, projectId } = await api.ok('POST', '/environments', environment)
  await open.pool.query("UPDATE workloads SET due_at = now() - interval '5 s' WHERE id = $1", [id])
  // Workloads of 24 other projects, each due for longer than the previous one.
  await open.pool.query(`
    CREATE TEMP TABLE copies AS SELECT n, w.id AS of FROM generate_series(1, 24) n, workloads w;
    INSERT INTO projects (id, name) SELECT 'prj_' || lpad(n::text, 26, '0'), 'p' || n FROM copies;
    INSERT INTO connections (id, project_id, provider, name, settings, sealed_credentials)
    SELECT 'conn_' || lpad(n::text, 26, '0'), 'prj_' || lpad(n::text, 26, '0'), 'slurm', 'c', '{}', '' FROM copies;
    INSERT INTO workloads (id, project_id, kind, provider, connection_id, name, labels, spec, correlation_tag, status, due_at)
    SELECT 'job_' || lpad(n::text, 26, '0'), 'prj_' || lpad(n::text, 26, '0'), 'job', 'slurm', 'conn_' || lpad(n::text, 26, '0'),
      'j', '{}', '{}', 'tag' || n, 'queued', now() - (60 + n) * interval '1 s' FROM copies`)
  const counts = await samplesOf('due_workloads')
  const ages = await samplesOf('oldest_due_seconds')
  expect(counts).toHaveLength(22)
  expect(counts.every(({ labels }) => labels.project !== projectId)).toBe(true)
  expect(counts).toContainEqual({ labels: { project: 'other', provider: 'slurm' }, value: 4 })
  expect(counts).toContainEqual({ labels: { project: 'other', provider: 'dataforest' }, value: 1 })
  const oldest = ages.find(({ labels }) => labels.project === `prj_${'24'.padStart(26, '0')}`)
  expect(oldest?.value).toBeGreaterThanOrEqual(84)
  expect(oldest?.value).toBeLessThan(120)
})

it('scan lag is reported by provider and kind', async () => {
  await open.pool.query(
    "UPDATE sweeps SET due_at = now() - interval '30 s', lease_until = NULL WHERE kind = 'environment'",
  )
  const lags = await samplesOf('scan_lag_seconds')
  const lag = lags.find(({ labels }) => labels.provider === 'dataforest' && labels.kind === 'environment')
  expect(lag?.value).toBeGreaterThanOrEqual(30)
})

it('measuring does not read ended workloads', async () => {
  const before = await explain(open, measuring)
  await open.pool.query(`
    INSERT INTO workloads (id, project_id, kind, provider, connection_id, name, labels, spec, correlation_tag, status, active, ended_at)
    SELECT 'job_ended' || n, project_id, 'job', provider, id, 'j', '{}', '{}', 'ended' || n, 'failed', false, now()
    FROM connections, generate_series(1, 20000) n WHERE id = '${connections.slurm}';
    ANALYZE workloads`)
  const after = await explain(open, measuring)
  expect(before.read).toBeGreaterThan(0)
  expect(after.read, after.plan).toBeLessThan(before.read + 100)
})

it('time since the last success is reported for used connections without a hold', async () => {
  const measureHealth = makeHealthMeasures(open.sql)
  const { dataforest = '', slurm = '', scnet = '', modelarts = '' } = connections
  await open.pool.query(
    `INSERT INTO connection_results (connection_id, last_succeeded_at)
    SELECT id, now() - interval '10 minutes' FROM unnest($1::text[]) AS id`,
    [[dataforest, slurm, scnet]],
  )
  await open.pool.query('INSERT INTO connection_results (connection_id, last_failed_at) VALUES ($1, now())', [
    modelarts,
  ])
  await open.pool.query(`UPDATE connections SET created_at = now() - interval '20 minutes' WHERE id = $1`, [modelarts])
  await open.pool.query('UPDATE sweeps SET due_at = CASE WHEN connection_id = ANY($1) THEN now() END', [
    [dataforest, scnet, modelarts],
  ])
  await open.pool.query('UPDATE connections SET held = (id = $1)', [scnet])
  const [{ samples } = { samples: [] }] = await measureHealth()
  expect(samples.map(({ labels }) => labels)).toEqual([
    { connection: modelarts, provider: 'modelarts' },
    { connection: dataforest, provider: 'dataforest' },
  ])
  const ages = samples.map(({ value }) => Math.round(value / 60))
  expect(ages).toEqual([20, 10])
})
