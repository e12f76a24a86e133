import type { HttpServer } from '../http/server.ts'
import type { CreationHolds } from '../workloads/maintenance/creation-holds.ts'
import { type AttentionRoutesDeps, registerAttention } from './attention.routes.ts'
import { registerCreationHolds } from './creation-holds.routes.ts'

export interface OperatorRoutesDeps {
  attention: AttentionRoutesDeps
  holds: CreationHolds
}

/** Registers the operations of operators across projects. */
export async function registerOperator(server: HttpServer, { attention, holds }: OperatorRoutesDeps): Promise<void> {
  registerAttention(server, attention)
  registerCreationHolds(server, holds)
}
