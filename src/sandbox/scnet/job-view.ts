import { enteredAt, momentAt } from '../timeline.ts'
import type { WorldObject } from '../world.ts'
import { endedAt } from './lifecycle.ts'
import type { Region } from './regions.ts'
import { readScript } from './script.ts'
import { beijingTime, type JobData, parseClockMs, type ScnetSettings } from './wire.ts'

export type Job = WorldObject<JobData>

/** Slurm's reason by outcome. */
const reasons: Readonly<Record<string, string>> = { FAILED: 'NonZeroExitCode', TIMEOUT: 'TimeLimit' }

/** A job as its detail and the live list return it. `statC` means that it ended, not that it succeeded. */
export function jobView(job: Job, region: Region, { now, settings }: { now: number; settings: ScnetSettings }) {
  const { request } = job.data
  const moment = momentAt(job.timeline, now)
  const { startedAt, finishedAt } = timesOf(job, now)
  const exitCode = exitCodeOf(job, moment.outcome)
  const reason = reasons[moment.outcome ?? ''] ?? 'None'
  const paths = { workDir: request.GAP_WORK_DIR, outputPath: outputPathOf(job), errorPath: errorPathOf(job) }
  return {
    jobId: job.id,
    jobName: job.name,
    jobStatus: moment.state,
    queue: request.GAP_QUEUE,
    userName: job.owner.split('@')[0],
    jobManagerId: region.schedulerId,
    jobRunTime: clock(startedAt === null ? 0 : (finishedAt ?? now) - startedAt),
    wallTimeReq: daysAndClock(parseClockMs(request.GAP_WALL_TIME) ?? 0),
    jobQueueTime: beijingTime(job.createdAt),
    jobStartTime: beijingTime(startedAt),
    jobEndTime: beijingTime(finishedAt),
    exitCode: settings.slurmExitCodes ? `${exitCode}:0` : String(exitCode),
    reason,
    ...paths,
    initContentAttr: JSON.stringify({
      JobId: job.id,
      JobName: job.name,
      JobState: moment.outcome ?? 'UNKNOWN',
      Reason: reason,
      ExitCode: `${exitCode}:0`,
      Partition: request.GAP_QUEUE,
      WorkDir: paths.workDir,
      StdOut: paths.outputPath,
      StdErr: paths.errorPath,
    }),
  }
}

/** A job as the history returns it: its state is called `jobState`. */
export function historyView(job: Job, region: Region, at: { now: number; settings: ScnetSettings }) {
  const { jobStatus, ...shown } = jobView(job, region, at)
  return { ...shown, jobState: jobStatus, acctTime: acctTimeOf(job, at.now) }
}

/**
 * When the history recorded a job, which speeds up the read of its detail. Its format is not documented: seconds, as in
 * Slurm.
 */
export function acctTimeOf(job: Job, now: number): number {
  return Math.floor((timesOf(job, now).finishedAt ?? 0) / 1000)
}

/** When a job started and ended, epoch ms, or `null`. */
export function timesOf({ timeline }: Job, now: number) {
  return { startedAt: enteredAt(timeline, 'statR', now), finishedAt: endedAt(timeline, now) }
}

/** The output path of a job: `%j` is its id, and a relative path is below its working directory. */
export function outputPathOf(job: Job): string {
  return resolved(job, job.data.request.GAP_STD_OUT_FILE)
}

/** The error path of a job, with the same rules. */
export function errorPathOf(job: Job): string {
  return resolved(job, job.data.request.GAP_STD_ERR_FILE)
}

function resolved({ id, data }: Job, path: string): string {
  const expanded = path.replaceAll('%j', id)
  return expanded.startsWith('/') ? expanded : `${data.request.GAP_WORK_DIR.replace(/(?<!\/)\/+$/, '')}/${expanded}`
}

// A job may be forced to fail although its command would succeed.
function exitCodeOf({ data }: Job, outcome: string | undefined): number {
  return outcome === 'FAILED' ? readScript(data.request.GAP_CMD_FILE).exitCode || 1 : 0
}

function clock(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  return [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map(twoDigits).join(':')
}

/** `D-HH:MM:SS`. */
function daysAndClock(ms: number): string {
  const dayMs = 86_400_000
  return `${Math.floor(ms / dayMs)}-${clock(ms % dayMs)}`
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0')
}
