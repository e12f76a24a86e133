import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { type Ending, exchange } from './exchange.ts'
import type { FaultEffects, Faults } from './faults.ts'
import type { Call, Emulation, Operation, ProviderResponse, Settings } from './provider.ts'
import type { Clock, World } from './world.ts'

const maxBodyBytes = 10 * 1024 * 1024

/** Writes one line per call, for example a pino logger. */
export interface CallLog {
  debug(fields: object, message: string): void
}

/** The dependencies of a provider's listener. */
export interface ListenerParts {
  provider: string
  emulation: Emulation
  settings: Settings
  world: World
  faults: Faults
  clock: Clock
  /** Called for every call to a known operation before it is executed. */
  onCall(operation: string): void
  log?: CallLog
}

/** Serves one provider over HTTP. Closing it drops open sockets and pending late executions. */
export function makeListener(parts: ListenerParts): FastifyInstance {
  const { emulation } = parts
  const app = Fastify({ forceCloseConnections: true, exposeHeadRoutes: false, bodyLimit: maxBodyBytes } as const)
  const timers = new Set<NodeJS.Timeout>()
  app.addHook('onClose', () => {
    for (const timer of timers) clearTimeout(timer)
  })
  // Some documented lists use a GET with a body.
  app.addHttpMethod('GET', { hasBody: true, overrideExisting: true })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  const now = () => parts.clock.now()
  app.setNotFoundHandler((_request, reply) => sendResponse(reply, emulation.failure({ what: 'unknown_route' }), now()))
  app.setErrorHandler((error, _request, reply) => sendResponse(reply, responseToError(error, emulation), now()))

  const later = (delayMs: number, run: () => void) => {
    const timer = setTimeout(() => {
      timers.delete(timer)
      try {
        run()
      } catch (error) {
        parts.log?.debug({ provider: parts.provider, error }, 'sandbox call failed after its client disconnected')
      }
    }, delayMs)
    timers.add(timer)
  }
  for (const operation of emulation.operations) {
    app.route({
      method: operation.method,
      url: operation.path,
      handler: (request, reply) => serve({ ...parts, operation, later }, request, reply),
    })
  }
  return app
}

interface ServeParts extends ListenerParts {
  operation: Operation
  later(delayMs: number, run: () => void): void
}

async function serve(parts: ServeParts, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { provider, operation, faults, emulation } = parts
  const plain = readCall(parts, request)
  const subjects = (operation.subjects?.(plain) ?? []).filter((subject) => subject !== undefined)
  const effects = faults.effectsOn({ provider, operation: operation.name, isList: operation.isList === true, subjects })
  const call = { ...plain, ...conditionsOf(parts, effects) }
  const fault = effects.responseFault
  parts.onCall(operation.name)
  const ending = await exchange(fault, {
    execute: () => (operation.isPublic ? null : emulation.authenticate(call)) ?? operation.handle(call),
    failure: emulation.failure,
    clientGone: new Promise((resolve) => reply.raw.once('close', () => resolve())),
    later: parts.later,
    delayMs: randomDelay(fault?.minDelayMs, fault?.delayMs ?? 0, parts.world),
  })
  const outcome = 'response' in ending ? ending.response.status : ending.disconnect
  parts.log?.debug({ provider, operation: operation.name, outcome, fault: fault?.kind }, 'sandbox call')
  return finish(ending, reply, call.wallClockMs)
}

function readCall({ operation, clock, settings }: ServeParts, request: FastifyRequest): Call {
  const rawBody = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
  const target = request.raw.url ?? '/'
  const queryAt = target.indexOf('?')
  return {
    operation: operation.name,
    method: request.method,
    target,
    headers: request.headers,
    params: request.params as Record<string, string>,
    query: new URLSearchParams(queryAt < 0 ? '' : target.slice(queryAt + 1)),
    rawBody,
    json: parseJson(rawBody),
    wallClockMs: clock.now(),
    listing: { lagMs: settings.listLagMs, isEmpty: false },
  }
}

function conditionsOf({ clock, settings }: ServeParts, effects: FaultEffects): Pick<Call, 'wallClockMs' | 'listing'> {
  return {
    wallClockMs: clock.now() + effects.clockOffsetMs,
    listing: { lagMs: effects.listLagMs ?? settings.listLagMs, isEmpty: effects.isListEmpty },
  }
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}

function randomDelay(minDelayMs: number | undefined, delayMs: number, world: World): number {
  if (minDelayMs === undefined || minDelayMs >= delayMs) return delayMs
  return minDelayMs + world.random.below(delayMs - minDelayMs + 1)
}

function finish(ending: Ending, reply: FastifyReply, wallClockMs: number): FastifyReply {
  if ('response' in ending) return sendResponse(reply, ending.response, wallClockMs)
  reply.hijack()
  if (ending.disconnect === 'reset') reply.request.raw.socket.resetAndDestroy()
  else reply.request.raw.socket.destroy()
  return reply
}

/** Every response has a Date by the provider's clock, which shows clients that their clock is wrong. */
function sendResponse(
  reply: FastifyReply,
  { status, body, headers }: ProviderResponse,
  wallClockMs: number,
): FastifyReply {
  reply.code(status).header('date', new Date(wallClockMs).toUTCString())
  if (body === undefined) return reply.headers(headers ?? {}).send()
  const isRaw = typeof body === 'string' || Buffer.isBuffer(body)
  const type = isRaw ? 'text/plain; charset=utf-8' : 'application/json; charset=utf-8'
  return reply.headers({ 'content-type': type, ...headers }).send(isRaw ? body : JSON.stringify(body))
}

function responseToError(error: unknown, emulation: Emulation): ProviderResponse {
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500
  if (status === 413) return emulation.failure({ what: 'too_large' })
  if (status >= 500) return emulation.failure({ what: 'server_error', status })
  return emulation.failure({ what: 'bad_request', detail: error instanceof Error ? error.message : String(error) })
}
