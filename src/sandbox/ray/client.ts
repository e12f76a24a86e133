import type { SandboxClient } from '../provider.ts'
import type { RayAccount } from './wire.ts'

export const client: SandboxClient<RayAccount> = {
  title: 'Ray: a submitted job',
  connection: (baseUrl, { token }) => ({ settings: { baseUrl }, credentials: { token } }),
  job: () => ({ name: 'hello', script: 'echo hello from Ray\n', resources: { cpus: 1 } }),
}
