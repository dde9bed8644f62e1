/** The other end of the main job: runs in a thread, and says on its output where it listens. */
import { serve } from 'spool/server'
import { httpbin } from '../httpbin/app.ts'

const server = await serve(httpbin(), { host: '127.0.0.1', port: 0, onError: () => {} })
process.stdout.write(server.url)
