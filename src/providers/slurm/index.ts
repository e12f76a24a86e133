import { readText } from '../kit/fields.ts'
import type { OpenProvider, Provider } from '../provider.ts'
import type { Session } from '../session.ts'
import { makeClient } from './client.ts'
import { makeJobs } from './jobs.ts'
import { credentialsOf, settingsOf, slurmCredentials, slurmSettings } from './settings.ts'
import { verifyConnection } from './verify.ts'
import { asVersion } from './versions.ts'

/** Slurm through its REST daemon: batch jobs only. */
export const slurmProvider: Provider = {
  id: 'slurm',
  title: 'Slurm (slurmrestd)',
  documentation: 'https://slurm.schedmd.com/rest.html',
  settings: slurmSettings,
  credentials: slurmCredentials,
  sample: {
    settings: { baseUrl: 'http://slurmrestd.example.com:6820', user: 'alice', defaultWorkingDirectory: '/home/alice' },
    credentials: { key: 'ZXhhbXBsZUtleUZvclVuaXRUZXN0c09ubHkwMDAwMDE=' },
  },
  baseUrl: (settings) => settingsOf(settings).baseUrl,
  endpointSettings: ['baseUrl'],
  endpoints: (settings) => ({ baseUrl: settingsOf(settings).baseUrl }),
  scope(settings) {
    const { baseUrl, user } = settingsOf(settings)
    return { baseUrl, user }
  },
  open,
}

function open({ http, clock, ...session }: Session): OpenProvider {
  const settings = settingsOf(session.settings)
  const credentials = credentialsOf(session.credentials)
  const storedVersion = asVersion(readText(session.discovered, 'version'))
  const client = makeClient({ http, clock, settings, credentials, storedVersion })
  return {
    drivers: { job: makeJobs(client, settings, { literals: Object.values(credentials) }) },
    ...(settings.version === undefined
      ? { discover: async (signal: AbortSignal) => ({ version: await client.version.discover(signal) }) }
      : {}),
    verify: (signal) => verifyConnection({ client, clock, settings, credentials }, signal),
  }
}
