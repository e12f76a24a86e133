import type { Json } from '../../vocabulary/json.ts'
import type { Intent } from '../intent.ts'
import { readText } from '../kit/fields.ts'
import type { Found, Observation } from '../observation.ts'
import { submissionIdOf } from './mapping.ts'

export interface JobReads {
  get(submissionId: string, signal: AbortSignal): Promise<Observation<'job'> | 'gone'>
  sessionName(signal: AbortSignal): Promise<string>
}

/** Concurrent reads. */
const batchSize = 16

/**
 * Finds jobs by id, which the correlation tag determines: one read each. The session of the head is read
 * afterwards, so that a restart in between, which loses jobs, cannot make a job seem absent.
 */
export async function findJobs(
  intents: readonly Intent<'job'>[],
  { get, sessionName }: JobReads,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Found<'job'>>> {
  const seen = new Map<Intent<'job'>, Observation<'job'> | 'gone'>()
  for (let from = 0; from < intents.length; from += batchSize) {
    const batch = intents.slice(from, from + batchSize)
    const read = (intent: Intent<'job'>) => get(submissionIdOf(intent.correlationTag), signal)
    const observations = await Promise.all(batch.map(async (intent) => [intent, await read(intent)] as const))
    for (const [intent, observation] of observations) seen.set(intent, observation)
  }
  const isAnyAbsent = [...seen.values()].includes('gone')
  const session = isAnyAbsent ? await sessionName(signal) : null
  return new Map(
    [...seen].map(([intent, observation]) => [intent.correlationTag, foundOf(intent, observation, session)]),
  )
}

function foundOf(
  intent: Intent<'job'>,
  observation: Observation<'job'> | 'gone',
  session: string | null,
): Found<'job'> {
  if (observation !== 'gone') return { found: [observation], isComplete: true }
  const before = sessionIn(intent.before)
  if (session !== null && (before === session || (before === undefined && isOlder(session, intent.firstSentAt)))) {
    return { absent: true }
  }
  const since = before === undefined ? 'at an unknown time' : `since the create (${before}, now ${session})`
  return { inconclusive: `The Ray head was restarted ${since}, and a new session does not know earlier jobs.` }
}

/** What `prepare` recorded. Absent after a restore of the database. */
function sessionIn(before: Json): string | undefined {
  return readText(before, 'sessionName')
}

const maxZoneMs = 14 * 3_600_000

/** Whether a session certainly started earlier: its name contains the head's local time in an unknown zone. */
function isOlder(session: string, at: Date): boolean {
  const [, date, hour, minute, second] = /^session_(\d{4}-\d\d-\d\d)_(\d\d)-(\d\d)-(\d\d)_/.exec(session) ?? []
  return Date.parse(`${date}T${hour}:${minute}:${second}Z`) + maxZoneMs < at.getTime()
}
