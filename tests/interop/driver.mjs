// One stock y-websocket provider as a process: `node driver.mjs <y-websocket package> <url>`.
// Commands come as JSON lines on stdin: {id, do, ...}; answers go out as {id, ...}, news as {news, ...}.
import { createInterface } from 'node:readline'
import * as Y from 'yjs'
import WebSocket from 'ws'

const [packageName, address] = process.argv.slice(2)
const { WebsocketProvider } = await import(packageName)

// The provider makes <serverUrl>/<roomname>?<params>, which must come out as the URL of /join.
const url = new URL(address)
const slash = url.pathname.lastIndexOf('/')
const serverUrl = url.origin.replace(/^http/, 'ws') + url.pathname.slice(0, slash)
const roomname = url.pathname.slice(slash + 1)
const params = Object.fromEntries(url.searchParams)

const say = (message) => process.stdout.write(JSON.stringify(message) + '\n')

const doc = new Y.Doc()
const text = doc.getText('source')
const provider = new WebsocketProvider(serverUrl, roomname, doc, { params, WebSocketPolyfill: WebSocket, disableBc: true })
if (provider.url !== address) throw new Error(`the provider connects to ${provider.url}`)

let connections = 0
provider.on('status', ({ status }) => {
  if (status === 'connected') connections += 1
  say({ news: 'status', status })
})
provider.on('sync', (synced) => say({ news: 'sync', synced }))
provider.on('connection-close', (event) => say({ news: 'close', code: event?.code ?? null }))
doc.on('update', () => say({ news: 'update' }))

const commands = {
  insert: ({ at, text: inserted }) => text.insert(at, inserted),
  delete: ({ at, length }) => text.delete(at, length),
  read: () => ({ text: text.toString(), state: Buffer.from(Y.encodeStateVector(doc)).toString('base64') }),
  standing: () => ({ connections, synced: provider.synced, silent_ms: Date.now() - provider.wsLastMessageReceived }),
  see: () => ({ states: [...provider.awareness.getStates().values()] }),
  present: ({ user }) => provider.awareness.setLocalStateField('user', user),
  disconnect: () => provider.disconnect(),
  connect: () => provider.connect(),
  leave: () => provider.destroy(),
}

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line)
  say({ id: command.id, ...commands[command.do](command) })
}
provider.destroy()
process.exit(0)
