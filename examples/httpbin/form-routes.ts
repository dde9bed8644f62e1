import {
  type Application,
  HTTPError,
  json,
  type ServerRequest,
  type ServerResponse,
} from 'spool/server'

/** `/post`, `/put` and `/patch` tell what they were sent: the fields and files of a form, JSON, or text. */
export function addFormRoutes(app: Application): Application {
  return app.post('/post', tell).put('/put', tell).patch('/patch', tell)
}

async function tell(request: ServerRequest): Promise<ServerResponse> {
  const type = request.headers.get('content-type') ?? ''
  const told = { type, form: {}, files: {}, json: null as unknown, data: '' }
  if (/^(?:multipart\/form-data|application\/x-www-form-urlencoded)\b/i.test(type)) {
    return json({ ...told, ...(await formOf(request, type)) })
  }
  if (/\bjson\b/i.test(type)) return json({ ...told, json: await request.json() })
  return json({ ...told, data: await request.text() })
}

async function formOf(request: ServerRequest, type: string): Promise<object> {
  const form: Record<string, string[]> = {}
  const files: Record<string, object[]> = {}
  const body = new Uint8Array(await request.bytes())
  const read = new Response(body, { headers: { 'content-type': type } }).formData()
  const entries = await read.catch((cause: unknown) => {
    throw new HTTPError(400, 'The form is malformed', { cause })
  })
  for (const [name, value] of entries) {
    if (typeof value === 'string') (form[name] ??= []).push(value)
    else {
      const { name: filename, type, size } = value
      ;(files[name] ??= []).push({ filename, type, size, content: await value.text() })
    }
  }
  return { form, files }
}
