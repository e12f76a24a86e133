import { Client } from 'pg'
import { expect, it } from 'vitest'
import { submitBatch } from '../../support/job-batches.ts'
import { startTwoInstances } from './two-instances.ts'

const two = startTwoInstances({ requestRate: { requests: 1000, windowSeconds: 60 } })

async function teamWith(name: string, quota: object) {
  const project = await two.admin.ok('POST', '/projects', { name, quota })
  const scopes = ['jobs:write', 'jobs:read', 'connections:manage']
  const { key } = await two.admin.ok('POST', '/api-keys', { name, projectId: project.id, scopes })
  const team = two.as(key)
  await team.ok('POST', '/connections', {
    ...{
      name: 'cluster',
      settings: { slurm: { baseUrl: 'http://127.0.0.1:9', user: 'u', defaultWorkingDirectory: '/tmp' } },
    },
    credentials: { slurm: { token: 'header.payload.signature' } },
  })
  return { project, team, other: two.as(key, 'second') }
}

const job = (more: object = {}) => ({
  ...{ provider: 'slurm', name: 'sweep', script: '#!/bin/sh\n', resources: { cpus: 1, memoryMiB: 1 }, ...more },
})
const gpus = (count: number) =>
  job({ resources: { cpus: 1, memoryMiB: 1, accelerator: { kind: 'gpu', model: 'T4', count } } })
const statuses = ({ results }: Awaited<ReturnType<typeof submitBatch>>) => results.map(({ status }) => status[0])

async function finish(projectId: string): Promise<void> {
  const sql = new Client({ connectionString: two.databaseUrl })
  await sql.connect()
  await sql.query(`UPDATE workloads SET status = 'failed', active = false, ended_at = now() WHERE project_id = $1`, [
    projectId,
  ])
  await sql.end()
}

it('a quota applies to the jobs of a batch in order and skips excess jobs', async () => {
  const { team } = await teamWith('ordered', { activeWorkloads: 4, accelerators: 5 })
  const batch = await submitBatch(team, [gpus(3), gpus(3), gpus(2), job(), job(), job()])
  expect(statuses(batch)).toEqual(['a', 'r', 'a', 'a', 'a', 'r'])
  expect(batch.results[1]?.problem).toMatchObject({ status: 403, code: 'quota_exceeded' })
  expect(batch.results[1]?.problem?.detail).toContain('3 of 5 accelerators, and this asks for 3')
  expect(batch.results[5]?.problem?.detail).toContain('4 of 4 active jobs and environments')
})

it('a quota is not exceeded by concurrent batches and single submits', async () => {
  const { team, other } = await teamWith('contended', { activeWorkloads: 25 })
  const batchOf20 = Array.from({ length: 20 }, () => job())
  const [batches, singles] = await Promise.all([
    Promise.all([team, other, team].map((caller) => submitBatch(caller, batchOf20))),
    Promise.all(batchOf20.map((body, index) => (index % 2 === 0 ? team : other).call('POST', '/jobs', { body }))),
  ])
  const accepted = batches.reduce((sum, batch) => sum + batch.accepted, 0)
  expect(accepted + singles.filter(({ status }) => status === 202).length).toBe(25)
  expect((await team.ok('GET', '/jobs?limit=200')).data).toHaveLength(25)
})

it('a repeated batch submits the rejected jobs after the others have finished', async () => {
  const { project, team, other } = await teamWith('repeated', { activeWorkloads: 10 })
  const jobs = Array.from({ length: 20 }, () => job())
  const headers = { 'idempotency-key': 'sweep' }
  const first = await submitBatch(team, jobs, headers)
  expect(statuses(first).join('')).toBe('a'.repeat(10) + 'r'.repeat(10))
  expect(statuses(await submitBatch(other, jobs, headers))).toEqual(statuses(first))
  await finish(project.id)
  const last = await submitBatch(other, jobs, headers)
  expect(last.accepted).toBe(20)
  expect(last.results.map(({ replayed = false }) => replayed)).toEqual(jobs.map((_, index) => index < 10))
})
