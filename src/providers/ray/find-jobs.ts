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
 * Finds jobs by id, which the correlation tag determines: one read each. The head is asked for its session afterwards,
 * so that a restart in between cannot make a job seem absent that it forgot.
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
    const answers = await Promise.all(batch.map(async (intent) => [intent, await read(intent)] as const))
    for (const [intent, answer] of answers) seen.set(intent, answer)
  }
  const isAnyAbsent = [...seen.values()].includes('gone')
  const session = isAnyAbsent ? await sessionName(signal) : null
  return new Map([...seen].map(([intent, answer]) => [intent.correlationTag, foundOf(intent, answer, session)]))
}

function foundOf(intent: Intent<'job'>, answer: Observation<'job'> | 'gone', session: string | null): Found<'job'> {
  if (answer !== 'gone') return { found: [answer], isComplete: true }
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

/** Whether a session certainly began earlier: its name contains the head's local time, of an unknown zone. */
function isOlder(session: string, at: Date): boolean {
  const [, date, hour, minute, second] = /^session_(\d{4}-\d\d-\d\d)_(\d\d)-(\d\d)-(\d\d)_/.exec(session) ?? []
  return Date.parse(`${date}T${hour}:${minute}:${second}Z`) + maxZoneMs < at.getTime()
}
