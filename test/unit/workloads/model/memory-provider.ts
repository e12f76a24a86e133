import type { Driver } from '../../../../src/providers/driver.ts'
import type { Created, Intent } from '../../../../src/providers/intent.ts'
import type { Found, Observation } from '../../../../src/providers/observation.ts'
import { ProviderError, type ProviderErrorCode } from '../../../../src/providers/provider-error.ts'
import type { Traits } from '../../../../src/providers/traits.ts'
import { entryAt, forceState, type Lifecycle, type RemoteObject, timelineFrom } from './remote-object.ts'
import type { VirtualTime } from './virtual-time.ts'

/** Behavior of one call: `tookMs` until the caller continues, `lateMs` from then until the execution. */
export interface CallBehavior {
  does: 'succeeds' | 'rejects' | 'fails' | 'crashes'
  /** Whether the provider executes a failed call nevertheless, immediately or late. */
  executes: 'no' | 'yes' | 'late'
  code: ProviderErrorCode
  tookMs: number
  lateMs: number
}

export interface MemoryProvider {
  readonly driver: Driver
  /** Correlation tags of all objects ever created. */
  readonly createdTags: readonly string[]
  /** Invariants that the engine violated. */
  readonly violations: readonly string[]
  /** The existing object. `isHidden`: a search does not find it before a name conflict. */
  remoteObject(): { id: string; state: string; isHidden: boolean } | null
  /** Changes the state or removes the object (null) without the engine. */
  force(state: string | null): void
}

interface Options {
  time: VirtualTime
  lifecycle: Lifecycle
  traits: Traits
  callTimeoutMs: number
  /** The search violates its contract: it finds an object only after a second create with a name conflict. */
  findsAfterConflict: boolean
  /** Objects of other records that a search without a tag filter also returns. */
  neighbors: readonly string[]
  nextBehavior(call: 'create' | 'find' | 'read' | 'control'): CallBehavior
}

