export const samplerNames = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const

export interface SamplerSettings {
  name: (typeof samplerNames)[number]
  /** The share of new traces, 0 to 1. */
  ratio: number
}

export const protocols = ['http/protobuf', 'http/json'] as const

export interface ExportSettings {
  /** Where traces are posted to. May contain a secret. */
  url: string
  protocol: (typeof protocols)[number]
  /** Called when spans could not be exported; they are lost. */
  onFailure(error: unknown): void
}

export interface TracingSettings {
  version: string
  sampler: SamplerSettings
  exporter: ExportSettings
}
