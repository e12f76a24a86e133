import type { Provider } from '../../src/providers/provider.ts'
import type { SandboxProviderId } from '../../src/sandbox/registry.ts'
import type { Sandbox } from '../../src/sandbox/server.ts'
import type { FieldPath } from '../../src/vocabulary/field-paths.ts'
import type { JsonObject } from '../../src/vocabulary/json.ts'
import type { Kind, Spec, Status } from '../../src/vocabulary/kinds.ts'

/** A capability, or in words why there is none: the words stand in the title of each test that is skipped for it. */
export type OrWhyNot<T> = T | string

/** The credentials and names of a sandbox's account. */
export type Account = Readonly<Record<string, string>>

export type SandboxSettings = Readonly<Record<string, number | boolean | string>>

/** What the suite has to know of one kind of one provider. */
export interface KindHarness<K extends Kind> {
  /** A small request. */
  spec(name: string, account: Account): Spec<K>
  /** The same with as many fields and options as one request can have, none of them as it would be if it were absent. */
  fullSpec(name: string, account: Account): Spec<K>
  /** Requests with the fields and options that those of `fullSpec` exclude. */
  readonly alternatives?: readonly ((name: string, account: Account) => Spec<K>)[]
  /** How amounts are sent that the vendor takes in another unit: bytes for MiB. */
  readonly sentAs?: { readonly [path in FieldPath]?: (value: string) => string }
  /** The sandbox's word for the objects that it makes. */
  readonly object: string
  /** The sandbox's names of operations, as faults match them. */
  readonly operations: {
    readonly create: string
    /** What a search reads, and a listing where it reads no other. */
    readonly lists: readonly string[]
    readonly listing?: string
  }
  /** What the vendor's documents say of each raw state: written from them, so that the driver's own table can be wrong. */
  readonly states: Readonly<Record<string, Status<K>>>
  /** An id of the right form that nobody has, made from one that exists. */
  missingId(existing: string): string
  /** How many objects are more than a page of the driver's list. */
  readonly moreThanAPage: OrWhyNot<number>
  /** Whether the answer to a verb that is carried out has a body, which can be cut off; it has by default. */
  readonly verbBodies?: OrWhyNot<true>
  /** How many list calls may serve any number of intents; the words say why each intent has a separate scan. */
  readonly oneWalk: OrWhyNot<true>
  /** The sandbox's object behind a remote id, where that is another id. */
  objectId?(remoteId: string): string
  /** Makes the object show a raw state; by default the object's state is forced to it. */
  show?(sandbox: Sandbox, remoteId: string, rawState: string): void
  /** Raw states that cannot be shown, and why. */
  readonly unshown?: Readonly<Record<string, string>>
  /** Whether the object can show a state that no document knows. */
  readonly unknownState: OrWhyNot<true>
}

/** What a wrong setting or credential is called by `verify`, as far as the vendor tells. */
export interface WrongField {
  /** `credentials.secretKey` or `settings.accountId`. */
  readonly path: string
  readonly value: string
  readonly named: string
}

/** One provider in one of its variants, and its sandbox. */
export interface ProviderHarness {
  /** `modelarts, notebooks by password`. */
  readonly variant: string
  readonly provider: Provider
  readonly sandbox: SandboxProviderId
  /** Settings that make the variant; with the provider's sample they describe it. */
  readonly variantSettings: JsonObject
  /** Settings of the sandbox under which it is that variant. */
  readonly sandboxSettings?: SandboxSettings
  /** The settings of a connection to the sandbox, without those of the variant. */
  settings(url: string, account: Account): JsonObject
  credentials(account: Account): JsonObject
  /** Credentials that tell who somebody is rather than prove it, so that answers show them. */
  readonly publicCredentials: readonly string[]
  /** Settings in place of what is discovered, for which a plan has placeholders. */
  planSettings?(account: Account): JsonObject
  readonly wrong: readonly WrongField[]
  /** Settings that decide where credentials go, and by which this variant reaches no host that the suite could be. */
  readonly unreachedEndpoints?: readonly string[]
  /** The operations that give tokens. */
  readonly tokens: OrWhyNot<{ readonly logins: readonly string[] }>
  /** The field that a wrong clock is called; tokens need no clock. */
  readonly clockField: OrWhyNot<{ readonly field: string }>
  /** What the vendor's 429 asks to wait. */
  readonly retryAfter: OrWhyNot<{ readonly ms: number }>
  /** Settings of the sandbox under which controls are refused that change nothing. */
  readonly strictControls: readonly SandboxSettings[]
  /** Settings of the sandbox under which it takes only documented fields. */
  readonly strictRequests: SandboxSettings
  /** The kinds that the provider has drivers for. */
  readonly kinds: { readonly job?: KindHarness<'job'>; readonly environment?: KindHarness<'environment'> }
}