/** A provider in memory with a lagging list, lost responses and late execution. */
export function makeMemoryProvider({
  time,
  lifecycle,
  traits,
  callTimeoutMs,
  findsAfterConflict,
  neighbors,
  nextBehavior,
}: Options): MemoryProvider {
  const createdTags: string[] = []
  const violations: string[] = []
  let object: RemoteObject | null = null
  /** The object that a start recreates, if names are reused. */
  let deleted: RemoteObject | null = null
  let pendingCalls = 0
  let conflictAt: number | null = null
  const isListed = (since: number | null) => since !== null && since + traits.listConsistencyLagMs <= time.now()
  const isHidden = () => findsAfterConflict && conflictAt === null

  const stateOf = (known: RemoteObject): string => entryAt(known, time.now())?.state ?? ''

  function visibleObject(): RemoteObject | null {
    if (object === null) return null
    const { retentionMs } = traits
    const entry = entryAt(object, time.now())
    const isEnded = entry !== undefined && lifecycle.finalStates.includes(entry.state)
    return isEnded && retentionMs !== undefined && time.now() > entry.at + retentionMs ? null : object
  }

  function createObject(correlationTag: string): string {
    const id = `remote-${createdTags.length + 1}`
    createdTags.push(correlationTag)
    startTimeline({ id, correlationTag })
    return id
  }

  function startTimeline({ id, correlationTag }: Pick<RemoteObject, 'id' | 'correlationTag'>): void {
    object = { id, correlationTag, createdAt: time.now(), timeline: timelineFrom(lifecycle, time.now()) }
  }

  const observation = (known: RemoteObject): Observation => {
    const state = stateOf(known)
    const status = (lifecycle.states[state] ?? null) as Observation['status']
    return {
      remoteId: known.id,
      status,
      rawState: state,
      correlationTag: known.correlationTag,
      payload: () => ({ state }),
    }
  }

  function execute(behavior: CallBehavior, run: () => void): void {
    if (behavior.executes === 'no') return
    if (behavior.executes === 'yes') {
      run()
      return
    }
    pendingCalls += 1
    void time.sleep(Math.min(behavior.lateMs, traits.maxProcessingMs)).then(() => {
      pendingCalls -= 1
      run()
    })
  }

  /** Records a create that could produce a second object. */
  function checkDuplicate(): void {
    if (pendingCalls > 0) violations.push('a create was sent while an earlier one could still be executed')
    if (visibleObject() !== null && !isHidden()) violations.push('a create was sent though the object exists')
  }

  function isNameTaken(): boolean {
    if (!traits.uniqueNames || visibleObject() === null) return false
    conflictAt ??= time.now()
    return true
  }

  async function create(intent: Intent): Promise<Created> {
    const behavior = nextBehavior('create')
    const tookMs = Math.min(behavior.tookMs, callTimeoutMs)
    if (isTooLate(time, intent)) throw new ProviderError('timeout', 'too late to send', { notSent: true })
    checkDuplicate()
    if (behavior.does === 'crashes') throw new Error('the driver is broken')
    if (behavior.does === 'rejects') throw rejection(behavior)
    const isTaken = isNameTaken()
    if (behavior.does === 'succeeds' && isTaken) throw new ProviderError('conflict', 'the name exists')
    if (behavior.does === 'succeeds') return created(createObject(intent.correlationTag), tookMs, behavior)
    // Execution happens at the caller's timeout, or within the processing time after it.
    await time.sleep(tookMs)
    execute(behavior, () => void (isTaken || createObject(intent.correlationTag)))
    throw new ProviderError(inconclusive(behavior.code), 'no response')
  }

  /** Some responses omit the id, some contain the object. */
  async function created(id: string, tookMs: number, { lateMs }: CallBehavior): Promise<Created> {
    await time.sleep(tookMs)
    const seen = object === null || lateMs % 4 !== 0 ? {} : { seen: observation(object) }
    return { remoteId: lateMs % 2 === 0 ? id : null, ...seen }
  }

  async function read<A>(respond: () => A): Promise<A> {
    const behavior = nextBehavior('read')
    const response = respond()
    await time.sleep(Math.min(behavior.tookMs, callTimeoutMs))
    if (behavior.does !== 'succeeds')
      throw new ProviderError(behavior.code === 'not_found' ? 'timeout' : behavior.code, 'unavailable')
    return response
  }

  function executeAction(action: string): void {
    const effect = lifecycle.actions[action]
    if (action === 'start' && object === null && deleted !== null) startTimeline(deleted)
    if (object === null || effect === undefined || lifecycle.finalStates.includes(stateOf(object))) return
    const at = time.now()
    const past = object.timeline.filter((moment) => moment.at <= at)
    const through = effect.through === null ? [] : [{ at, state: effect.through }]
    if (effect.to === null) {
      object = { ...object, timeline: [...past, ...through] }
      void time.sleep(effect.forMs).then(() => {
        if (traits.reusesIds === true) deleted = object
        object = null
      })
      return
    }
    object = { ...object, timeline: [...past, ...through, { at: at + effect.forMs, state: effect.to }] }
  }

  async function control(action: string, remoteId: string): Promise<void> {
    const behavior = nextBehavior('control')
    await time.sleep(Math.min(behavior.tookMs, callTimeoutMs))
    // `not_found` is reported for missing objects only.
    if (behavior.does === 'rejects')
      throw rejection(behavior.code === 'not_found' ? { ...behavior, code: 'conflict' } : behavior)
    if (behavior.does === 'succeeds') return object?.id === remoteId ? executeAction(action) : undefined
    execute(behavior, () => executeAction(action))
    throw new ProviderError(inconclusive(behavior.code), 'no response')
  }

  const found = (correlationTag: string): Found => {
    const known = visibleObject()
    const isFound =
      known !== null &&
      known.correlationTag === correlationTag &&
      isListed(findsAfterConflict ? conflictAt : known.createdAt)
    const others = neighbors.map(
      (remoteId): Observation => ({ remoteId, status: null, rawState: '', payload: () => null }),
    )
    const seen = [...others, ...(isFound ? [observation(known)] : [])]
    return seen.length > 0 ? { found: seen, isComplete: true } : { absent: true }
  }

  const driver: Driver = {
    accepts: {},
    states: lifecycle.states as Driver['states'],
    traits,
    tagLength: 10,
    plan: () => ({ method: 'POST', target: '/' }),
    create,
    find: async (intents) => {
      const behavior = nextBehavior('find')
      const results = new Map(intents.map(({ correlationTag }) => [correlationTag, found(correlationTag)]))
      await time.sleep(Math.min(behavior.tookMs, callTimeoutMs))
      if (behavior.does === 'succeeds') return results
      if (behavior.does === 'rejects')
        return new Map(intents.map(({ correlationTag }) => [correlationTag, { inconclusive: 'incomplete list' }]))
      throw new ProviderError(inconclusive(behavior.code), 'unavailable')
    },
    get: (remoteId) =>
      read(() => {
        const known = visibleObject()
        return known?.id === remoteId ? observation(known) : ('gone' as const)
      }),
    list: () =>
      read(() => {
        const known = visibleObject()
        return { seen: known === null || !isListed(known.createdAt) ? [] : [observation(known)], next: null }
      }),
    controls: Object.fromEntries(
      Object.keys(lifecycle.actions).map((action) => [action, (remoteId: string) => control(action, remoteId)]),
    ),
  }
  return {
    driver,
    createdTags,
    violations,
    remoteObject: () => {
      const known = visibleObject()
      return known === null ? null : { id: known.id, state: stateOf(known), isHidden: isHidden() }
    },
    force: (state) => {
      object = object === null || state === null ? null : forceState(object, state, time.now())
    },
  }
}

const isTooLate = (time: VirtualTime, { sendBy }: Intent): boolean =>
  time.now() > sendBy.at.getTime() || time.now() > sendBy.monotonicMs

const inconclusiveCodes: ReadonlySet<ProviderErrorCode> = new Set([
  'timeout',
  'unavailable',
  'outcome_unknown',
  'bad_response',
  'internal',
])

/** After a lost response a driver may only use codes that leave the outcome open. */
const inconclusive = (code: ProviderErrorCode): ProviderErrorCode =>
  inconclusiveCodes.has(code) ? code : 'outcome_unknown'
/** A rejection means that nothing was created. */
const rejection = ({ code }: CallBehavior) =>
  new ProviderError(inconclusiveCodes.has(code) ? 'rate_limited' : code, 'no')
