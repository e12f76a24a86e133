import { describe, expect, it } from 'vitest'
import { isPromised } from '../real/requirements.ts'

describe('missing real server', () => {
  it.each([
    [undefined, undefined, false],
    [undefined, 'false', false],
    [undefined, 'true', true],
    [true, undefined, true],
    [true, 'true', true],
    [false, 'true', false],
    [false, undefined, false],
  ])('with isPromised %s and CI %s fails the tests: %s', (promised, ci, isFailure) => {
    const requirements = promised === undefined ? {} : { isPromised: promised }
    expect(isPromised(requirements, ci)).toBe(isFailure)
  })
})
