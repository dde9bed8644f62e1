/**
 * The names in a pattern, found by the type checker: `'/a/{b}/{c:[0-9]{2}}/{d*}'` gives `b`, `c`, `d`.
 *
 * Braces of a regular expression nest, so the `}` that ends a parameter is the first before which as
 * many were opened as closed.
 */

type OpenedIn<Text extends string, Depth extends unknown[]> = Text extends `${string}{${infer Rest}`
  ? OpenedIn<Rest, [...Depth, 0]>
  : Depth

/** What follows the `}` that ends a parameter, of the text behind its `{`. */
type BehindParam<
  Text extends string,
  Depth extends unknown[] = [],
> = Text extends `${infer Before}}${infer Rest}`
  ? OpenedIn<Before, Depth> extends [unknown, ...infer Less]
    ? BehindParam<Rest, Less>
    : Rest
  : ''

type NameOf<Inner extends string> = Inner extends `${infer Name}:${string}`
  ? Name
  : Inner extends `${infer Name}*`
    ? Name
    : Inner

type ParamNames<Pattern extends string> = Pattern extends `${string}{${infer Behind}`
  ?
      | (Behind extends `${infer Inner}}${string}` ? NameOf<Inner> : never)
      | ParamNames<BehindParam<Behind>>
  : never

/** The parameters of a pattern; any name if the pattern is not known to the type checker. */
export type PathParams<Pattern extends string> = string extends Pattern
  ? Readonly<Record<string, string>>
  : { readonly [Name in ParamNames<Pattern>]: string }
