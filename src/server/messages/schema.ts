/**
 * Validation by the Standard Schema interface, version 1, which zod, valibot, arktype and others speak.
 * What of it is used is written down here: nothing is imported from any of them.
 */
import { show } from '../../concurrency/scope/arguments.ts'
import { HTTPError } from './http-error.ts'

/** A schema of any library that implements Standard Schema. */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined
  }
}

export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] }

export interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** What a schema makes of what it is given. */
export type SchemaOutput<S extends StandardSchema> =
  Extract<Awaited<ReturnType<S['~standard']['validate']>>, { readonly value: unknown }> extends {
    readonly value: infer Output
  }
    ? Output
    : never

// A list with an entry for each of a million bad items would be an answer of any size.
const mostIssues = 100

/**
 * The value as the schema makes it.
 *
 * Throws `HTTPError` 422 for what does not match, with the list of issues as `application/problem+json`:
 * `{ title, status, detail, issues: [{ message, path }] }`, of which the first 100 are told.
 *
 * Cancellation: of a schema that waits, stops waiting for it.
 */
export async function validate<S extends StandardSchema>(
  schema: S,
  value: unknown,
  what: string = 'value',
): Promise<SchemaOutput<S>> {
  return validated(schema, value, what)
}

/** As `validate()`, at once if the schema needs no time, as most do. */
export function validated<S extends StandardSchema>(
  schema: S,
  value: unknown,
  what: string,
): SchemaOutput<S> | Promise<SchemaOutput<S>> {
  if (typeof (schema as Partial<S> | undefined)?.['~standard']?.validate !== 'function') {
    throw new TypeError(`Cannot validate with ${show(schema)}: expected a Standard Schema`)
  }
  const given = schema['~standard'].validate(value)
  return 'then' in given
    ? given.then((result) => outputOf<S>(result, what))
    : outputOf<S>(given, what)
}

function outputOf<S extends StandardSchema>(
  result: SchemaResult<unknown>,
  what: string,
): SchemaOutput<S> {
  if (result.issues === undefined) return result.value as SchemaOutput<S>
  const issues = result.issues.slice(0, mostIssues).map(({ message, path = [] }) => ({
    message,
    path: path.map((step) => stepName(typeof step === 'object' ? step.key : step)),
  }))
  throw new HTTPError(422, `The ${what} does not match what is expected`, { problem: { issues } })
}

function stepName(key: PropertyKey): string | number {
  return typeof key === 'symbol' ? String(key) : key
}
