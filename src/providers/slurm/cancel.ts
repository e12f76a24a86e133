import type { Json } from '../../vocabulary/json.ts'
import { readList, readNumber, readObject, readText } from '../kit/fields.ts'
import { cleanMessage } from '../kit/redact.ts'
import { ProviderError } from '../provider-error.ts'
import type { SlurmClient } from './client.ts'
import { alreadyDone, failureOfCode, noSuchJob, notPermitted } from './errors.ts'
import { jobIdOf } from './fields.ts'

const doneCodes: readonly (string | undefined)[] = [noSuchJob, alreadyDone]

/**
 * Kills a job, which also succeeds for an ended or unknown one. Up to v0.0.38 the outcome is an error of the response;
 * from v0.0.41 on also one in `status` of a successful response. v0.0.40 reports none there.
 */
export async function cancelJob(
  client: SlurmClient,
  { remoteId, user, literals }: { remoteId: string; user: string; literals: readonly string[] },
  signal: AbortSignal,
): Promise<void> {
  const path = `/job/${jobIdOf(remoteId)}`
  try {
    const body = await client.call({ method: 'DELETE', path }, signal)
    const failure = failureIn(body, literals)
    if (failure !== undefined) throw failure
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error
    if (doneCodes.includes(error.providerCode)) return
    if (error.providerCode !== notPermitted) throw error
    throw await whyNotPermitted(client, { path, user, error }, signal)
  }
}

function failureIn(body: Json, literals: readonly string[]): ProviderError | undefined {
  for (const status of readList(body, 'status')) {
    const error = readObject(status, 'error')
    const code = readNumber(error, 'code') ?? 0
    if (code !== 0) return failureOfCode(String(code), cleanMessage(readText(error, 'message') ?? '', literals), 200)
  }
  return undefined
}

/**
 * From v0.0.40 on "Operation not permitted" means, word for word, either that the controller is down or that the job
 * belongs to another user (measured on 24.11.5 and 26.05.5). A read distinguishes them.
 */
async function whyNotPermitted(
  client: SlurmClient,
  { path, user, error }: { path: string; user: string; error: ProviderError },
  signal: AbortSignal,
): Promise<ProviderError> {
  const body = await client.call({ method: 'GET', path }, signal)
  const { httpStatus, providerCode } = error
  const owner = readList(body, 'jobs').flatMap((job) => readText(job, 'user_name') ?? [])[0]
  if (owner === undefined || owner === user) {
    const detail = `The controller was unreachable for the cancel, and responds again. ${error.message}`
    return new ProviderError('unavailable', detail, { httpStatus, providerCode, cause: error })
  }
  const detail = `The job belongs to ${owner}, and \`settings.user\` is ${user}. ${error.message}`
  return new ProviderError('permission_denied', detail, { httpStatus, providerCode, cause: error })
}
