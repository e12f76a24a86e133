import type { Call, ProviderResponse } from '../provider.ts'
import { momentAt } from '../timeline.ts'
import { ScnetError } from './envelope.ts'
import { errorPathOf, type Job, outputPathOf, timesOf } from './job-view.ts'
import type { JobParts } from './jobs.ts'
import { readScript } from './script.ts'
import { requiredParam } from './service.ts'

/** Downloads a file as bytes; the only files are the output of jobs so far. JSON in place of bytes is an error. */
export function downloadFile({ world, gate, jobs }: JobParts, call: Call): ProviderResponse {
  const caller = gate.regionCallerOf(call)
  const path = requiredParam(call.query, 'path')
  const now = world.now()
  const writers = jobs.all().filter((job) => job.data.regionId === caller.region.id && writes(job, path, now))
  // Without `%j` jobs share a file, which the newest one has overwritten.
  const writer = writers.findLast((job) => job.owner === caller.owner)
  if (writer !== undefined) {
    const headers = { 'content-type': 'application/octet-stream' }
    return { status: 200, body: Buffer.from(contentOf(writer, path, now)), headers }
  }
  throw new ScnetError(writers.length > 0 ? '911030' : '911020', path)
}

function writes(job: Job, path: string, now: number): boolean {
  return timesOf(job, now).startedAt !== null && (outputPathOf(job) === path || errorPathOf(job) === path)
}

function contentOf(job: Job, path: string, now: number): string {
  const { startedAt, finishedAt } = timesOf(job, now)
  const ranMs = (finishedAt ?? now) - (startedAt ?? now)
  const isHere = { out: outputPathOf(job) === path, err: errorPathOf(job) === path }
  const printed = readScript(job.data.request.GAP_CMD_FILE).lines.filter(
    ({ atMs, stream }) => atMs <= ranMs && isHere[stream],
  )
  const epitaph = isHere.err ? epitaphOf(job, now) : []
  return [...printed.map(({ text }) => text), ...epitaph].map((line) => `${line}\n`).join('')
}

// The lines that Slurm's step daemon writes to the error file of a job that it ends.
function epitaphOf(job: Job, now: number): string[] {
  const { outcome, at } = momentAt(job.timeline, now)
  const causes: Readonly<Record<string, string>> = { TIMEOUT: ' DUE TO TIME LIMIT', CANCELLED: '' }
  const cause = causes[outcome ?? '']
  if (cause === undefined) return []
  return [`slurmstepd: error: *** JOB ${job.id} ON node1 CANCELLED AT ${new Date(at).toISOString()}${cause} ***`]
}
