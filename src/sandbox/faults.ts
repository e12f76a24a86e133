import { type Static, Type } from '@sinclair/typebox'
import type { Random } from './random.ts'

/**
 * The effects of a fault. The first group determines the response (one per call); the last three modify the call and
 * may be combined.
 */
export const faultKinds = [
  'reset', // the connection is reset before anything is executed
  'drop_answer', // executed, then the socket is destroyed without a response
  'execute_late', // no response; executed `delayMs` after the client gave up
  'stall', // executed immediately, response after `delayMs`
  'error_before', // 5xx, nothing executed
  'error_after', // executed, then 5xx
  'rate_limited', // the provider's 429, nothing executed
  'credentials', // the provider's rejection of the credentials, nothing executed
  'html_body', // an HTML page instead of the response
  'truncated_json', // the response's JSON, truncated
  'empty_body', // the response's status without a body
  'error_body', // HTTP 200 with the provider's error body
  'empty_list', // lists show nothing
  'list_lag', // new objects stay out of lists for `lagMs`
  'clock_offset', // the provider's clock differs by `offsetMs`
] as const

const milliseconds = Type.Integer({ minimum: 0, maximum: 86_400_000 })

/** A fault as requested. Without `times` and `probability` it applies to every match until it is cleared. */
export const faultInput = Type.Object(
  {
    kind: Type.Union(faultKinds.map((kind) => Type.Literal(kind))),
    provider: Type.Optional(Type.String({ description: 'Provider id; every provider when absent' })),
    operation: Type.Optional(Type.String({ description: 'Such as aiapps.submit, or aiapps.* for a group' })),
    object: Type.Optional(Type.String({ description: 'An id or name that the request carries' })),
    skip: Type.Optional(Type.Integer({ minimum: 0, description: 'Let so many matches pass first' })),
    times: Type.Optional(Type.Integer({ minimum: 1, description: 'Fire so often, then no more' })),
    probability: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
    status: Type.Optional(Type.Integer({ minimum: 200, maximum: 599, description: 'error_*: 500, html_body: 502' })),
    delayMs: Type.Optional(milliseconds),
    minDelayMs: Type.Optional({ ...milliseconds, description: 'Random delay between this and delayMs' }),
    hangsUp: Type.Optional(
      Type.Boolean({ description: 'execute_late: close immediately instead of waiting for the client' }),
    ),
    executes: Type.Optional(
      Type.Boolean({ description: 'Body faults: execute first? error_body: false, others: true' }),
    ),
    reason: Type.Optional(Type.Union([Type.Literal('invalid'), Type.Literal('expired'), Type.Literal('forbidden')])),
    lagMs: Type.Optional(milliseconds),
    offsetMs: Type.Optional(Type.Integer({ minimum: -86_400_000, maximum: 86_400_000 })),
  },
  { additionalProperties: false },
)

export type FaultKind = (typeof faultKinds)[number]
export type FaultInput = Omit<Static<typeof faultInput>, 'kind'> & { kind: FaultKind }

/** An active fault. */
export type Fault = Readonly<FaultInput & { id: string; matched: number; fired: number }>

/** A record of an applied fault. */
export interface Firing {
  readonly fault: string
  readonly kind: FaultKind
  readonly provider: string
  readonly operation: string
  readonly subjects: readonly unknown[]
  /** Epoch ms by the world's clock. */
  readonly at: number
}

/** The properties of a call that faults match. */
export interface Target {
  readonly provider: string
  readonly operation: string
  readonly isList: boolean
  readonly subjects: readonly unknown[]
}

/** The effects of the faults on one call. */
export interface FaultEffects {
  readonly responseFault: Fault | null
  readonly clockOffsetMs: number
  readonly listLagMs: number | null
  readonly isListEmpty: boolean
}

/** The registry of faults. */
export interface Faults {
  add(fault: FaultInput): Fault
  /** Removes one fault by id, or all, and the records of applied faults. */
  clear(id?: string): void
  readonly active: readonly Fault[]
  /** Faults applied since the last clear, oldest first; the newest 10,000 are kept. */
  readonly fired: readonly Firing[]
  /** Determines the effects on one call, and counts it. */
  effectsOn(target: Target): FaultEffects
}

const ambientKinds: ReadonlySet<FaultKind> = new Set(['empty_list', 'list_lag', 'clock_offset'])
const listKinds: ReadonlySet<FaultKind> = new Set(['empty_list', 'list_lag'])
const maxFirings = 10_000

export function makeFaults({ random, now }: { random: Random; now(): number }): Faults {
  const active: (FaultInput & { id: string; matched: number; fired: number })[] = []
  const firings: Firing[] = []
  let lastNumber = 0

  const applies = (fault: (typeof active)[number], target: Target) => {
    if (!matchesTarget(fault, target) || fault.fired >= (fault.times ?? Number.POSITIVE_INFINITY)) return false
    fault.matched += 1
    if (fault.matched <= (fault.skip ?? 0) || random.next() >= (fault.probability ?? 1)) return false
    fault.fired += 1
    const { provider, operation, subjects } = target
    firings.push({ fault: fault.id, kind: fault.kind, provider, operation, subjects, at: now() })
    if (firings.length > maxFirings) firings.shift()
    return true
  }

  return {
    active,
    fired: firings,
    add: (input) => {
      lastNumber += 1
      const fault = { ...input, id: `fault-${lastNumber}`, matched: 0, fired: 0 }
      active.push(fault)
      return fault
    },
    clear: (id) => {
      if (id === undefined) active.length = 0
      else active.splice(0, active.length, ...active.filter((fault) => fault.id !== id))
      if (id === undefined) firings.length = 0
    },
    effectsOn: (target) => {
      const ambient = active.filter((fault) => ambientKinds.has(fault.kind) && applies(fault, target))
      const responseFault = active.find((fault) => !ambientKinds.has(fault.kind) && applies(fault, target)) ?? null
      return {
        responseFault: responseFault && { ...responseFault },
        clockOffsetMs: ambient.reduce(
          (sum, fault) => sum + (fault.kind === 'clock_offset' ? (fault.offsetMs ?? 0) : 0),
          0,
        ),
        listLagMs: ambient.find((fault) => fault.kind === 'list_lag')?.lagMs ?? null,
        isListEmpty: ambient.some((fault) => fault.kind === 'empty_list'),
      }
    },
  }
}

function matchesTarget(fault: FaultInput, target: Target): boolean {
  if (fault.provider !== undefined && fault.provider !== target.provider) return false
  if (listKinds.has(fault.kind) && !target.isList) return false
  if (fault.object !== undefined && !target.subjects.includes(fault.object)) return false
  return matchesOperation(fault.operation, target.operation)
}

function matchesOperation(pattern: string | undefined, operation: string): boolean {
  if (pattern === undefined || pattern === operation) return true
  return pattern.endsWith('*') && operation.startsWith(pattern.slice(0, -1))
}
