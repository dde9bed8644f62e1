import { shield } from 'spool'
import { Room, type WebSocketConnection } from 'spool/server'

/** What the page shows as one line. */
interface ChatEvent {
  kind: 'joined' | 'left' | 'said'
  name: string
  text?: string
  time: string
}

// As much as a screen or two; it is sent to each who comes.
const longestHistory = 50

/** Who is in a room, and what was said there last. */
export class ChatRoom {
  readonly #room = new Room()
  readonly #names = new Set<string>()
  readonly #history: ChatEvent[] = []

  get empty(): boolean {
    return this.#names.size === 0
  }

  /** Takes part in the room until the connection ends. */
  async talk(ws: WebSocketConnection, wanted: string): Promise<void> {
    const name = this.#freeName(wanted)
    this.#names.add(name)
    this.#room.join(ws)
    try {
      // Before anything that is said from now on, and after nothing of it.
      await ws.sendJson({ kind: 'welcome', name, history: this.#history })
      await this.#tell({ kind: 'joined', name })
      for await (const message of ws) {
        if (typeof message !== 'string' || message.trim() === '') continue
        await this.#tell({ kind: 'said', name, text: message })
      }
    } finally {
      this.#room.leave(ws)
      this.#names.delete(name)
      // The others are to know, though this one is cancelled.
      await shield(() => this.#tell({ kind: 'left', name }))
    }
  }

  async #tell(what: Omit<ChatEvent, 'time'>): Promise<void> {
    const event: ChatEvent = { ...what, time: new Date().toISOString() }
    this.#history.push(event)
    if (this.#history.length > longestHistory) this.#history.shift()
    // A member that does not keep up is disconnected: nobody else waits for it.
    await this.#room.publishJson({ ...event, people: this.#names.size })
  }

  #freeName(wanted: string): string {
    let name = wanted
    for (let number = 2; this.#names.has(name); number++) name = `${wanted} (${number})`
    return name
  }
}
