import AjvCompiler from '@fastify/ajv-compiler'
import { Type } from '@sinclair/typebox'
import Fastify, { type FastifyInstance } from 'fastify'
import { type Control, ControlError, type Push } from './control.ts'
import { type FaultInput, type Faults, faultInput } from './faults.ts'

const optionalText = Type.Optional(Type.String({ minLength: 1, maxLength: 100 }))
const pushBody = Type.Object(
  { state: optionalText, outcome: optionalText, finalState: optionalText, finalOutcome: optionalText },
  { additionalProperties: false, minProperties: 1 },
)
const advanceBody = Type.Object({ ms: Type.Integer({ minimum: 0 }) }, { additionalProperties: false })
const settingsBody = Type.Record(Type.String(), Type.Union([Type.Number(), Type.Boolean(), Type.String()]))

/** Shared by all sandboxes of a process, because it caches compiled schemas. */
const buildValidator = AjvCompiler()

/** The parts that the control API controls. */
export interface ControlApiParts {
  /** The URL and credentials of each provider. */
  describe(): object
  faults: Faults
  control: Control
  settings: Readonly<Record<string, object>>
  calls(): object
  advance(ms: number): void
  reset(): void
}

/** The HTTP interface of the sandbox's control functions; it requires no credentials. */
export function makeControlApi(parts: ControlApiParts): FastifyInstance {
  const app = Fastify({
    forceCloseConnections: true,
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false } },
    schemaController: { compilersFactory: { buildValidator } },
  } as const)
  app.setErrorHandler((error, _request, reply) => {
    const status =
      error instanceof ControlError ? error.status : Number((error as { statusCode?: number }).statusCode ?? 500)
    return reply.code(status).send({ message: error instanceof Error ? error.message : String(error) })
  })
  app.get('/_sandbox', () => parts.describe())
  app.get('/_sandbox/calls', () => parts.calls())
  app.post<{ Body: { ms: number } }>('/_sandbox/advance', { schema: { body: advanceBody } }, (request, reply) => {
    parts.advance(request.body.ms)
    return reply.code(204).send()
  })
  app.post('/_sandbox/reset', (_request, reply) => {
    parts.reset()
    return reply.code(204).send()
  })
  addFaultRoutes(app, parts)
  addObjectRoutes(app, parts)
  addSettingRoutes(app, parts)
  return app
}

function addFaultRoutes(app: FastifyInstance, { faults }: ControlApiParts): void {
  app.get('/_sandbox/faults', () => ({ active: faults.active, fired: faults.fired }))
  app.post<{ Body: FaultInput }>('/_sandbox/faults', { schema: { body: faultInput } }, (request, reply) =>
    reply.code(201).send(faults.add(request.body)),
  )
  app.delete('/_sandbox/faults', (_request, reply) => {
    faults.clear()
    return reply.code(204).send()
  })
  app.delete<{ Params: { id: string } }>('/_sandbox/faults/:id', (request, reply) => {
    faults.clear(request.params.id)
    return reply.code(204).send()
  })
}

function addObjectRoutes(app: FastifyInstance, { control }: ControlApiParts): void {
  const path = '/_sandbox/objects/:provider/:id'
  app.get<{ Querystring: { provider?: string } }>('/_sandbox/objects', (request) => ({
    objects: control.objects(request.query.provider),
  }))
  app.patch<{ Params: { provider: string; id: string }; Body: Push }>(path, { schema: { body: pushBody } }, (request) =>
    control.force(request.params.provider, request.params.id, request.body),
  )
  app.delete<{ Params: { provider: string; id: string } }>(path, (request, reply) => {
    control.remove(request.params.provider, request.params.id)
    return reply.code(204).send()
  })
}

function addSettingRoutes(app: FastifyInstance, { control, settings }: ControlApiParts): void {
  app.get('/_sandbox/settings', () => settings)
  app.patch<{ Params: { provider: string }; Body: Record<string, unknown> }>(
    '/_sandbox/settings/:provider',
    { schema: { body: settingsBody } },
    (request) => control.changeSettings(request.params.provider, request.body),
  )
}
