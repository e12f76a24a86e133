import type { ApiRecord } from '../../src/commands/api-client.ts'
import { sandboxConnections } from '../../src/commands/sandbox-connections.ts'
import type { SandboxProviderId } from '../../src/sandbox/registry.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts'
import type { ApiCaller } from './api-caller.ts'
import { endAfterFile } from './end-after-file.ts'

/** Starts sandboxes of all providers with short delays. */
export function startSandboxes(): Promise<Sandbox> {
  const modelarts = { creatingMs: 80, startingMs: 120, stoppingMs: 80, instanceDeletingMs: 60, deletingMs: 60 }
  return startSandbox<SandboxProviderId>({
    settings: { modelarts, slurm: { pendingMs: 50 }, dataforest: { acceptedMs: 40, runningMs: 40, killMs: 30 } },
  })
}

/** Creates a connection to a provider of the sandbox under a separate name. Returns its id. */
export function connectTo(api: ApiCaller, sandbox: Sandbox, provider: string, name: string): Promise<string> {
  return connectWith(api, sandbox, provider, { name, settings: {} })
}

/** `connectTo` with additional or different settings. */
export async function connectWith(
  api: ApiCaller,
  sandbox: Sandbox,
  provider: string,
  { name, settings }: { name: string; settings: object },
): Promise<string> {
  const { settings: defaults, credentials } =
    sandboxConnections(sandbox).find((connection) => connection.name === `sandbox-${provider}`) ?? {}
  const body = { name, settings: { [provider]: { ...defaults?.[provider], ...settings } }, credentials }
  const { id } = await api.ok('POST', '/connections', body)
  return id
}

/** Creates a ModelArts instance, which can be stopped and started. Returns its record as accepted. */
export function makeInstance(api: ApiCaller, connectionId: string, name: string): Promise<ApiRecord> {
  return api.ok('POST', '/environments', {
    ...{ connectionId, name, image: 'Ascend-Power-Engine 1.0(python3)' },
    ...{ resources: { flavor: 'modelarts.kat1.xlarge' }, storage: { type: 'obs', source: '/bucket/output/' } },
  })
}

/** `makeInstance` with the notebook API of ModelArts and its specific options. */
export function makeNotebook(api: ApiCaller, connectionId: string, name: string): Promise<ApiRecord> {
  return api.ok('POST', '/environments', {
    ...{ connectionId, name, image: 'e1a07296-22a8-4f05-8bc8-e936c8e54090' },
    ...{ resources: { flavor: 'modelarts.vm.cpu.2u' }, storage: { sizeGiB: 5 } },
    providerOptions: { modelarts: { volume: { ownership: 'MANAGED' }, endpoints: [{ service: 'NOTEBOOK' }] } },
  })
}

/** `startSandboxes` for one test file. */
export async function useSandboxes(): Promise<Sandbox> {
  return endAfterFile(await startSandboxes(), (sandbox) => sandbox.close())
}
