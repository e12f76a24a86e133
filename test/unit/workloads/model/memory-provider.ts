import type { Driver } from '../../../../src/providers/driver.ts'
import type { Created, Intent } from '../../../../src/providers/intent.ts'
import type { Found, Observation } from '../../../../src/providers/observation.ts'
import { ProviderError, type ProviderErrorCode } from '../../../../src/providers/provider-error.ts'
import type { Traits } from '../../../../src/providers/traits.ts'
import { courseOf, type Life, momentOf, putInto, type RemoteObject } from './remote-object.ts'
import type { VirtualTime } from './virtual-time.ts'

/** Result of one call. `tookMs` is the caller's wait; `lateMs`: executed so long after the caller gave up. */
export interface CallFate {
  does: 'works' | 'refuses' | 'fails' | 'dies'
  /** Of a failure: whether the provider executed it nevertheless, immediately or late. */
  executes: 'no' | 'yes' | 'late'
  code: ProviderErrorCode
  tookMs: number
  lateMs: number
}

export interface MemoryProvider {
  readonly driver: Driver
  /** Everything that was ever made, and by which mark. */
  readonly made: readonly string[]
  /** What the engine must never do, and did. */
  readonly violations: readonly string[]
  /** What exists now. `isHidden`: its name was never asked for again, and until then it is not found. */
  living(): { id: string; state: string; isHidden: boolean } | null
  /** Something behind the engine's back: another state, or gone. */
  force(state: string | null): void
}

interface Options {
  time: VirtualTime
  life: Life
  traits: Traits
  callTimeoutMs: number
  /** Its search breaks its promise: it shows an object only after a second create failed with a name conflict. */
  findsLate: boolean
  /** Objects of other records that a search also shows if it cannot filter by correlation tag. */
  neighbours: readonly string[]
  nextFate(call: 'create' | 'find' | 'read' | 'control'): CallFate
}

