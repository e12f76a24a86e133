import type { OpenProvider, Provider } from '../provider.ts'
import { ProviderError } from '../provider-error.ts'
import type { Session } from '../session.ts'
import { makeClient, type SlurmClient } from './client.ts'
import { noSuchJob, zeroBytes } from './errors.ts'
import { makeJobs } from './jobs.ts'
import { credentialsOf, type SlurmSettings, settingsOf, slurmCredentials, slurmSettings } from './settings.ts'
import { claimsOf } from './signer.ts'
import { servedVersions } from './versions.ts'

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
  const client = makeClient({ http, clock, settings, credentials })
  return {
    drivers: { job: makeJobs(client, settings, { literals: Object.values(credentials) }) },
    async verify(signal) {
      assertOwnToken(settings, credentials.token)
      await assertServed(client, settings, signal)
      await assertTaken(client, credentials.token === undefined ? 'credentials.key' : 'credentials.token', signal)
    },
  }
}

/** A token names its user; Slurm closes the connection without a message if the header names another. */
function assertOwnToken({ user }: SlurmSettings, token: string | undefined): void {
  const named = token === undefined ? user : (claimsOf(token).user ?? user)
  if (named === user) return
  const detail = `The token is of user ${named}, and \`settings.user\` is ${user}.`
  throw new ProviderError('permission_denied', detail, { field: 'settings.user' })
}

async function assertServed(client: SlurmClient, { version }: SlurmSettings, signal: AbortSignal): Promise<void> {
  const served = servedVersions(await client.describe(signal))
  if (served.includes(version)) return
  const detail = `slurmrestd serves ${served.join(', ') || 'no version'} and not ${version}. Start it with \`-s openapi/${version}\`, or set \`version\` to one that it serves, if Switchyard supports it.`
  throw new ProviderError('unsupported', detail, { field: 'settings.version' })
}

/**
 * A read returns -1 both for a rejected token and for a controller that is down. Killing job 0, which never exists,
 * distinguishes them: "no such job" means success, a closed connection means the token, and "cannot connect" is
 * reported in text (measured).
 */
async function assertTaken(client: SlurmClient, field: string, signal: AbortSignal): Promise<void> {
  await client.call({ method: 'DELETE', path: '/job/0' }, signal).catch((error: unknown) => {
    if (!(error instanceof ProviderError) || error.providerCode === undefined) throw error
    if (error.providerCode === noSuchJob) return
    if (error.providerCode !== zeroBytes) throw error
    const detail = `Slurm's controller rejects the token: different key, different user, or unknown user.`
    throw new ProviderError('unauthenticated', detail, { field, providerCode: zeroBytes, cause: error })
  })
}
