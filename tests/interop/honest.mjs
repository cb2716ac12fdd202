// Honest people, many in one process: `node honest.mjs virtual` or `node honest.mjs real`.
// A command is a JSON line on stdin, [moment, verb, ...arguments]; each is answered by one line,
// {answer, events: [[moment, socket, event, detail]], next: the moment of the next timer}.
// With `virtual` the clock, the timers and the sockets are the caller's, with `real` Node's and those of ws.
import { createInterface } from 'node:readline'

process.setMaxListeners(0) // every provider listens for the end
const world = process.argv[2] === 'virtual' ? await import('./honest_world.mjs') : null
const Socket = world?.Socket ?? (await import('ws')).default
const { Person, replayed } = await import('./honest_person.mjs')
const packages = ['y-websocket-2.1', 'y-websocket-3.0', 'y-websocket-3.1']
const providers = new Map()
for (const name of packages) providers.set(name, (await import(name)).WebsocketProvider)
const people = new Map()

const verbs = {
  enter: (name, stock, given) => {
    people.set(name, new Person(providers.get(stock), given, { WebSocketPolyfill: Socket }))
  },
  act: (name, kind, seed, where) => people.get(name).act(kind, seed, where),
  present: (name, shown, isAway) => people.get(name).present(shown, isAway),
  disconnect: (name) => people.get(name).provider.disconnect(),
  connect: (name) => people.get(name).provider.connect(),
  read: (name) => people.get(name).read(),
  leave: (name) => {
    people.get(name).leave()
    people.delete(name)
  },
  opened: (socket) => world.sockets.get(socket)?.opened(),
  received: (socket, frame) => world.sockets.get(socket)?.received(frame),
  closed: (socket, code) => world.sockets.get(socket)?.closed(code),
  replay: (updates) => replayed(updates),
  wait: () => {},
  clear: () => {
    for (const person of people.values()) person.leave()
    people.clear()
    world.clear()
  },
}

for await (const line of createInterface({ input: process.stdin })) {
  const [moment, verb, ...given] = JSON.parse(line)
  world?.advance(moment)
  const answer = verbs[verb](...given) ?? null
  process.stdout.write(JSON.stringify({ answer, events: world?.events ?? [], next: world?.nextMoment() ?? null }) + '\n')
  if (world !== null) world.events.length = 0
}
process.exit(0)
