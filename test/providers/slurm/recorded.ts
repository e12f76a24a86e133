import { readFileSync } from 'node:fs'
import type { Json, JsonObject } from '../../../src/vocabulary/json.ts'

/** Responses of real servers by step, reduced to the relevant fields. */
export type Recorded = Readonly<Record<string, { status: number; body: Json }>>

/** `<release>-<version of the REST API>`. */
export const recordings = ['24.11.5-v0.0.40', '24.11.5-v0.0.42', '26.05.5-v0.0.42', '26.05.5-v0.0.45'] as const

export function recorded(name: (typeof recordings)[number]): Recorded {
  return JSON.parse(readFileSync(new URL(`../../fixtures/slurm/${name}.json`, import.meta.url), 'utf8'))
}

export const versionOf = (name: string): string => name.slice(name.indexOf('v'))

/** The only job of a recorded response. */
export function recordedJob(from: Recorded, step: string): JsonObject {
  const body = (from[step]?.body ?? { jobs: [] }) as { jobs: JsonObject[] }
  const [job] = body.jobs
  if (job === undefined) throw new Error(`there is no job in ${step}`)
  return job
}
