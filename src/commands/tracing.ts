import { type Config, ConfigError } from '../config/config.ts'
import { noTracing, type Tracing } from '../telemetry/tracing.ts'
import { protocols, type SamplerSettings, samplerNames, type TracingSettings } from '../telemetry/tracing-settings.ts'

interface Log {
  warn(context: object, message: string): void
}

/** Failures of the collector are logged at most once per this interval. */
const failureIntervalMs = 60_000

/** Configures tracing by the standard variables. Without an endpoint, nothing of OpenTelemetry is loaded. */
export async function startTracing(config: Config, version: string, log: Log): Promise<Tracing> {
  const url = endpointOf(config)
  if (url === null) return noTracing
  const settings: TracingSettings = {
    version,
    sampler: samplerOf(config),
    exporter: { url, protocol: protocolOf(config), onFailure: makeFailureLog(log) },
  }
  const { makeTracing } = await import('../telemetry/otel-tracing.ts')
  return makeTracing(settings)
}

/** As the specification defines it: the general endpoint is a base URL, the one for traces is used as it is. */
function endpointOf(config: Config): string | null {
  if (config.OTEL_SDK_DISABLED || config.OTEL_TRACES_EXPORTER === 'none') return null
  const { OTEL_EXPORTER_OTLP_ENDPOINT: base, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: own } = config
  const url = own ?? (base === undefined ? undefined : `${base.replace(/(?<!\/)\/+$/, '')}/v1/traces`)
  if (url === undefined) return null
  if (URL.canParse(url)) return url
  const name = own === undefined ? 'OTEL_EXPORTER_OTLP_ENDPOINT' : 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'
  throw new ConfigError([`${name} (not shown) is not a URL. Correct it.`])
}

function protocolOf(config: Config): TracingSettings['exporter']['protocol'] {
  const given = config.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL ?? config.OTEL_EXPORTER_OTLP_PROTOCOL
  return oneOf(protocols, 'OTEL_EXPORTER_OTLP_PROTOCOL', given)
}

function samplerOf({ OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: argument }: Config): SamplerSettings {
  const ratio = Number(argument ?? '1')
  if (!(ratio >= 0 && ratio <= 1))
    throw new ConfigError([
      `OTEL_TRACES_SAMPLER_ARG is ${JSON.stringify(argument)}: it must be a number from 0 to 1. Correct it.`,
    ])
  return { name: oneOf(samplerNames, 'OTEL_TRACES_SAMPLER', name), ratio }
}

function oneOf<T extends string>(allowed: readonly T[], name: string, given: string): T {
  const known = allowed.find((each) => each === given)
  if (known !== undefined) return known
  throw new ConfigError([`${name} is ${JSON.stringify(given)}: it must be one of ${allowed.join(', ')}. Correct it.`])
}

function makeFailureLog(log: Log): (error: unknown) => void {
  let loggedAtMs = Number.NEGATIVE_INFINITY
  return (error) => {
    const nowMs = performance.now()
    if (nowMs - loggedAtMs < failureIntervalMs) return
    loggedAtMs = nowMs
    // Only the code: the message of the collector may repeat headers.
    log.warn({ code: (error as { code?: unknown } | undefined)?.code }, 'traces not exported; spans are lost')
  }
}
