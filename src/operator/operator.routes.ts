import type { HttpServer } from '../http/server.ts'
import { type AttentionRoutesDeps, registerAttention } from './attention.routes.ts'

export interface OperatorRoutesDeps {
  attention: AttentionRoutesDeps
}

/** Registers what operators do across projects. */
export async function registerOperator(server: HttpServer, { attention }: OperatorRoutesDeps): Promise<void> {
  registerAttention(server, attention)
}
