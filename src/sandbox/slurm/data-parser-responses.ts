import type { ProviderResponse } from '../provider.ts'
import type { Rejected } from './responses.ts'
import type { SlurmSettings } from './wire.ts'

/** v0.0.40 and later, which Slurm's `data_parser` plugins implement. */
export function isDataParser(version = ''): boolean {
  return Number(version.split('.')[2] ?? 0) >= 40
}

/** A number as these versions send it. */
export const wrapped = (number: number | null) => ({ set: number !== null, infinite: false, number: number ?? 0 })

export interface Warning {
  description: string
  source: string
}

/** The envelope of every JSON response. */
export function parserEnvelope(
  { version, release }: { version: string; release: string },
  {
    errors = [],
    warnings = [],
    rest = {},
  }: { errors?: readonly object[]; warnings?: readonly Warning[]; rest?: object },
): object {
  const [major = '', minor = '', micro = ''] = release.split('.')
  const meta = {
    plugin: {
      type: 'openapi/slurmctld',
      name: 'Slurm OpenAPI slurmctld',
      data_parser: `data_parser/${version}`,
      accounting_storage: '',
    },
    client: { source: '127.0.0.1:6820(fd:9)', user: 'root', group: 'root' },
    command: [],
    slurm: { version: { major, micro, minor }, release, cluster: 'sandbox' },
  }
  return { ...rest, meta, errors, warnings }
}

/** The description and source of an operation's errors. */
const sources: Readonly<Record<string, readonly [description: string, source: string]>> = {
  'job.get': ['Unable to query JobId', '_handle_job_get'],
  'job.list': ['Unable to query jobs', 'slurm_load_jobs()'],
  'job.submit': ['Batch job submission failed', 'slurm_submit_batch_job()'],
  'job.cancel': ['Signal request failed', 'slurm_kill_jobs()'],
  'partition.list': ['Unable to query partitions', 'slurm_load_partitions()'],
}

export function parserError(operation: string, code: number, error: string): object {
  const [description, source] = sources[operation] ?? ['', '']
  return { description, error_number: code, error, source }
}

/** An error of slurmrestd itself, before any operation. */
export const unparsableParameters = {
  description: 'Rejecting request. Failure parsing parameters',
  error_number: 9000,
  error: 'Query empty or not RFC7320 compliant',
  source: 'op_handler_job',
}

/** The response to a token that the controller rejects, whatever the reason. */
export const rejectedToken = { status: 511, code: 1007, error: 'Protocol authentication error' }

/**
 * The response without a controller. A cancel returns exactly the response for another user's job; a read of one job
 * returns an unspecific error.
 */
export function withoutController(operation: string, { release }: SlurmSettings) {
  if (operation === 'job.cancel') return notPermitted(release)
  if (operation === 'job.get') return { status: 500, code: -1, error: 'Unspecified error' }
  return { status: 502, code: 1800, error: 'Unable to contact slurm controller (connect failure)' }
}

export function notPermitted(release: string) {
  return { status: isOld(release) ? 500 : 403, code: 1, error: 'Operation not permitted' }
}

/** The status of a rejection by the controller. */
export function statusOf(rejected: Rejected, release: string): number {
  if (rejected.errors[0]?.code === 2017) return 404
  return isOld(release) ? 500 : 422
}

export function isOld(release: string): boolean {
  return release.startsWith('24.')
}

/** Plain text, like every message of slurmrestd itself. */
export function unknownPath(release: string): ProviderResponse {
  const text = isOld(release)
    ? 'Unable find requested URL. Please view /openapi/v3 for API reference.'
    : "Unable to find requested URL endpoint. Please query the '/openapi/v3' endpoint or visit 'https://slurm.schedmd.com/rest_api.html' for the OpenAPI specification which includes a list of all possible slurmrestd endpoints."
  return { status: 404, body: text }
}
