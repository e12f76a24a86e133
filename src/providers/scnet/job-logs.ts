import type { JsonObject } from '../../vocabulary/json.ts'
import { readText } from '../kit/fields.ts'
import type { LogChunk } from '../observation.ts'
import { ProviderError } from '../provider-error.ts'
import type { ScnetClient } from './client.ts'
import { inDirectory } from './hpc-mapping.ts'

const outputNames = ['outputPath', 'stdout', 'outPath']

/** Whether a record contains the paths of the output. */
export function namesOutput(job: JsonObject): boolean {
  return outputNames.some((name) => readText(job, name) !== undefined)
}

interface LogRequest {
  remoteId: string
  cursor: string | null
}

/**
 * The API has no log call: the output files are downloaded through the file service, first standard output, then
 * (cursor `stderr`) standard error. A file that does not exist yet is empty.
 */
export async function readLog(
  client: ScnetClient,
  job: JsonObject,
  { remoteId, cursor }: LogRequest,
  signal: AbortSignal,
): Promise<LogChunk> {
  const out = pathOf(job, outputNames, remoteId)
  const error = pathOf(job, ['errorPath', 'stderr'], remoteId)
  const path = cursor === 'stderr' ? error : out
  const hasMore = cursor !== 'stderr' && error !== undefined && error !== out
  if (path === undefined && !hasMore) {
    throw new ProviderError('not_found', 'SCNet shows no output file of this job.')
  }
  const text = path === undefined ? '' : await download(client, path, signal)
  return { text, links: [], ...(hasMore ? { next: 'stderr' } : {}) }
}

/** Live and history records name the files differently; a path may contain the scheduler's `%j`. */
function pathOf(job: JsonObject, names: readonly string[], jobId: string): string | undefined {
  const path = names
    .map((name) => readText(job, name))
    .find((each) => each !== undefined)
    ?.replaceAll('%j', jobId)
  const directory = readText(job, 'workDir') ?? readText(job, 'workdir')
  if (path === undefined || path.startsWith('/')) return path
  return directory === undefined ? undefined : inDirectory(directory, path)
}

async function download(client: ScnetClient, path: string, signal: AbortSignal): Promise<string> {
  try {
    return await client.download(path, signal)
  } catch (error) {
    if (error instanceof ProviderError && error.code === 'not_found') return ''
    throw error
  }
}
