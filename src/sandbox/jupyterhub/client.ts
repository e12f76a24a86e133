import type { SandboxClient } from '../provider.ts'
import type { JupyterhubAccount } from './wire.ts'

export const client: SandboxClient<JupyterhubAccount> = {
  title: 'JupyterHub: a notebook server',
  connection: (baseUrl, { username, token }) => ({
    settings: {
      baseUrl,
      username,
      optionKeys: { image: 'image', flavor: 'profile', environmentVariables: 'environment' },
    },
    credentials: { token },
  }),
  environment: () => ({ name: 'notebook' }),
}
