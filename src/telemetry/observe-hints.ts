import { messagingAttributes, type Tracing } from './tracing.ts'

/** Traces wake-up messages, from the request that causes one until the queue has it. */
export function makeTraceHint({ isOn, open }: Pick<Tracing, 'isOn' | 'open'>) {
  if (!isOn) return null
  return () => {
    const span = open({ name: 'send wake-up', kind: 'producer', attributes: messagingAttributes })
    return {
      traceParent: span.traceParent,
      end(isSent: boolean) {
        if (!isSent) span.fail('dropped')
        span.end()
      },
    }
  }
}
