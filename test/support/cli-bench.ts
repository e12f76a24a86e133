import { sandboxConnection } from '../../src/commands/sandbox-connections.ts'
import type { SandboxProviderId } from '../../src/sandbox/registry.ts'
import { startSandbox } from '../../src/sandbox/server.ts'
import { buildCli, type CliProgram } from './cli-program.ts'
import { type Switchyard, startSwitchyard, testApiKey } from './switchyard.ts'
import { createTestDatabase } from './test-database.ts'

type Sandbox = Awaited<ReturnType<typeof startCliSandbox>>

const startCliSandbox = () =>
  startSandbox<SandboxProviderId>({
    settings: { slurm: { pendingMs: 60, runningMs: 60 } },
  })

/** The built CLI and a service with connections to sandbox providers. */
export interface CliBench {
  cli: CliProgram
  switchyard: Switchyard
  sandbox: Sandbox
  url: string
  stop(): Promise<void>
}

export async function startCliBench(): Promise<CliBench> {
  const [database, sandbox] = await Promise.all([createTestDatabase(), startCliSandbox()])
  const switchyard = await startSwitchyard({ databaseUrl: database.url, redis: null })
  const url = switchyard.service.url ?? ''
  const cli = await buildCli({ SWITCHYARD_URL: url, SWITCHYARD_API_KEY: testApiKey })
  for (const id of ['slurm', 'modelarts', 'scnet', 'jupyterhub'] as const)
    await switchyard.api.ok('POST', '/connections', sandboxConnection(sandbox, id))
  return {
    ...{ cli, switchyard, sandbox, url },
    async stop() {
      await switchyard.stop()
      await sandbox.close()
      await database.drop()
      await cli.remove()
    },
  }
}

/** A sandbox job as YAML. `script` determines when and how it ends. */
export const jobYaml = (script: string): string =>
  `provider: slurm\nname: hello\nscript: |\n  #!/bin/sh\n  ${script}\nresources:\n  cpus: 1\n  memoryMiB: 1024\n`
