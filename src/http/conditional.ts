import type { FastifyReply, FastifyRequest } from 'fastify'
import { ApiError } from '../vocabulary/api-error.ts'
import { ownerOf } from './caller.ts'

/** ETag of a record's version. */
export function etagOf(record: { version: number }): string {
  return `"${record.version}"`
}

/**
 * A version in an entity tag. A compressing proxy weakens the tag (`W/"4"`) or adds the coding (`"4-gzip"`): the
 * version is the same.
 */
const ownTag = /^(?:W\/)?"(\d{1,9})(?:-{1,2}(?:gzip|br|zstd|deflate))?"$/

/** Versions in a list of entity tags; tags of other services are ignored. */
function versionsOf(header: string): number[] {
  return header.split(',').flatMap((tag) => {
    const version = ownTag.exec(tag.trim())?.[1]
    return version === undefined ? [] : [Number(version)]
  })
}

/** Versions that `If-Match` accepts; null if it accepts any. */
function ifMatchVersions(request: FastifyRequest): readonly number[] | null {
  const header = request.headers['if-match']
  if (header === undefined || header.trim() === '*') return null
  const versions = versionsOf(header)
  if (versions.length > 0) return versions
  const detail = `If-Match ${header.slice(0, 64)} is not an ETag of this service. Send the ETag of the last response.`
  throw new ApiError('invalid_request', detail, {
    errors: [{ in: 'header', pointer: 'if-match', code: 'format', detail }],
  })
}

/** Target of a change: owner, record id and the versions accepted by the client. */
export function targetOf(request: FastifyRequest) {
  const { id } = request.params as { id: string }
  return { ...ownerOf(request), id, ifVersions: ifMatchVersions(request) }
}

/** Whether `If-None-Match` names this version. */
export function isKnown(request: FastifyRequest, record: { version: number }): boolean {
  const header = request.headers['if-none-match']
  if (header === undefined) return false
  return header.trim() === '*' || versionsOf(header).includes(record.version)
}

/** Returns 304 if the client has this version; otherwise the record with its ETag. */
export function sendRecord(
  request: FastifyRequest,
  reply: FastifyReply,
  record: { version: number },
  view: object,
): FastifyReply {
  void reply.header('etag', etagOf(record))
  return isKnown(request, record) ? reply.code(304).send() : reply.send(view)
}

/** Returns 202 with the record's URL: the request is recorded and executed asynchronously. */
export function sendAccepted(
  reply: FastifyReply,
  plural: 'jobs' | 'environments',
  record: { id: string; version: number },
  view: object,
): FastifyReply {
  return reply
    .code(202)
    .headers({ location: `/${plural}/${record.id}`, etag: etagOf(record) })
    .send(view)
}
