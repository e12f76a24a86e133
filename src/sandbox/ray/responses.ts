import type { ProviderResponse } from '../provider.ts'

/** Failures of Ray are plain text: a sentence or a traceback. */
const text = (status: number, body: string): ProviderResponse => ({ status, body })

export const missingToken = text(401, 'Unauthorized: Missing authentication token')
export const invalidToken = text(403, 'Forbidden: Invalid authentication token')
/** Ray has no permissions; a proxy in front of it may. */
export const forbidden = text(403, 'Forbidden')
export const unknownRoute = text(404, '404: Not Found')
/** The HTTP server's response to an unhandled exception, such as a body that is not JSON. */
export const serverError = text(500, '500 Internal Server Error\n\nServer got itself in trouble')

export const noSuchJob = (id: string): ProviderResponse => text(404, `Job ${id} does not exist`)

export const json = (body: unknown): ProviderResponse => ({ status: 200, body })

/** A rejection by the parser of the head. */
export function invalidRequest(detail: string): ProviderResponse {
  return text(400, traceback('utils.py', 'in validate_request_type\n    return request_type(**json_data)', detail))
}

/** The agent's failure, wrapped by the head: HTTP 500 whatever the agent returned. */
export function failedInAgent(status: number, detail: string): ProviderResponse {
  const inner = traceback('job_manager.py', 'in submit_job', detail)
  const outer = `RuntimeError: Request failed with status code ${status}: ${inner}.`
  return text(500, traceback('job_head.py', 'in submit_job', `${outer}\n`))
}

export function traceback(file: string, place: string, detail: string): string {
  return `Traceback (most recent call last):\n  File "/ray/dashboard/modules/job/${file}", line 1, ${place}\n${detail}\n`
}
