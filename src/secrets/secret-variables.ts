import { ProviderError } from '../providers/provider-error.ts'
import type { Kind, Spec } from '../vocabulary/kinds.ts'
import type { SpecProblem } from '../vocabulary/spec-rules.ts'
import { type Hide, hideAllBut, makeHide, nothingToHide } from './redact-secrets.ts'
import type { SecretBox } from './secret-box.ts'
import type { SecretsRepository } from './secrets.repository.ts'

export type Variables = Readonly<Record<string, string>>

/** The secret variables of one workload, decrypted for one call. */
export interface Secrets {
  /**
   * The spec for the provider, with secrets among the environment variables.
   *
   * @throws ProviderError (not sent) if no key decrypts them
   */
  fill<K extends Kind>(spec: Spec<K>): Spec<K>
  hide: Hide
}

export const noSecrets: Secrets = { fill: (spec) => spec, hide: nothingToHide }

/** The workload that the secrets belong to. */
interface Owner {
  id: string
  spec: Spec<Kind>
}

/** Decrypts the secret variables of workloads. Workloads without any need no query. */
export interface OpenSecrets {
  of(workload: Owner): Promise<Secrets>
  ofAll(workloads: readonly Owner[]): Promise<(workloadId: string) => Secrets>
}

export function makeOpenSecrets({
  repository,
  secretBox,
}: {
  repository: SecretsRepository
  secretBox: Pick<SecretBox, 'open'>
}): OpenSecrets {
  async function ofAll(workloads: readonly Owner[]): Promise<(workloadId: string) => Secrets> {
    const ids = workloads.flatMap(({ id, spec }) => (spec.secretVariableNames === undefined ? [] : [id]))
    if (ids.length === 0) return () => noSecrets
    const sealed = await repository.sealedOf(ids)
    const opened = new Map(ids.map((id) => [id, openOne(secretBox, id, sealed.get(id))]))
    return (id) => opened.get(id) ?? noSecrets
  }
  return { ofAll, of: async (workload) => (await ofAll([workload]))(workload.id) }
}

function openOne(secretBox: Pick<SecretBox, 'open'>, id: string, sealed: string | undefined): Secrets {
  try {
    const variables = secretBox.open(id, sealed ?? '') as Variables
    return { fill: (spec) => filled(spec, variables), hide: makeHide(variables) }
  } catch {
    return { fill: rejectToFill, hide: hideAllBut(cannotBeOpened) }
  }
}

const cannotBeOpened = 'The secret variables cannot be decrypted: SECRETS_KEY lacks the key that encrypted them.'

function rejectToFill(): never {
  throw new ProviderError('internal', cannotBeOpened, { notSent: true })
}

/** Merges them into the environment variables, so that every driver supports them. */
export function filled<K extends Kind>(spec: Spec<K>, variables: Variables): Spec<K> {
  return { ...spec, environmentVariables: { ...spec.environmentVariables, ...variables } }
}

/** The spec for a preview, with values redacted. */
export function masked<K extends Kind>(spec: Spec<K>, variables: Variables): Spec<K> {
  return filled(spec, Object.fromEntries(Object.keys(variables).map((name) => [name, '[redacted]'])))
}

/** Problems of a filled spec, mapped to the fields of the request, without secret values. */
export function reportedForSecrets(
  problems: readonly SpecProblem[],
  variables: Variables,
  plain: Variables | undefined,
): SpecProblem[] {
  const hide = makeHide(variables)
  const twice = Object.keys(variables).filter((name) => plain !== undefined && Object.hasOwn(plain, name))
  return [
    ...problems.flatMap(({ pointer, code, detail }) =>
      pointersOf(pointer, variables, plain).map((secretPointer) => ({
        pointer: secretPointer,
        code,
        detail: hide.text(
          secretPointer.startsWith('/secret') ? detail.replaceAll('environmentVariables', 'secretVariables') : detail,
        ),
      })),
    ),
    ...twice.map((name) => ({
      pointer: `/secretVariables/${name}`,
      code: 'exclusive',
      detail: `${name} is also in \`environmentVariables\`. Send it only once.`,
    })),
  ]
}

function pointersOf(pointer: string, variables: Variables, plain: Variables | undefined): string[] {
  const [, field, name] = pointer.split('/')
  if (field !== 'environmentVariables') return [pointer]
  if (name !== undefined) return [Object.hasOwn(variables, name) ? `/secretVariables/${name}` : pointer]
  return plain === undefined ? ['/secretVariables'] : [pointer, '/secretVariables']
}
