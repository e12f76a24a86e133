import { describe, expect, it } from 'vitest'
import { applyAssignments } from '../../../clients/cli/src/input/assignments.ts'

const request = { name: 'train', resources: { cpus: 1 }, inputs: [{ source: '/a', path: 'a' }] }

describe('request assignments', () => {
  it.each([
    ['resources.cpus=4', { ...request, resources: { cpus: 4 } }],
    ['resources.memoryMiB=1024', { ...request, resources: { cpus: 1, memoryMiB: 1024 } }],
    ['name="4"', { ...request, name: '4' }],
    ['name=', { resources: { cpus: 1 }, inputs: request.inputs }],
    ['command=[python, train.py]', { ...request, command: ['python', 'train.py'] }],
    ['script=a=b', { ...request, script: 'a=b' }],
    ['labels.team\\.name=ml', { ...request, labels: { 'team.name': 'ml' } }],
    ['inputs.0.path=b', { ...request, inputs: [{ source: '/a', path: 'b' }] }],
    ['inputs.1.path=b', { ...request, inputs: [...request.inputs, { path: 'b' }] }],
    ['inputs.0=', { ...request, inputs: [] }],
  ])('set or remove one field with %s', (assignment, expected) => {
    expect(applyAssignments(request, [assignment])).toEqual(expected)
  })

  it('do not modify the input request', () => {
    applyAssignments(request, ['resources.cpus=4', 'inputs.0.path=b'])
    expect(request).toEqual({ name: 'train', resources: { cpus: 1 }, inputs: [{ source: '/a', path: 'a' }] })
  })

  it.each([
    ['cpus', 'Expected path=value'],
    ['=4', 'Expected path=value'],
    ['resources..cpus=4', 'empty name'],
    ['name.first=x', 'name is "train", which has no fields'],
    ['inputs.2.path=b', 'A list of 1 items has no item 2'],
    ['inputs.last.path=b', 'A list of 1 items has no item last'],
    ['name=[a', 'not valid YAML'],
    ['__proto__.polluted=1', '__proto__ is not a field'],
    ['labels.constructor=1', 'constructor is not a field'],
  ])('reject %s', (assignment, message) => {
    expect(() => applyAssignments(request, [assignment])).toThrow(message)
    expect({}).not.toHaveProperty('polluted')
  })
})
