import type { ProviderClock } from '../session.ts'
import { type NcpKeys, ncpHeaders } from '../vendors/ncp/signature.ts'

/** Signs one request when it is sent: a signature is valid for 5 minutes around its timestamp. */
export type Signer = (method: string, target: string) => Readonly<Record<string, string>>

/** API Gateway signature v2, shared by all products behind that gateway. */
export function makeSigner(keys: NcpKeys, clock: ProviderClock): Signer {
  return (method, target) => ncpHeaders({ method, target, timestampMs: clock.now().getTime() }, keys)
}
