import { Type } from '@sinclair/typebox'

const url = { pattern: '^https?://', title: 'a URL that begins with https:// or http://' }

/**
 * The standard variables of OpenTelemetry that Switchyard reads. Values that other programs on the same host may set are
 * checked only if traces are exported.
 */
export const tracingSettings = {
  OTEL_EXPORTER_OTLP_ENDPOINT: Type.Optional(
    Type.String({
      ...url,
      description:
        'Base URL of an OpenTelemetry collector, such as `http://collector:4318`, to which traces are exported over OTLP/HTTP; see docs/observability.md. If absent, nothing is traced.',
    }),
  ),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: Type.Optional(
    Type.String({ ...url, description: 'URL for traces, used as it is, instead of `OTEL_EXPORTER_OTLP_ENDPOINT`.' }),
  ),
  OTEL_EXPORTER_OTLP_PROTOCOL: Type.String({
    default: 'http/protobuf',
    title: '`http/protobuf` or `http/json`',
    description: 'Encoding of exported traces.',
  }),
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: Type.Optional(
    Type.String({
      title: '`http/protobuf` or `http/json`',
      description: 'The same, instead of `OTEL_EXPORTER_OTLP_PROTOCOL`.',
    }),
  ),
  OTEL_TRACES_EXPORTER: Type.String({
    default: 'otlp',
    title: '`otlp` or `none`',
    description: '`none` disables tracing.',
  }),
  OTEL_TRACES_SAMPLER: Type.String({
    default: 'parentbased_always_on',
    title: 'a sampler of the OpenTelemetry specification, such as `parentbased_traceidratio`',
    description: 'Which traces are recorded.',
  }),
  OTEL_TRACES_SAMPLER_ARG: Type.Optional(
    Type.String({ title: 'a number from 0 to 1', description: 'Share of new traces for the `traceidratio` samplers.' }),
  ),
  OTEL_SDK_DISABLED: Type.Boolean({ default: false, description: '`true` disables tracing.' }),
}
