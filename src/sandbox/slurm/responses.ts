import type { ProviderResponse } from '../provider.ts'

/** A Slurm error. A submit names its number `error_code`, other calls `error_number`. */
export interface SlurmError {
  code: number
  error: string
  description?: string
  source?: string
}

/** A rejection by an operation. */
export class Rejected extends Error {
  readonly status: number
  readonly errors: readonly SlurmError[]

  constructor(status: number, ...errors: readonly SlurmError[]) {
    super(errors[0]?.error ?? '')
    this.name = 'Rejected'
    this.status = status
    this.errors = errors
  }
}

/** The envelope of every JSON response. */
export function envelope(version: string, errors: readonly object[], rest: object = {}): object {
  const plugin = { type: `openapi/${version}`, name: `Slurm OpenAPI ${version}` }
  const slurm = { version: { major: 22, micro: 8, minor: 5 }, release: '22.05.8' }
  return { meta: { plugin, Slurm: slurm }, errors, ...rest }
}

export function numbered({ code, ...rest }: SlurmError, isSubmit: boolean): object {
  return { ...rest, [isSubmit ? 'error_code' : 'error_number']: code }
}

/** Messages of slurmrestd itself are plain text. */
export const authenticationFailure: ProviderResponse = { status: 401, body: 'Authentication failure' }
export const unknownUrl: ProviderResponse = {
  status: 404,
  body: 'Unable find requested URL. Please view /openapi/v3 for API reference.',
}
export const unreadableQuery: ProviderResponse = { status: 400, body: 'Unable to parse query.' }

export const noSuchJob = (source: string, description: string): Rejected =>
  new Rejected(500, { code: 2017, error: 'Invalid job id specified', description, source })

/** The error of a read without a response from the controller, whatever the cause. */
export const noController = (source: string, description: string): Rejected =>
  new Rejected(500, { code: -1, error: 'Unspecified error', description, source })
