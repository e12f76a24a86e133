import { Type } from '@sinclair/typebox'
import type { SpecRules } from '../../../src/providers/field-rules.ts'

/** Fields and options of a fictional provider. */
export const rules: SpecRules<'job'> = {
  provider: 'acme',
  accepts: {
    image: { to: 'img', required: true, pattern: '^[a-z]+:[0-9]+$', note: 'name and number' },
    environmentVariables: { to: 'env', maxLength: 3, maxItems: 2 },
    command: { to: 'cmd', maxLength: 5 },
    queue: { to: 'q', default: 'main', values: ['main', 'other'] },
    'resources.cpus': { to: 'cpu', required: true, minimum: 1, maximum: 8, default: 2 },
    inputs: { to: 'in', maxItems: 2 },
    'inputs.name': { to: 'in[].name', required: true, minLength: 2 },
    'inputs.source': { to: 'in[].src' },
    'inputs.path': { to: 'in[].path' },
    outputs: { to: 'out' },
    'outputs.destination': { to: 'out[].dst' },
    'outputs.path': { to: 'out[].path' },
    'storage.type': { to: 'st', required: true },
  },
  options: Type.Object({ zone: Type.Optional(Type.String({ maxLength: 2 })) }, { additionalProperties: false }),
}
