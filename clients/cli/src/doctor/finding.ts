import { reportOf } from '../output/error-text.ts'
import { paintStatus } from '../output/paint.ts'
import { field, type View } from '../output/views.ts'

/** Result of one check: `ok`, `skipped` if it was not run, or a problem. */
export type Finding = {
  check: string
  result: 'ok' | 'skipped' | 'warning' | 'failed'
  /** Id of the object, if the check is about one. */
  object?: string
  detail?: string
}

/** Result of a check. */
export type Problem = Omit<Finding, 'check'>

export const findingView: View = {
  columns: [
    field('CHECK', 'check'),
    { head: 'RESULT', cell: ({ result }, paint) => paintStatus(paint, String(result)) },
    field('OBJECT', 'object'),
    field('DETAIL', 'detail'),
  ],
  name: 'check',
}

/** Runs a check. Its findings, or one that it is ok; an error of the check is a finding too. */
export async function findings(check: string, run: () => Promise<readonly Problem[]>): Promise<Finding[]> {
  try {
    const found = await run()
    return found.length === 0 ? [{ check, result: 'ok' }] : found.map((each) => ({ check, ...each }))
  } catch (error) {
    const { message } = reportOf(error)
    return [{ check, result: 'failed', detail: message }]
  }
}
