import { isRecord } from '../fields.ts'
import type { Call } from '../provider.ts'
import { HubError } from './errors.ts'
import { type JupyterhubSettings, majorOf } from './wire.ts'

/** The body of a start; `undefined` for absent values. */
export interface StartRequest {
  options?: unknown
  displayName?: string
}

/**
 * Up to 5.x the body is the options. From 6.0 on it may also be an object that wraps them, recognized by either key,
 * and anything but an object is rejected.
 */
export function startRequestOf(call: Call, settings: JupyterhubSettings): StartRequest {
  const { rawBody, json } = call
  if (rawBody.length > 0 && json === undefined) throw new HubError(400, 'Invalid JSON in body of request')
  if (majorOf(settings) < 6) return json === undefined ? {} : { options: json }
  // An empty object counts as an absent body.
  if (json === undefined || (isRecord(json) && Object.keys(json).length === 0)) return {}
  if (!isRecord(json)) throw new HubError(400, 'Body must be a JSON object')
  return 'display_name' in json || 'user_options' in json ? namedParts(json) : { options: json }
}

function namedParts({ display_name: displayName, user_options: options }: Record<string, unknown>): StartRequest {
  const isName = typeof displayName === 'string'
  if (displayName !== undefined && !isName) throw new HubError(400, 'display_name must be a string')
  const isGiven = options !== undefined && options !== null
  if (isGiven && !isRecord(options)) throw new HubError(400, 'user_options must be an object or null')
  return { ...(isGiven ? { options } : {}), ...(isName ? { displayName } : {}) }
}

const slug = /^[a-z]([a-z0-9-]{0,28}[a-z0-9])?$/

/** From 6.0 on a new server's name is a slug: 1 to 30 characters, a letter first, no two hyphens in a row. */
export function assertName(name: string, settings: JupyterhubSettings): void {
  if (majorOf(settings) < 6 || (slug.test(name) && !name.includes('--'))) return
  throw new HubError(400, `Invalid server_name: '${name}'`)
}
