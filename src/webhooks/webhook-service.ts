import { ApiError, type ValidationError, versionMismatch } from '../vocabulary/api-error.ts'
import { eventTypes as knownTypes } from '../vocabulary/event-types.ts'
import { makeId } from '../vocabulary/ids.ts'
import { suggestionFor } from '../vocabulary/nearest.ts'
import type { EndpointsRepository } from './endpoints.repository.ts'
import { generateSecret } from './signature.ts'
import type { EndpointSecrets, EndpointTarget, SealedEndpoint, WebhookEndpoint } from './webhook-endpoint.ts'

export interface EndpointRequest {
  url: string
  description?: string
  eventTypes?: readonly string[]
  enabled?: boolean
}

/** Changes to an endpoint. Null event types: all. */
export type EndpointPatch = Partial<Omit<EndpointRequest, 'eventTypes'>> & { eventTypes?: readonly string[] | null }

/** Endpoint with its secret, which is never shown again. */
export type EndpointWithSecret = WebhookEndpoint & { secret: string }

interface Deps {
  repository: EndpointsRepository
  seal(endpointId: string, secrets: EndpointSecrets): string
  /** @throws if no key of this process decrypts it */
  open(endpointId: string, sealed: string): object
  /** Reason why the egress rules deny a URL; null = allowed so far. The rules are checked again at connection. */
  egressDenial(url: string): string | null
}

/** Each endpoint costs an index read per tick. */
const maxPerProject = 50

export type WebhookService = ReturnType<typeof makeWebhookService>

/** Manages the webhook endpoints of a project. */
export function makeWebhookService({ repository, seal, open, egressDenial }: Deps) {
  async function get(projectId: string, id: string): Promise<SealedEndpoint> {
    const endpoint = await repository.get(projectId, id)
    if (endpoint !== null) return endpoint
    const detail = `There is no webhook endpoint ${id} in this project. See GET /webhook-endpoints.`
    throw new ApiError('not_found', detail)
  }

  /** Error of a change without effect: the endpoint is deleted or at another version. */
  async function changedMeanwhile({ projectId, id }: EndpointTarget): Promise<never> {
    const { version } = await get(projectId, id)
    throw versionMismatch(`The webhook endpoint is at version ${version}`)
  }

  return {
    get,

    list: repository.list,

    async create(
      owner: Pick<EndpointTarget, 'projectId' | 'by'>,
      request: EndpointRequest,
    ): Promise<EndpointWithSecret> {
      const url = callable(egressDenial, request.url)
      rejectUnknown(request.eventTypes)
      const id = makeId('webhookEndpoint')
      const secret = generateSecret()
      const { description = '', eventTypes = [], enabled = true } = request
      const endpoint = { ...owner, id, url, description, eventTypes, enabled, sealedSecret: seal(id, { secret }) }
      const created = await repository.insert(endpoint, maxPerProject)
      if (created !== null) return { ...created, secret }
      const numbers = `${maxPerProject} of ${maxPerProject} webhook endpoints`
      throw new ApiError('quota_exceeded', `The project has ${numbers}. Delete an existing one first.`)
    },

    async change(target: EndpointTarget, patch: EndpointPatch): Promise<WebhookEndpoint> {
      const url = patch.url === undefined ? null : callable(egressDenial, patch.url)
      // For the repository, null is unchanged.
      const eventTypes = patch.eventTypes === undefined ? null : (patch.eventTypes ?? [])
      rejectUnknown(eventTypes ?? [])
      const { description = null, enabled = null } = patch
      return (await repository.apply(target, { url, description, eventTypes, enabled })) ?? changedMeanwhile(target)
    },

    async remove(target: EndpointTarget): Promise<void> {
      if (!(await repository.remove(target))) await changedMeanwhile(target)
    },

    /** The previous secret also signs for `overlapSeconds`; an older one no longer does. */
    async rotateSecret(target: EndpointTarget, overlapSeconds: number): Promise<EndpointWithSecret> {
      const { sealedSecret: from } = await get(target.projectId, target.id)
      const secret = generateSecret()
      const previous = overlapSeconds === 0 ? null : secretIn(target.id, from)
      const to = seal(target.id, previous === null ? { secret } : { secret, previous })
      const rotated = await repository.rotate(target, { from, to, overlapSeconds })
      return rotated === null ? changedMeanwhile(target) : { ...rotated, secret }
    },
  }

  /** Null if it cannot be decrypted: rotation must still succeed, since a new secret is the remedy. */
  function secretIn(id: string, sealed: string): string | null {
    try {
      return (open(id, sealed) as EndpointSecrets).secret
    } catch {
      return null
    }
  }
}

/** Normalizes a URL, so that clients see the one that will be called. */
function callable(egressDenial: Deps['egressDenial'], url: string): string {
  const detail = egressDenial(url) ?? (new URL(url).port === '0' ? 'Port 0 is invalid. Omit the port for 443.' : null)
  if (detail === null) return new URL(url).href
  const validationError: ValidationError = { in: 'body', pointer: '/url', code: 'egress_denied', detail }
  throw new ApiError('unprocessable', detail, { errors: [validationError] })
}

/** Rejects unknown event types: they are typos, and their events would never arrive. */
function rejectUnknown(eventTypes: readonly string[] = []): void {
  const errors = eventTypes.flatMap((type, index): ValidationError[] => {
    if (type.endsWith('.*') || knownTypes.has(type)) return []
    const detail = `${type} is an unknown event type. See docs/webhooks.md for the list.${suggestionFor(type, [...knownTypes])}`
    return [{ in: 'body', pointer: `/eventTypes/${index}`, code: 'unknown_event_type', detail }]
  })
  if (errors.length > 0) throw new ApiError('unprocessable', errors[0]?.detail ?? '', { errors })
}
