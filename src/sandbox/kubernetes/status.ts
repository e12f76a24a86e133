import type { ProviderResponse } from '../provider.ts'

/** A rejection: HTTP status, reason and message of a Status. */
export class Rejected extends Error {
  readonly status: number
  readonly reason: string
  readonly details: object

  constructor(status: number, reason: string, message: string, details: object = {}) {
    super(message)
    this.status = status
    this.reason = reason
    this.details = details
  }
}

/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/ */
export function statusResponse({ status: code, reason, message, details }: Rejected): ProviderResponse {
  const body = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, details, code }
  return { status: code, body }
}

/** `jobs.batch "hello"`, the form of an object in messages. */
export interface Named {
  plural: string
  group: string
  kind: string
  name: string
}

const full = ({ plural, group }: Named) => (group === '' ? plural : `${plural}.${group}`)
const detailsOf = ({ name, group, plural }: Named) => ({ name, ...(group === '' ? {} : { group }), kind: plural })

export const notFound = (named: Named) =>
  new Rejected(404, 'NotFound', `${full(named)} "${named.name}" not found`, detailsOf(named))

export const alreadyExists = (named: Named) =>
  new Rejected(409, 'AlreadyExists', `${full(named)} "${named.name}" already exists`, detailsOf(named))

export function otherUid(named: Named, given: string, actual: string): Rejected {
  const cause = `Precondition failed: UID in precondition: ${given}, UID in object meta: ${actual}`
  const message = `Operation cannot be fulfilled on ${full(named)} "${named.name}": ${cause}`
  return new Rejected(409, 'Conflict', message, detailsOf(named))
}

export function invalid(named: Named, field: string, message: string): Rejected {
  const { kind, group, name } = named
  const type = group === '' ? kind : `${kind}.${group}`
  const details = { ...detailsOf(named), kind, causes: [{ reason: 'FieldValueInvalid', message, field }] }
  return new Rejected(422, 'Invalid', `${type} "${name}" is invalid: ${field}: ${message}`, details)
}

export const badRequest = (message: string) => new Rejected(400, 'BadRequest', message)

export const unauthorized = new Rejected(401, 'Unauthorized', 'Unauthorized')

export function forbidden(verb: string, { plural, group, name }: Pick<Named, 'plural' | 'group' | 'name'>): Rejected {
  const what = group === '' ? plural : `${plural}.${group}`
  const message = `${what} ${name === '' ? '' : `"${name}" `}is forbidden: User "system:serviceaccount:training:switchyard" cannot ${verb} resource "${plural}" in API group "${group}" in the namespace "training"`
  return new Rejected(403, 'Forbidden', message, { ...(name === '' ? {} : { name }), group, kind: plural })
}
