import type { SandboxClient } from '../provider.ts'
import type { SlurmAccount } from './wire.ts'

export const client: SandboxClient<SlurmAccount> = {
  title: 'Slurm: a batch job',
  connection: (baseUrl, { user, key }) => ({
    settings: { baseUrl, user, defaultWorkingDirectory: '/home/sandbox01' },
    credentials: { key },
  }),
  job: () => ({ name: 'hello', script: '#!/bin/sh\nenv\n' }),
}
