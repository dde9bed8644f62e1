import { type Application, json, redirect } from 'spool/server'

/** `/cookies` shows what came; the others set and delete what their query names, and lead there. */
export function addCookieRoutes(app: Application): Application {
  return app
    .get('/cookies', ({ cookies }) => json({ cookies: Object.fromEntries(cookies) }))
    .get('/cookies/set', ({ query }) => {
      const response = redirect('/cookies')
      for (const [name, value] of query) response.setCookie(name, value)
      return response
    })
    .get('/cookies/delete', ({ query }) => {
      const response = redirect('/cookies')
      for (const [name] of query) response.deleteCookie(name)
      return response
    })
}
