import type { FastifyReply, FastifyRequest } from 'fastify'
import { Refusal } from '../vocabulary/refusal.ts'
import { ownerOf } from './caller.ts'

/** The version of a record, as HTTP says it. */
export function etagOf(record: { version: number }): string {
  return `"${record.version}"`
}

/** The version that `If-Match` demands; null where it demands none. */
function ifMatchVersion(request: FastifyRequest): number | null {
  const header = request.headers['if-match']
  if (header === undefined || header.trim() === '*') return null
  const match = /^"(\d{1,9})"$/.exec(header.trim())
  if (match?.[1] === undefined) {
    const detail = `If-Match ${header.slice(0, 64)} is not an ETag of this service. Send the ETag of the record as it was read.`
    throw new Refusal('invalid_request', detail, {
      errors: [{ in: 'header', pointer: 'if-match', code: 'format', detail }],
    })
  }
  return Number(match[1])
}

/** What a change is about, and whose it is: the record at the version that the client demands. */
export function targetOf(request: FastifyRequest) {
  const { id } = request.params as { id: string }
  return { ...ownerOf(request), id, ifVersion: ifMatchVersion(request) }
}

/** Whether the client already has this version. */
export function isKnown(request: FastifyRequest, record: { version: number }): boolean {
  const header = request.headers['if-none-match']
  if (header === undefined) return false
  const tags = header.split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  return tags.includes('*') || tags.includes(etagOf(record))
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
