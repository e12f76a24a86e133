import type { FastifyReply, FastifyRequest } from 'fastify'

/** How long a client is ready to wait for a change, in milliseconds; null where it did not ask (RFC 7240). */
export function preferredWaitMs(request: FastifyRequest, maxSeconds: number): number | null {
  const header = request.headers.prefer
  const text = Array.isArray(header) ? header.join(',') : header
  const match = /(?:^|[,;\s])wait\s*=\s*"?(\d{1,6})"?(?:$|[,;\s])/i.exec(text ?? '')
  return match?.[1] === undefined ? null : Math.min(Number(match[1]), maxSeconds) * 1000
}

/** Tells which wait was honoured. */
export function applied(reply: FastifyReply, waitMs: number): void {
  void reply.header('preference-applied', `wait=${Math.round(waitMs / 1000)}`)
}
