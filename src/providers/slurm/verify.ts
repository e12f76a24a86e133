import { ProviderError } from '../provider-error.ts'
import type { ProviderClock } from '../session.ts'
import { credentialOf, type SlurmClient } from './client.ts'
import { noSuchJob, zeroBytes } from './errors.ts'
import type { SlurmCredentials, SlurmSettings } from './settings.ts'
import { claimsOf } from './signer.ts'
import { isDataParser, listed } from './versions.ts'

interface Deps {
  client: SlurmClient
  clock: ProviderClock
  settings: SlurmSettings
  credentials: SlurmCredentials
}

/** Checks user, version and token, in the order in which each can be judged. */
export async function verifyConnection(deps: Deps, signal: AbortSignal): Promise<void> {
  const { client, settings, credentials } = deps
  assertOwnToken(settings, credentials.token)
  if (settings.version !== undefined) await assertServed(client, settings.version, signal)
  const version = await client.version.current(signal)
  await (isDataParser(version) ? probeByRead(deps, signal) : probeByKill(deps, signal))
}

/** A token names its user; Slurm closes the connection without a message if the header names another. */
function assertOwnToken({ user }: SlurmSettings, token: string | undefined): void {
  const named = token === undefined ? user : (claimsOf(token).user ?? user)
  if (named === user) return
  const detail = `The token is of user ${named}, and \`settings.user\` is ${user}.`
  throw new ProviderError('permission_denied', detail, { field: 'settings.user' })
}

async function assertServed(client: SlurmClient, version: string, signal: AbortSignal): Promise<void> {
  const served = await client.served(signal)
  if (served.includes(version)) return
  const detail = `slurmrestd serves ${listed(served)} and not ${version}. Start it with that version, set \`version\` to one that it serves, if Switchyard supports it, or leave it out.`
  throw new ProviderError('unsupported', detail, { field: 'settings.version' })
}

/** Far enough in the future for any clock of the cluster that no job has changed since. */
const futureMs = 86_400_000

/**
 * From v0.0.40 on a rejected token has its own error, and a controller that is down another one. Jobs changed since
 * tomorrow are the cheapest read that reaches the controller; `ping` succeeds without it (measured).
 */
async function probeByRead({ client, clock }: Deps, signal: AbortSignal): Promise<void> {
  const since = Math.floor((clock.now().getTime() + futureMs) / 1000)
  await client.call({ method: 'GET', path: `/jobs?update_time=${since}` }, signal)
}

/**
 * Up to v0.0.38 a read returns -1 both for a rejected token and for a controller that is down. Killing job 0, which
 * never exists, distinguishes them: "no such job" means success, a closed connection means the token, and "cannot
 * connect" is reported in text (measured).
 */
async function probeByKill({ client, credentials }: Deps, signal: AbortSignal): Promise<void> {
  await client.call({ method: 'DELETE', path: '/job/0' }, signal).catch((error: unknown) => {
    if (!(error instanceof ProviderError) || error.providerCode === undefined) throw error
    if (error.providerCode === noSuchJob) return
    if (error.providerCode !== zeroBytes) throw error
    const detail = `Slurm's controller rejects the token: different key, different user, or unknown user.`
    const field = credentialOf(credentials)
    throw new ProviderError('unauthenticated', detail, { field, providerCode: zeroBytes, cause: error })
  })
}
