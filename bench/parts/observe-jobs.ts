import { setTimeout as sleep } from 'node:timers/promises'
import type { ManyJobsReady } from '../programs/many-jobs.ts'
import { apiKey, startService } from '../services.ts'
import type { Stack } from '../stack.ts'

const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' }

/** Connects each account and runs one job in it, created as usual. */
export async function prepareAccounts(
  stack: Stack,
  accounts: ManyJobsReady['accounts'],
): Promise<{ remove(): Promise<void> }> {
  const [api, worker] = await Promise.all([startService(stack, 'api'), startService(stack, 'worker')])
  const post = async (path: string, body: object) => {
    const response = await fetch(api.url + path, { method: 'POST', headers, body: JSON.stringify(body) })
    if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${await response.text()}`)
    return (await response.json()) as { id: string }
  }
  const ids: string[] = []
  for (const [index, account] of accounts.entries()) {
    const { id: connectionId } = await post('/connections', connectionTo(account, index))
    ids.push(connectionId)
    await post('/jobs', { ...job, connectionId })
  }
  const running = `SELECT FROM workloads WHERE status = 'running' AND raw_state = 'Running' AND tasks IS NOT NULL`
  for (let tries = 0; (await stack.pool.query(running)).rowCount !== accounts.length; tries++) {
    if (tries === 300) throw new Error(`The first jobs do not run: ${worker.output()}`)
    await sleep(100)
  }
  await Promise.all([api.stop(), worker.stop()])
  return {
    async remove() {
      await stack.pool.query('DELETE FROM connections WHERE id = ANY($1)', [ids])
    },
  }
}

const job = {
  provider: 'modelarts',
  name: 'train',
  image: 'bench/train:1',
  command: ['python', 'train.py', '--epochs', '90', '--data', '/data/imagenet'],
  resources: { flavor: 'modelarts.vm.gpu.v100', nodes: 1 },
  environmentVariables: { NCCL_DEBUG: 'INFO', DATASET: 'imagenet', RUN: 'a' },
  labels: { team: 'bench' },
}

function connectionTo(
  { urls: { modelarts: url }, accounts: { modelarts } }: ManyJobsReady['accounts'][number],
  index: number,
) {
  const { accessKey, secretKey, region, projectId } = modelarts
  return {
    name: `account-${index}`,
    settings: { modelarts: { baseUrl: url, iamUrl: url, region, projectId } },
    credentials: { modelarts: { accessKey, secretKey } },
  }
}

/** Copies the row of each job to match the copies at the provider, with the same ids and correlation tags. */
export async function copyRows({ pool }: Stack, jobs: number): Promise<void> {
  await pool.query(
    `INSERT INTO workloads SELECT (jsonb_populate_record(w, jsonb_build_object(
        'id', left(w.id, -5) || lpad(n::text, 5, '0'), 'correlation_tag', left(w.correlation_tag, -5) || lpad(n::text, 5, '0'), 'name', w.name || '-' || n,
        'remote_id', md5(w.remote_id || '/' || n), 'remote_name', left(w.remote_name, -5) || lpad(n::text, 5, '0')))).*
    FROM workloads w, generate_series(1, $1 - 1) AS n`,
    [jobs],
  )
  // Observations of the first jobs must not affect the measurement.
  await pool.query('UPDATE sweeps SET due_at = now(), interval_ms = 0 WHERE due_at IS NOT NULL OR lease_id IS NOT NULL')
  await pool.query('VACUUM ANALYZE')
}
