import { makeId } from '../../vocabulary/ids.ts'
import type { Json } from '../../vocabulary/json.ts'
import type { Kind, Spec } from '../../vocabulary/kinds.ts'
import type { NewWorkload } from './admission.repository.ts'
import { hashOf, keyedFingerprintOf, makeCorrelationTag } from './admission.ts'
import type { Considered } from './consider.ts'
import type { Submission, SubmitDeps } from './submission.ts'

/** What is recorded of an acceptable request. Generates its id and correlation tag. */
export function newWorkload<K extends Kind>(
  { kinds, installationTag, keyTtlHours, secretBox }: SubmitDeps,
  { projectId, by, kind, body, key }: Submission<K>,
  { connectionId, opened, driver, environment, spec, secretVariables }: Considered<K>,
): NewWorkload {
  const id = makeId(kind)
  return {
    id,
    eventId: makeId('event'),
    by,
    projectId,
    kind,
    provider: opened.provider,
    connectionId,
    environmentId: environment?.id ?? null,
    name: spec.name,
    labels: body.labels ?? {},
    spec: spec as Json,
    correlationTag: makeCorrelationTag(driver.tagLength, installationTag),
    status: kinds[kind].waiting,
    imported: false,
    remoteId: null,
    accelerators: acceleratorsOf(spec),
    ...(spec.secretVariableNames === undefined ? {} : { sealedSecrets: secretBox.seal(id, secretVariables) }),
    key: key === null ? null : { hash: hashOf(key), ...keyedFingerprintOf(body, secretBox), ttlHours: keyTtlHours },
  }
}

function acceleratorsOf({ resources }: Pick<Spec<Kind>, 'resources'>): number {
  return (resources?.accelerator?.count ?? 0) * (resources?.nodes ?? 1)
}
