import { createHash } from 'node:crypto'
import type { JobData } from '../../src/sandbox/modelarts/wire.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts'
import { momentAt } from '../../src/sandbox/timeline.ts'
import type { WorldObject } from '../../src/sandbox/world.ts'

// Several accounts with many running jobs each, in a separate process: one ModelArts sandbox each. On request, a part
// of the jobs changes during each scan of their list, evenly over the duration of the scan and its pause.

export interface ManyJobsReady {
  accounts: readonly Pick<Sandbox<'modelarts'>, 'urls' | 'accounts'>[]
}

export type ManyJobsMessage =
  /** Multiplies the one job of each account to `jobs` jobs. Returns `{}`. */
  | { do: 'multiply'; jobs: number }
  /** Starts changing a part of the jobs in each scan. Returns `{}`. */
  | { do: 'change'; part: number }
  /** Ends the changes and returns those that were made. */
  | { do: 'settle' }
  /** Returns the calls since the previous message. */
  | { do: 'count' }

export interface Change {
  remoteId: string
  state: string
  /** Epoch ms. */
  at: number
}

export interface Calls {
  /** List calls for the first page. */
  scans: number
  pages: number
  others: number
}

const pageSize = 50
const changeEveryMs = 10

process.once('disconnect', () => process.exit(0))
const count = Number(process.env.ACCOUNTS)
const changes: Change[] = []
let part = 0
const accounts = await Promise.all(Array.from({ length: count }, (_, index) => makeAccount(index)))
const timer = setInterval(() => {
  for (const account of accounts) account.change()
}, changeEveryMs)
timer.unref()
process.on('message', (message: ManyJobsMessage) => process.send?.(handle(message)))
process.send?.({ accounts: accounts.map(({ sandbox: { urls, accounts: keys } }) => ({ urls, accounts: keys })) })

function handle(message: ManyJobsMessage): object {
  switch (message.do) {
    case 'multiply':
      for (const account of accounts) account.multiply(message.jobs)
      return {}
    case 'change':
      part = message.part
      return {}
    case 'settle':
      part = 0
      return changes.splice(0)
    case 'count': {
      const counted = accounts.map(({ drain }) => drain())
      const sum = (key: keyof Calls) => counted.reduce((total, calls) => total + calls[key], 0)
      return { scans: sum('scans'), pages: sum('pages'), others: sum('others') } satisfies Calls
    }
    default:
      return message satisfies never
  }
}

async function makeAccount(index: number) {
  const sandbox = await startSandbox({
    providers: ['modelarts'],
    seed: `account-${index}`,
    settings: { modelarts: { jobRunningMs: 86_400_000 } },
    log: { debug: (call) => noteCall(call as { operation?: string }) },
  })
  const jobs = sandbox.world.collection<JobData>('modelarts', 'job')
  const pace = { pages: 0, scanAt: performance.now(), scanMs: Number.POSITIVE_INFINITY, changedAt: 0, next: 0 }
  let calls: Calls = { scans: 0, pages: 0, others: 0 }
  let ids: readonly string[] = []

  function noteCall({ operation }: { operation?: string }): void {
    if (operation !== 'jobs.search') {
      calls.others += 1
      return
    }
    calls.pages += 1
    if (pace.pages++ % Math.max(Math.ceil(ids.length / pageSize), 1) !== 0) return
    calls.scans += 1
    const now = performance.now()
    pace.scanMs = now - pace.scanAt
    pace.scanAt = now
  }

  return {
    sandbox,

    multiply(total: number): void {
      const [first] = jobs.all()
      if (first === undefined) throw new Error('An account has no job that could be multiplied.')
      for (let number = 1; number < total; number++) jobs.add(copyOf(first, number))
      ids = jobs.all().map(({ id }) => id)
      pace.pages = 0
    },

    change(): void {
      const now = performance.now()
      const expected = (part * ids.length * (now - pace.changedAt)) / pace.scanMs
      pace.changedAt = now
      // Randomized: otherwise the few changes of a short list would all occur at the same moment of each scan.
      const due = Math.floor(expected) + Number(Math.random() < expected % 1)
      for (let done = 0; done < due; done++) changes.push(changeOne(jobs, ids[pace.next++ % ids.length] ?? ''))
    },

    drain(): Calls {
      const drained = calls
      calls = { scans: 0, pages: 0, others: 0 }
      return drained
    },
  }
}

/** Copies a job with a separate id and correlation tag, derived from the number as in the bench's rows. */
function copyOf(job: WorldObject<JobData>, number: number): WorldObject<JobData> {
  const id = createHash('md5').update(`${job.id}/${number}`).digest('hex')
  return { ...job, id, name: job.name.replace(/.{5}$/, String(number).padStart(5, '0')) }
}

/** Changes a job to running, or back to waiting without a node. */
function changeOne(jobs: ReturnType<Sandbox['world']['collection']>, id: string): Change {
  const { timeline } = jobs.get(id) ?? { timeline: undefined }
  if (timeline === undefined) throw new Error(`There is no job ${id} that could change.`)
  const at = Date.now()
  const started = timeline.find(({ state }) => state === 'Running') ?? timeline[0]
  const state = momentAt(timeline, at).state === 'Running' ? 'Pending' : 'Running'
  jobs.change(id, { timeline: [started, { at, state, outcome: state }] })
  return { remoteId: id, state, at }
}
