import { expect } from 'vitest'

/** Asserts the common form of every error response (RFC 9457). */
export function expectProblem(response: { status: number; headers: Headers }, body: unknown): void {
  expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/)
  const problem = body as Record<string, unknown>
  expect(problem).toMatchObject({
    type: `urn:switchyard:problem:${problem.code}`,
    title: expect.stringMatching(/./),
    status: response.status,
    detail: expect.stringMatching(/./),
    instance: expect.stringMatching(/^\//),
    code: expect.stringMatching(/^[a-z][a-z_]*$/),
    requestId: response.headers.get('x-request-id'),
    retryable: expect.any(Boolean),
    errors: expect.any(Array),
  })
  for (const validationError of problem.errors as object[])
    expect(validationError).toEqual({
      in: expect.stringMatching(/^(body|query|header|path)$/),
      pointer: expect.any(String),
      code: expect.stringMatching(/./),
      detail: expect.stringMatching(/./),
    })
}
