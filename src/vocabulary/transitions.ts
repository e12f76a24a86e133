/**
 * A table of legal status changes. Its keys are the statuses; a status with no way out is terminal.
 * Typed so that a target which is not itself a key does not compile.
 */
export function defineTransitions<const S extends string>(table: Readonly<Record<S, readonly NoInfer<S>[]>>) {
  return Object.freeze(table)
}

export type Transitions<S extends string> = Readonly<Record<S, readonly S[]>>

/** Whether the table lets `from` become `to`. Staying where one is, is always legal. */
export function isAllowed<S extends string>(table: Transitions<S>, from: S, to: S): boolean {
  return from === to || table[from].includes(to)
}

/** Whether nothing can follow `status`. */
export function isTerminal<S extends string>(table: Transitions<S>, status: S): boolean {
  return table[status].length === 0
}

export function statusesOf<S extends string>(table: Transitions<S>): readonly S[] {
  return Object.keys(table) as S[]
}

/** The statuses that nothing can follow. */
export function terminalStatuses<S extends string>(table: Transitions<S>): readonly S[] {
  return statusesOf(table).filter((status) => isTerminal(table, status))
}
