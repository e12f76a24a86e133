import { sandboxConnection } from '../src/commands/sandbox-connections.ts'
import { apiKey, type Service } from './services.ts'
import type { Stack } from './stack.ts'

/** Separate project with a key and a Slurm connection. */
export interface Tenant {
  projectId: string
  connectionId: string
  key: string
}

/** Creates a project for each slurmrestd URL. */
export async function makeTenants(stack: Stack, api: Service, slurmUrls: readonly string[]): Promise<Tenant[]> {
  const tenants = []
  for (const [index, baseUrl] of slurmUrls.entries()) {
    const name = `tenant-${index}`
    const { id: projectId } = await post<{ id: string }>(api, '/projects', apiKey, { name })
    const { key } = await post<{ key: string }>(api, '/api-keys', apiKey, { name, projectId, scopes: ['admin'] })
    const { id } = await post<{ id: string }>(api, '/connections', key, connectionTo(stack, baseUrl))
    tenants.push({ projectId, connectionId: id, key })
  }
  return tenants
}

export async function removeTenants({ pool }: Stack, tenants: readonly Tenant[]): Promise<void> {
  const projects = tenants.map(({ projectId }) => projectId)
  for (const table of ['sweeps', 'workloads', 'api_keys'])
    await pool.query(`DELETE FROM ${table} WHERE ${ownedBy(table)}`, [projects])
  await pool.query('DELETE FROM connections WHERE project_id = ANY($1)', [projects])
  await pool.query('DELETE FROM projects WHERE id = ANY($1)', [projects])
}

const ownedBy = (table: string) =>
  table === 'sweeps'
    ? 'connection_id IN (SELECT id FROM connections WHERE project_id = ANY($1))'
    : 'project_id = ANY($1)'

export function submitJob(api: Service, { key }: Tenant, name: string): Promise<{ id: string }> {
  const resources = { cpus: 1, memoryMiB: 1024 }
  return post(api, '/jobs', key, { provider: 'slurm', name, script: '#!/bin/sh\nsleep 3600\n', resources })
}

/** Sends a request and returns the response body; rejects if the request fails. */
export async function post<Body>(api: Service, path: string, key: string, body: object = {}): Promise<Body> {
  const response = await fetch(api.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${await response.text()}`)
  return (await response.json()) as Body
}

function connectionTo(stack: Stack, baseUrl: string): object {
  const known = sandboxConnection(stack.sandbox.ready, 'slurm')
  return { ...known, settings: { slurm: { ...known?.settings.slurm, baseUrl } } }
}
