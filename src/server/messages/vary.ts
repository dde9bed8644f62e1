import type { HeaderFields } from '../../http/header-fields.ts'

/** Says that the response depends on this field of the request, unless it says so already. */
export function appendVary(headers: HeaderFields, name: string): void {
  const vary = headers.get('vary')
  if (vary === null) headers.set('vary', name)
  else if (!lists(vary, name)) headers.set('vary', `${vary}, ${name}`)
}

function lists(vary: string, name: string): boolean {
  const wanted = name.toLowerCase()
  return vary.split(',').some((item) => {
    const one = item.trim().toLowerCase()
    return one === wanted || one === '*'
  })
}