/** A provider in memory: a list that lags, answers that get lost, requests that are executed after their caller left. */
export function makeMemoryProvider({
  time,
  life,
  traits,
  callTimeoutMs,
  findsLate,
  neighbours,
  nextFate,
}: Options): MemoryProvider {
  const made: string[] = []
  const violations: string[] = []
  let object: RemoteObject | null = null
  /** The object that a start recreates, if names are reused. */
  let deleted: RemoteObject | null = null
  let underWay = 0
  let nameAskedAt: number | null = null
  const isListed = (since: number | null) => since !== null && since + traits.listConsistencyLagMs <= time.now()
  const isHidden = () => findsLate && nameAskedAt === null

  const stateOf = (known: RemoteObject): string => momentOf(known, time.now())?.state ?? ''

  function shown(): RemoteObject | null {
    if (object === null) return null
    const { retentionMs } = traits
    const moment = momentOf(object, time.now())
    const isEnded = moment !== undefined && life.ended.includes(moment.state)
    return isEnded && retentionMs !== undefined && time.now() > moment.at + retentionMs ? null : object
  }

  function make(correlationTag: string): string {
    const id = `remote-${made.length + 1}`
    made.push(correlationTag)
    bring({ id, correlationTag })
    return id
  }

  function bring({ id, correlationTag }: Pick<RemoteObject, 'id' | 'correlationTag'>): void {
    object = { id, correlationTag, madeAt: time.now(), course: courseOf(life, time.now()) }
  }

  const observation = (known: RemoteObject): Observation => {
    const state = stateOf(known)
    const status = (life.states[state] ?? null) as Observation['status']
    return {
      remoteId: known.id,
      status,
      rawState: state,
      correlationTag: known.correlationTag,
      payload: () => ({ state }),
    }
  }

  function execute(fate: CallFate, act: () => void): void {
    if (fate.executes === 'no') return
    if (fate.executes === 'yes') {
      act()
      return
    }
    underWay += 1
    void time.sleep(Math.min(fate.lateMs, traits.maxProcessingMs)).then(() => {
      underWay -= 1
      act()
    })
  }

  /** A create that could make a second object is the one thing that must never happen. */
  function noteSecond(): void {
    if (underWay > 0) violations.push('a create was sent while an earlier one could still be executed')
    if (shown() !== null && !isHidden()) violations.push('a create was sent though the object exists')
  }

  function isNameTaken(): boolean {
    if (!traits.uniqueNames || shown() === null) return false
    nameAskedAt ??= time.now()
    return true
  }

  async function create(intent: Intent): Promise<Created> {
    const fate = nextFate('create')
    const tookMs = Math.min(fate.tookMs, callTimeoutMs)
    if (isTooLate(time, intent)) throw new ProviderError('timeout', 'too late to send', { notSent: true })
    noteSecond()
    if (fate.does === 'dies') throw new Error('the driver is broken')
    if (fate.does === 'refuses') throw rejection(fate)
    const isTaken = isNameTaken()
    if (fate.does === 'works' && isTaken) throw new ProviderError('conflict', 'the name exists')
    if (fate.does === 'works') return created(make(intent.correlationTag), tookMs, fate)
    // Whatever is executed is executed when the caller gives up, or within the processing time after it.
    await time.sleep(tookMs)
    execute(fate, () => void (isTaken || make(intent.correlationTag)))
    throw new ProviderError(unclear(fate.code), 'no answer')
  }

  /** Some answers leave out the id, some show the object. */
  async function created(id: string, tookMs: number, { lateMs }: CallFate): Promise<Created> {
    await time.sleep(tookMs)
    const seen = object === null || lateMs % 4 !== 0 ? {} : { seen: observation(object) }
    return { remoteId: lateMs % 2 === 0 ? id : null, ...seen }
  }

  async function look<A>(answer: () => A): Promise<A> {
    const fate = nextFate('read')
    const answered = answer()
    await time.sleep(Math.min(fate.tookMs, callTimeoutMs))
    if (fate.does !== 'works') throw new ProviderError(fate.code === 'not_found' ? 'timeout' : fate.code, 'not now')
    return answered
  }

  function carryOut(verb: string): void {
    const how = life.verbs[verb]
    if (verb === 'start' && object === null && deleted !== null) bring(deleted)
    if (object === null || how === undefined || life.ended.includes(stateOf(object))) return
    const at = time.now()
    const past = object.course.filter((moment) => moment.at <= at)
    const through = how.through === null ? [] : [{ at, state: how.through }]
    if (how.to === null) {
      object = { ...object, course: [...past, ...through] }
      void time.sleep(how.forMs).then(() => {
        if (traits.reusesIds === true) deleted = object
        object = null
      })
      return
    }
    object = { ...object, course: [...past, ...through, { at: at + how.forMs, state: how.to }] }
  }

  async function control(verb: string, remoteId: string): Promise<void> {
    const fate = nextFate('control')
    await time.sleep(Math.min(fate.tookMs, callTimeoutMs))
    // `not_found` is reported for missing objects only.
    if (fate.does === 'refuses') throw rejection(fate.code === 'not_found' ? { ...fate, code: 'conflict' } : fate)
    if (fate.does === 'works') return object?.id === remoteId ? carryOut(verb) : undefined
    execute(fate, () => carryOut(verb))
    throw new ProviderError(unclear(fate.code), 'no answer')
  }

  const found = (correlationTag: string): Found => {
    const known = shown()
    const isFound =
      known !== null && known.correlationTag === correlationTag && isListed(findsLate ? nameAskedAt : known.madeAt)
    const others = neighbours.map(
      (remoteId): Observation => ({ remoteId, status: null, rawState: '', payload: () => null }),
    )
    const seen = [...others, ...(isFound ? [observation(known)] : [])]
    return seen.length > 0 ? { found: seen, isComplete: true } : { absent: true }
  }

  const driver: Driver = {
    accepts: {},
    states: life.states as Driver['states'],
    traits,
    tagLength: 10,
    plan: () => ({ method: 'POST', target: '/' }),
    create,
    find: async (intents) => {
      const fate = nextFate('find')
      const answered = new Map(intents.map(({ correlationTag }) => [correlationTag, found(correlationTag)]))
      await time.sleep(Math.min(fate.tookMs, callTimeoutMs))
      if (fate.does === 'works') return answered
      if (fate.does === 'refuses')
        return new Map(intents.map(({ correlationTag }) => [correlationTag, { inconclusive: 'half a list' }]))
      throw new ProviderError(unclear(fate.code), 'not now')
    },
    get: (remoteId) =>
      look(() => {
        const known = shown()
        return known?.id === remoteId ? observation(known) : ('gone' as const)
      }),
    list: () =>
      look(() => {
        const known = shown()
        return { seen: known === null || !isListed(known.madeAt) ? [] : [observation(known)], next: null }
      }),
    controls: Object.fromEntries(
      Object.keys(life.verbs).map((verb) => [verb, (remoteId: string) => control(verb, remoteId)]),
    ),
  }
  return {
    driver,
    made,
    violations,
    living: () => {
      const known = shown()
      return known === null ? null : { id: known.id, state: stateOf(known), isHidden: isHidden() }
    },
    force: (state) => {
      object = object === null || state === null ? null : putInto(object, state, time.now())
    },
  }
}

const isTooLate = (time: VirtualTime, { sendBy }: Intent): boolean =>
  time.now() > sendBy.at.getTime() || time.now() > sendBy.monotonicMs

const unclearCodes: ReadonlySet<ProviderErrorCode> = new Set([
  'timeout',
  'unavailable',
  'outcome_unknown',
  'bad_response',
  'internal',
])

/** After a lost answer a driver may only use codes that say nothing about the outcome. */
const unclear = (code: ProviderErrorCode): ProviderErrorCode => (unclearCodes.has(code) ? code : 'outcome_unknown')
/** A rejection means that nothing was created. */
const rejection = ({ code }: CallFate) => new ProviderError(unclearCodes.has(code) ? 'rate_limited' : code, 'no')
