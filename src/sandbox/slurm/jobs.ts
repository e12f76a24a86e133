import type { Call } from '../provider.ts'
import type { Collection, World } from '../world.ts'
import type { Job } from './job-view.ts'
import { hasEnded, impossible, killed, lifeOf, snapshotAt, stuck } from './lifecycle.ts'
import { noSuchJob, Rejected, type SlurmError } from './responses.ts'
import { assertKnown, isImpossible, isOversized, nodesOf, obstacleTo } from './rules.ts'
import { cluster, type JobData, type JobRequest, type SlurmAccount, type SlurmSettings } from './wire.ts'

export interface JobParts {
  world: World
  settings: SlurmSettings
  jobs: Collection<JobData>
}

export type JobOperations = ReturnType<typeof makeJobOperations>

/** A request, parsed and as sent. */
export interface Submission {
  request: JobRequest
  creation: unknown
  /** A job that exceeds the partition is rejected as impossible (24.11) instead of waiting. */
  isStrict?: boolean
}

/** The operations on jobs. Each receives its caller. */
export function makeJobOperations({ world, settings, jobs }: JobParts) {
  const isShown = ({ timeline }: Job) => {
    const { endedAt } = snapshotAt(timeline, world.now())
    return endedAt === null || endedAt + settings.minJobAgeMs > world.now()
  }
  const known = (id: string): Job | undefined => {
    const job = jobs.get(id)
    return job !== undefined && isShown(job) ? job : undefined
  }
  // Ids count up from 1, as on a cluster.
  let lastId = jobs.all().reduce((highest, { id }) => Math.max(highest, Number(id)), 0)
  const add = (caller: SlurmAccount, { request, creation }: Submission, timeline: Job['timeline']) => {
    lastId += 1
    return jobs.add({
      id: String(lastId),
      name: request.job.name ?? 'sbatch',
      owner: caller.user,
      creation,
      data: {
        request,
        partition: request.job.partition ?? cluster.defaultPartition,
        nodes: nodesOf(request),
        timeLimitMinutes: request.job.time_limit ?? cluster.defaultMinutes,
      },
      timeline,
    })
  }

  return {
    submit(caller: SlurmAccount, submission: Submission): { jobId: number; errors: readonly SlurmError[] } {
      const { request, isStrict = false } = submission
      assertKnown(request)
      const now = world.now()
      if (isImpossible(request) || (isStrict && isOversized(request))) {
        add(caller, submission, impossible(now))
        throw new Rejected(500, { code: 2014, error: 'Requested node configuration is not available' })
      }
      const obstacle = obstacleTo(request, nodesOf(request))
      const minutes = request.job.time_limit ?? cluster.defaultMinutes
      const timeline = obstacle === null ? lifeOf(request, now, minutes, settings) : stuck(now, obstacle.reason)
      const { id } = add(caller, submission, timeline)
      return { jobId: Number(id), errors: obstacle === null ? [] : [obstacle.error] }
    },

    read(id: string): Job {
      const job = known(id)
      if (job === undefined) throw noSuchJob('slurm_load_job', `Unable to find JobId=${id}`)
      return job
    },

    /** Jobs of all users. */
    list: ({ listing }: Call): Job[] => jobs.listed(listing).filter(isShown),

    cancel(caller: SlurmAccount, id: string, query: URLSearchParams): 'killed' | 'ended' {
      const fails = (code: number, error: string) => {
        const description = `unable to kill JobId=${id} with signal ${query.get('signal') ?? 9}: ${error}`
        return new Rejected(500, { code, error, description, source: 'slurm_kill_job' })
      }
      const job = known(id)
      if (job === undefined) throw fails(2017, 'Invalid job id specified')
      if (job.owner !== caller.user) throw fails(2002, 'Access/permission denied')
      if (query.has('signal') && snapshotAt(job.timeline, world.now()).ranAt === null)
        throw fails(2024, 'Job is pending execution')
      if (hasEnded(job.timeline, world.now())) return 'ended'
      jobs.change(id, { timeline: killed(job.timeline, world.now(), settings) })
      return 'killed'
    },
  }
}
