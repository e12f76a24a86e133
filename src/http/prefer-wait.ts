import type { FastifyReply, FastifyRequest } from 'fastify'

/** Milliseconds that a client is ready to wait for a change (`Prefer: wait`, RFC 7240); null if not requested. */
export function preferredWaitMs(request: FastifyRequest, maxSeconds: number): number | null {
  const header = request.headers.prefer
  const text = Array.isArray(header) ? header.join(',') : header
  const match = /(?:^|[,;\s])wait\s*=\s*"?(\d{1,6})"?(?:$|[,;\s])/i.exec(text ?? '')
  return match?.[1] === undefined ? null : Math.min(Number(match[1]), maxSeconds) * 1000
}

/** Reports the applied wait. */
export function applied(reply: FastifyReply, waitMs: number): void {
  void reply.header('preference-applied', `wait=${Math.round(waitMs / 1000)}`)
}
