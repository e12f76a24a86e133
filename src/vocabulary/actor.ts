/** Who asked for a change, and from where: what the audit log tells. Holds no secret. */
export interface Actor {
  /** An API key's id, `oidc:` and the subject of a token, `shell:` and the user who ran a command, `bootstrap`, or `system`. */
  subject: string
  /** The network address that the request came from. */
  address: string
  requestId: string
}

/** Switchyard itself, where nobody asked for what it does. */
export const systemActor: Actor = { subject: 'system', address: '', requestId: '' }
