import type { Provider } from '../../src/providers/provider.ts'
import type { SandboxProviderId } from '../../src/sandbox/registry.ts'
import type { Sandbox } from '../../src/sandbox/server.ts'
import type { FieldPath } from '../../src/vocabulary/field-paths.ts'
import type { JsonObject } from '../../src/vocabulary/json.ts'
import type { Kind, Spec, Status } from '../../src/vocabulary/kinds.ts'

/** A capability, or the reason why it is missing, which is appended to the titles of tests skipped for it. */
export type OrSkipReason<T> = T | string

/** The credentials and names of a sandbox's account. */
export type Account = Readonly<Record<string, string>>

export type SandboxSettings = Readonly<Record<string, number | boolean | string>>

/** Facts about one kind of one provider. */
export interface KindHarness<K extends Kind> {
  /** A small request. */
  spec(name: string, account: Account): Spec<K>
  /** A request with as many fields and options as can be combined, none at its default. */
  fullSpec(name: string, account: Account): Spec<K>
  /** Requests with the fields and options that `fullSpec` excludes. */
  readonly alternatives?: readonly ((name: string, account: Account) => Spec<K>)[]
  /** Conversion of amounts that the vendor expects in another unit, such as bytes for MiB. */
  readonly sentAs?: { readonly [path in FieldPath]?: (value: string) => string }
  /** The sandbox's kind of these objects. */
  readonly object: string
  /** The sandbox's operation names, as used in faults. */
  readonly operations: {
    readonly create: string
    /** Operations that `find` calls; also those of `list`, unless `listing` is given. */
    readonly lists: readonly string[]
    readonly listing?: string
  }
  /** Raw states with their status. Copied from the vendor's documentation, not from the driver, whose table may be wrong. */
  readonly states: Readonly<Record<string, Status<K>>>
  /** A well-formed id of no object, derived from an existing one. */
  missingId(existing: string): string
  /** A number of objects that exceeds one page of the driver's list. */
  readonly multiPageCount: OrSkipReason<number>
  /** Whether the response to an executed action has a body, which can be truncated. Default: true. */
  readonly actionResponseBodies?: OrSkipReason<true>
  /** True if `find` serves any number of intents with the same list calls; otherwise, why it does not. */
  readonly batchedFind: OrSkipReason<true>
  /** The sandbox's id of the object with a remote id, if they differ. */
  objectId?(remoteId: string): string
  /** Forces a raw state. By default, the object's state is set to it. */
  forceState?(sandbox: Sandbox, remoteId: string, rawState: string): void
  /** Raw states that cannot be forced, with the reason. */
  readonly unforcedStates?: Readonly<Record<string, string>>
  /** Whether an undocumented state can be forced. */
  readonly unknownState: OrSkipReason<true>
}

/** A wrong setting or credential, and the field that `verify` reports for it. */
export interface WrongField {
  /** `credentials.secretKey` or `settings.accountId`. */
  readonly path: string
  readonly value: string
  readonly reportedField: string
}

/** One variant of one provider, with its sandbox. */
export interface ProviderHarness {
  /** For example `modelarts, notebooks by password`. */
  readonly variant: string
  readonly provider: Provider
  readonly sandbox: SandboxProviderId
  /** Settings that select the variant. Together with the provider's sample they describe it. */
  readonly variantSettings: JsonObject
  /** Sandbox settings of the variant. */
  readonly sandboxSettings?: SandboxSettings
  /** The settings of a connection to the sandbox, without `variantSettings`. */
  settings(url: string, account: Account): JsonObject
  credentials(account: Account): JsonObject
  /** Credentials that identify the account without proving it, and may therefore appear in responses. */
  readonly publicCredentials: readonly string[]
  /** Settings in place of discovered values, for which a plan contains placeholders. */
  planSettings?(account: Account): JsonObject
  readonly wrongFields: readonly WrongField[]
  /** Endpoint settings whose hosts this variant does not call in the suite. */
  readonly unreachedEndpoints?: readonly string[]
  /** The operations that issue tokens. */
  readonly tokens: OrSkipReason<{ readonly logins: readonly string[] }>
  /** The field that is reported for a wrong clock. */
  readonly clockField: OrSkipReason<{ readonly field: string }>
  /** The delay that the vendor's 429 requests. */
  readonly retryAfter: OrSkipReason<{ readonly ms: number }>
  /** Sandbox settings that reject actions without effect. */
  readonly strictControls: readonly SandboxSettings[]
  /** Sandbox settings that reject undocumented fields. */
  readonly strictRequests: SandboxSettings
  /** The kinds that the provider supports. */
  readonly kinds: { readonly job?: KindHarness<'job'>; readonly environment?: KindHarness<'environment'> }
}
