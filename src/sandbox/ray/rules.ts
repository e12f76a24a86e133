import { checkFields, type FieldRule, type Fields, type Violation } from '../fields.ts'
import type { JobRequest } from './wire.ts'

const texts: FieldRule = { type: 'map', each: { type: 'string' } }

/** https://docs.ray.io/en/latest/cluster/running-applications/job-submission/openapi.html */
const fields: Fields = {
  entrypoint: { type: 'string', isRequired: true },
  submission_id: { type: 'string' },
  job_id: { type: 'string' },
  runtime_env: { type: 'map' },
  metadata: texts,
  entrypoint_memory: { type: 'integer' },
  entrypoint_label_selector: texts,
}
/** Numbers with fractions, which the shared rules do not have. */
const amounts = ['entrypoint_num_cpus', 'entrypoint_num_gpus'] as const

/** The request, or the last line of the parser's traceback. */
export function readRequest(body: Record<string, unknown>): JobRequest | string {
  const { entrypoint_num_cpus: cpus, entrypoint_num_gpus: gpus, entrypoint_resources: resources, ...rest } = body
  const [violation] = checkFields(rest, fields, { refuseUnknown: true })
  if (violation !== undefined) return errorLineOf(violation)
  const numbers = { entrypoint_num_cpus: cpus, entrypoint_num_gpus: gpus }
  for (const name of amounts) {
    if (!isAmount(numbers[name])) return `TypeError: ${name} must be a number, got ${typeof numbers[name]}`
  }
  if (!Object.values(Object(resources ?? {})).every(isAmount)) {
    return 'TypeError: entrypoint_resources values must be numbers'
  }
  // The fields in use are validated above.
  return body as unknown as JobRequest
}

function isAmount(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'number' && value >= 0)
}

function errorLineOf({ path, value, broken }: Violation): string {
  if (broken === 'unknown') {
    return `TypeError: JobSubmitRequest.__init__() got an unexpected keyword argument '${path}'`
  }
  if (broken === 'required') {
    return `TypeError: JobSubmitRequest.__init__() missing 1 required positional argument: '${path}'`
  }
  return `TypeError: ${path} has another type, got ${typeof value}`
}

/** Whether the id is valid in a file name. Checked after the record is written. */
export function hasFileName(submissionId: string): boolean {
  return !submissionId.includes('/') && Buffer.byteLength(`job-driver-${submissionId}.log`) <= 255
}
