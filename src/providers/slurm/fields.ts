import type { Json } from '../../vocabulary/json.ts'
import { readFlag, readId, readList, readNumber, readObject, readText } from '../kit/fields.ts'
import { plainNumber } from '../kit/plain-id.ts'
import { ProviderError } from '../provider-error.ts'

/**
 * Validates an id for use in a path. Slurm reads a number of more than 32 bits as another one, so that one job would
 * have several ids (measured on 22.05).
 *
 * @throws ProviderError `invalid_request` for any other id, so that nothing is sent
 */
export function jobIdOf(remoteId: string): string {
  const id = plainNumber(remoteId)
  if (Number(id) < 2 ** 32) return id
  throw new ProviderError('invalid_request', `"${id}" is not an id of a job: it is too large. Nothing was sent.`, {
    notSent: true,
  })
}

/** A number: plain up to v0.0.38, `{ set, infinite, number }` from v0.0.40 on. Absent if unset or infinite. */
export function numberAt(from: Json, key: string): number | undefined {
  const plain = readNumber(from, key)
  if (plain !== undefined) return plain
  const wrapped = readObject(from, key)
  const isKnown = readFlag(wrapped, 'set') === true && readFlag(wrapped, 'infinite') !== true
  return isKnown ? readNumber(wrapped, 'number') : undefined
}

/** The state and its flags: one word up to v0.0.38, a list with the state first from v0.0.40 on. */
export function stateWords(job: Json): readonly string[] {
  const word = readText(job, 'job_state')
  if (word !== undefined) return [word]
  return readList(job, 'job_state').flatMap((each) => (typeof each === 'string' && each !== '' ? [each] : []))
}

/** Whether the record has the format of v0.0.40 and later. */
export function isOfDataParser(job: Json): boolean {
  return readText(job, 'job_state') === undefined
}

/**
 * Whether it is a task of a job array or a component of a heterogeneous job. Switchyard submits neither, so it belongs
 * to another program even if a copied comment carries a correlation tag.
 */
export function isPartOfSeveral(job: Json): boolean {
  return isSet(numberAt(job, 'array_job_id')) || isSet(numberAt(job, 'het_job_id'))
}

function isSet(id: number | undefined): boolean {
  return id !== undefined && id > 0
}

/**
 * An id of the job's first run, which no other job of the cluster ever gets (v0.0.44 and later). A requeue replaces it
 * (measured on 26.05.5), so that of a requeued job identifies nothing.
 */
export function sluidOf(job: Json): string | undefined {
  return readNumber(job, 'restart_cnt') === 0 ? readId(readObject(job, 'step_id'), 'sluid') : undefined
}
