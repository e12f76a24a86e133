import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startSandbox } from '../../src/sandbox/server.ts'
import { demoOutput, runDemo } from '../support/run-demo.ts'
import { tokenOf } from '../support/slurm-token.ts'

const startEngines = () => startSandbox({ providers: ['slurm', 'kubernetes', 'ray'] })

/** A `kubectl` that prints this configuration. */
async function installKubectl(directory: string, config: object): Promise<void> {
  await writeFile(join(directory, 'kubectl'), `#!/bin/sh\ncat <<'END'\n${JSON.stringify(config)}\nEND\n`)
  await chmod(join(directory, 'kubectl'), 0o755)
}

describe('demo --engine', () => {
  let engines: Awaited<ReturnType<typeof startEngines>>
  let directory: string

  beforeAll(async () => {
    engines = await startEngines()
    directory = await mkdtemp(join(tmpdir(), 'switchyard-kubectl-'))
    const { namespace, token } = engines.accounts.kubernetes
    await installKubectl(directory, {
      kind: 'Config',
      apiVersion: 'v1',
      'current-context': 'here',
      contexts: [{ name: 'here', context: { cluster: 'here', user: 'me', namespace } }],
      clusters: [{ name: 'here', cluster: { server: engines.urls.kubernetes } }],
      users: [{ name: 'me', user: { token } }],
    })
  })

  afterAll(async () => {
    await engines.close()
    await rm(directory, { recursive: true })
  })

  /** Without programs of this machine that find an engine. */
  const nothing = { PATH: '/nonexistent', KUBECONFIG: '/nowhere/kubeconfig' }

  it.concurrent('runs the portable job on Ray and shows what it printed', async () => {
    const env = { ...nothing, RAY_ADDRESS: engines.urls.ray, RAY_AUTH_TOKEN: engines.accounts.ray.token }
    const { code, stdout, stderr } = await runDemo('ray', env)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(demoOutput)
  })

  it.concurrent('finds Kubernetes by the current context of kubectl', async () => {
    const { code, stdout, stderr } = await runDemo('auto', { PATH: `${directory}:/usr/bin:/bin`, RAY_ADDRESS: '' })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('Kubernetes, namespace training at')
    expect(stdout).toMatch(demoOutput)
  })

  it.concurrent('names the file of a Slurm whose output this machine cannot read', async () => {
    const SLURM_JWT = tokenOf(engines.accounts.slurm, 600)
    const env = {
      ...nothing,
      SLURM_BASE_URL: engines.urls.slurm,
      SLURM_JWT,
      SLURM_WORKING_DIRECTORY: '/home/sandbox01',
    }
    const { code, stdout, stderr } = await runDemo('slurm', env)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/Output:\n {4}\(in \/home\/sandbox01\/slurm-\d+\.out on the cluster\)\n/)
  })

  it.concurrent('says what is missing, and how to start an engine', async () => {
    const { code, stdout, stderr } = await runDemo('auto', { ...nothing, RAY_ADDRESS: 'ray://head:10001' })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain('Slurm: SLURM_JWT is not set')
    expect(stderr).toContain('Kubernetes: neither kubectl nor /nowhere/kubeconfig has a kubeconfig')
    expect(stderr).toContain('Ray: RAY_ADDRESS is not the http URL of a dashboard')
    expect(stderr).toContain('docs/tutorial-ray.md')
  })

  it.concurrent('says which credential an engine rejects, without it', async () => {
    const env = { ...nothing, RAY_ADDRESS: engines.urls.ray, RAY_AUTH_TOKEN: 'a-token-of-another-cluster' }
    const { code, stdout, stderr } = await runDemo('ray', env)
    expect(code).toBe(1)
    expect(stderr).toContain('(credentials.token)')
    expect(stdout + stderr).not.toContain('a-token-of-another-cluster')
  })

  it.concurrent('says why a kubeconfig cannot be used', async () => {
    const other = await mkdtemp(join(tmpdir(), 'switchyard-kubectl-'))
    await installKubectl(other, {
      kind: 'Config',
      'current-context': 'here',
      contexts: [{ name: 'here', context: { cluster: 'here', user: 'me' } }],
      clusters: [{ name: 'here', cluster: { server: engines.urls.kubernetes } }],
      users: [{ name: 'me', user: { exec: { command: 'get-token' } } }],
    })
    const { code, stderr } = await runDemo('kubernetes', { PATH: `${other}:/usr/bin:/bin` })
    await rm(other, { recursive: true })
    expect(code).toBe(1)
    expect(stderr).toMatch(/^Kubernetes, namespace default at \S+ cannot be used: .*kubectl create token/)
  })

  it.concurrent('refuses an engine that it does not know', async () => {
    const { code, stderr } = await runDemo('mesos', nothing)
    expect(code).toBe(1)
    expect(stderr).toContain('"--engine mesos" is not an argument of demo')
  })
})
