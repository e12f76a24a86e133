import type { TObject } from '@sinclair/typebox'
import type { JsonObject } from '../vocabulary/json.ts'
import type { Kind } from '../vocabulary/kinds.ts'
import type { Driver } from './driver.ts'
import type { Session } from './session.ts'

export interface Drivers {
  readonly job?: Driver<'job'>
  readonly environment?: Driver<'environment'>
}

/** An open connection: cheap to create, holds no sockets. */
export interface OpenProvider {
  readonly drivers: Drivers
  /**
   * Reads what the settings leave to the provider: the version of its API. Called before `verify`, which then uses it.
   * If both succeed, the result is stored with the connection and passed to its later sessions as `discovered`.
   */
  discover?(signal: AbortSignal): Promise<JsonObject>
  /**
   * Makes one read-only authenticated call. Rejects with a ProviderError whose `field` names the invalid setting or
   * credential.
   */
  verify(signal: AbortSignal): Promise<void>
}

export interface CredentialError {
  /** The credential that is missing or superfluous: `secretKey`. */
  field: string
  detail: string
}

/** Credentials without the parts that are stored elsewhere. */
export interface Unpacked {
  credentials: JsonObject
  /** Changes of the connection's network; null removes a part. */
  network?: {
    caCertificate: string | null
    clientCertificate: { certificate: string; key: string } | null
  }
}

/** What a provider folder exports: its settings and credentials, and the drivers of an open connection. */
export interface Provider {
  /** The product's name, one word; the same in folder, API, documents and tests. */
  readonly id: string
  readonly title: string
  /** URL of the vendor's API documentation. */
  readonly documentation: string
  readonly settings: TObject
  /** Every property is a secret or part of one. */
  readonly credentials: TObject
  /** Valid settings and credentials; the capabilities are described from a provider opened with them. */
  readonly sample: { readonly settings: JsonObject; readonly credentials: JsonObject }
  /** The base URL of requests. */
  baseUrl(settings: JsonObject): string
  /**
   * Settings that determine which hosts receive the credentials or anything derived from them (a token, a signature),
   * from Switchyard or from a recipient of a token: URLs, parts of host names, the choice of a region. They can change
   * only together with new credentials; otherwise a caller who may update a connection could send its stored secrets
   * to another host.
   */
  readonly endpointSettings: readonly string[]
  /** The URLs of those hosts by setting, including derived ones. Absent if the provider returns the URL. Pure. */
  endpoints(settings: JsonObject): Readonly<Record<string, string>>
  /** Why these credentials are incomplete, if their schema cannot express it (half a pair). Pure. */
  credentialError?(credentials: JsonObject): CredentialError | null
  /**
   * Splits credentials that contain other parts of a connection (a kubeconfig) when a client sends them; only the
   * result is stored. Absent if no credential needs it. Pure.
   */
  unpack?(credentials: JsonObject, settings: JsonObject): Unpacked | CredentialError
  /** What determines the account and location of objects. Frozen once a connection exists, and stored in each attempt. */
  scope(settings: JsonObject): JsonObject
  /**
   * The kinds with globally unique remote ids (UUIDs): the same id is the same object, whatever host, region or account
   * shows it.
   */
  uniqueIds?(settings: JsonObject): readonly Kind[]
  /**
   * For the other kinds: the names that the settings give to the part of the service that assigns remote ids, if several
   * parts do so independently. Together with the base URL it determines which connections see the same objects under
   * the same ids, regardless of credentials. If settings may identify a part in several ways, all given ones are
   * returned: two connections see the same part unless a name that both give differs.
   */
  idSpace?(settings: JsonObject): Readonly<Record<string, string>>
  /** Pure: sends nothing. */
  open(session: Session): OpenProvider
}
