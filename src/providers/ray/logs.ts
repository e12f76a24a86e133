import { isObject, readText } from '../kit/fields.ts'
import { redactText } from '../kit/redact.ts'
import type { LogChunk } from '../observation.ts'
import { ProviderError } from '../provider-error.ts'
import type { RayClient } from './client.ts'
import { jobPath } from './wire.ts'

const maxChunkLength = 1_048_576

/** The API returns the whole log. The cursor is an offset in the output of the program. */
export async function readLogs(
  client: RayClient,
  { remoteId, cursor, literals }: { remoteId: string; cursor: string | null; literals: readonly string[] },
  signal: AbortSignal,
): Promise<LogChunk> {
  const from = /^\d{1,12}$/.test(cursor ?? '') ? Number(cursor) : 0
  const response = await client
    .call({ method: 'GET', path: `${jobPath(remoteId)}/logs` }, signal)
    .catch((error: unknown) => Promise.reject(orTooLong(error, remoteId)))
  const logs = isObject(response) ? response.logs : undefined
  if (typeof logs !== 'string') throw new ProviderError('bad_response', 'Ray returned logs without `logs`.')
  const output = await outputIn(client, { logs, remoteId }, signal)
  const to = Math.min(from + maxChunkLength, output.length)
  const text = redactText(output.slice(from, to), literals)
  return { text, links: [], ...(to < output.length ? { next: String(to) } : {}) }
}

const preface = /^\S+ \S+\s+INFO job_manager\.py:\d+ -- Runtime env is setting up\.\n/

/**
 * The log without the two lines that Ray adds. It buffers the one with the entrypoint, which therefore follows the first
 * output of the program (measured on 2.60.0).
 */
async function outputIn(
  client: RayClient,
  { logs, remoteId }: { logs: string; remoteId: string },
  signal: AbortSignal,
): Promise<string> {
  const output = logs.replace(preface, '')
  const note = `Running entrypoint for job ${remoteId}: `
  if (!output.includes(note)) return output
  const job = await client.call({ method: 'GET', path: jobPath(remoteId) }, signal)
  const line = `${note}${readText(job, 'entrypoint') ?? ''}\n`
  const at = output.indexOf(line)
  return at < 0 ? output : output.slice(0, at) + output.slice(at + line.length)
}

function orTooLong(error: unknown, remoteId: string): unknown {
  if (!(error instanceof ProviderError) || !error.isTooLarge) return error
  const detail = `The log is too long for one response, and Ray returns it only as a whole. On the cluster: \`ray job logs ${remoteId}\`.`
  return new ProviderError('bad_response', detail, { isTooLarge: true, cause: error })
}
