import { expect, it } from 'vitest'
import { commonAccepts } from '../../../src/providers/dataforest/mapping.ts'
import { pointerTo } from '../../../src/providers/error-field-mapping.ts'
import type { JobSpec } from '../../../src/vocabulary/spec.ts'

const spec: JobSpec = {
  name: 'x',
  image: 'i:1',
  script: 'ls',
  resources: { accelerator: { model: 'T4', count: 1 } },
  inputs: [
    { source: 'a', path: 'b' },
    { source: 'c', path: 'd' },
  ],
  outputs: [{ destination: 'e', path: 'f' }],
}

it.each([
  ['docker.image', '/image'],
  ['configuration.docker.image', '/image'],
  ['docker.command', '/script'],
  ['resource.gpuModel', '/resources/accelerator/model'],
  ['data.input[1].hdfs', '/inputs/1/source'],
  ['data.output[0].path', '/outputs/0/path'],
  ['data.output[].path', '/outputs/0/path'],
  // Ambiguous between two inputs.
  ['data.input[].hdfs', undefined],
  // Absent from the spec, unknown, or never sent.
  ['docker.workdir', undefined],
  ['data.input[7].hdfs', undefined],
  ['image', undefined],
  ['configuration.name', undefined],
  ['', undefined],
])('maps the provider field %s to %s', (parameter, pointer) => {
  expect(pointerTo(commonAccepts('gpu'), spec, parameter)).toBe(pointer)
})
