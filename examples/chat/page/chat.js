const join = document.querySelector('#join')
const talk = document.querySelector('#talk')
const say = document.querySelector('#say')
const lines = talk.querySelector('ol')
const end = document.querySelector('#end')

join.addEventListener('submit', (event) => {
  event.preventDefault()
  const { value: name } = join.elements.name
  const { value: room } = join.elements.room
  const url = new URL(`rooms/${room}?${new URLSearchParams({ name })}`, location.href)
  url.protocol = url.protocol.replace('http', 'ws')
  talkOver(new WebSocket(url), room)
})

function talkOver(socket, room) {
  const left = new AbortController()
  end.textContent = ''
  socket.addEventListener('message', ({ data }) => {
    const event = JSON.parse(data)
    if (event.kind !== 'welcome') return show(event, room)
    lines.replaceChildren()
    for (const earlier of event.history) show(earlier, room)
    join.hidden = true
    talk.hidden = false
    say.elements.text.focus()
  })
  socket.addEventListener('close', ({ code, reason }) => {
    left.abort()
    join.hidden = false
    talk.hidden = true
    end.textContent = `Disconnected: ${reason || code}`
  })
  say.addEventListener(
    'submit',
    (event) => {
      event.preventDefault()
      socket.send(say.elements.text.value)
      say.reset()
    },
    { signal: left.signal },
  )
}

function show({ kind, name, text, time, people }, room) {
  const line = document.createElement('li')
  line.className = kind
  // As text, whatever they call themselves and whatever they say.
  line.textContent = kind === 'said' ? `${name}: ${text}` : `${name} ${kind}`
  line.title = new Date(time).toLocaleTimeString()
  lines.append(line)
  line.scrollIntoView()
  if (people) talk.querySelector('h1').textContent = `${room}: ${people} here`
}
