import type { FastifyReply, FastifyRequest } from 'fastify'
import { ApiError } from '../vocabulary/api-error.ts'
import { ownerOf } from './caller.ts'

/** The version of a record, as HTTP says it. */
export function etagOf(record: { version: number }): string {
  return `"${record.version}"`
}

/**
 * A version in an entity tag. A proxy that compresses weakens it, `W/"4"`, or names the coding in it, `"4-gzip"`: it is the
 * same record, and what was read of it is whole.
 */
const ownTag = /^(?:W\/)?"(\d{1,9})(?:-{1,2}(?:gzip|br|zstd|deflate))?"$/

/** The versions that a list of entity tags names. Other services' tags are none. */
function versionsOf(header: string): number[] {
  return header.split(',').flatMap((tag) => {
    const version = ownTag.exec(tag.trim())?.[1]
    return version === undefined ? [] : [Number(version)]
  })
}

/** The versions of which `If-Match` demands one; null where it demands none. */
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

/** What a change is about, and whose it is: the record at one of the versions that the client demands. */
export function targetOf(request: FastifyRequest) {
  const { id } = request.params as { id: string }
  return { ...ownerOf(request), id, ifVersions: ifMatchVersions(request) }
}

/** Whether the client already has this version. */
export function isKnown(request: FastifyRequest, record: { version: number }): boolean {
  const header = request.headers['if-none-match']
  if (header === undefined) return false
  return header.trim() === '*' || versionsOf(header).includes(record.version)
}

/** Answers 304 where the client has this version already; else the record with its ETag. */
export function sendRecord(
  request: FastifyRequest,
  reply: FastifyReply,
  record: { version: number },
  view: object,
): FastifyReply {
  void reply.header('etag', etagOf(record))
  return isKnown(request, record) ? reply.code(304).send() : reply.send(view)
}

/** Answers 202 with where the record is read: what is asked for is recorded, and will be done. */
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
