// Yjs as a witness of what the server relays: applies it as a browser does, and says where that throws or differs.
// Reads frames on stdin: length (uint32, little endian) of what follows, a letter, a body:
//   d  begin with an empty document      u  an update                        a  the body of an awareness message
//   t  {texts, clocks} expected (JSON)   n  what a newcomer is sent: an update that makes the same as the last t
//   b  answer {done: true}
// The first failure in a document is answered {failed: number of the frame since d, problem}; the rest is skipped.
import * as Y from 'yjs'
import { Awareness, applyAwarenessUpdate } from 'y-protocols/awareness'

const CLIENT = 777
const say = (message) => process.stdout.write(JSON.stringify(message) + '\n')

let doc, source, awareness, expected, seen, failed
let shown = '' // what an editor bound to `source` shows

function begin () {
  awareness?.destroy()
  doc?.destroy()
  doc = new Y.Doc()
  doc.clientID = CLIENT
  source = doc.getText('source')
  doc.getMap('files')
  shown = ''
  source.observe((event) => { shown = edit(shown, event.delta) })
  awareness = new Awareness(doc)
  awareness.on('change', ({ added, updated }) => { for (const id of [...added, ...updated]) draw(id) })
  seen = 0
  failed = false
}

// As y-codemirror.next's sync plug-in does.
function edit (text, delta) {
  let at = 0
  for (const { insert, delete: deleted, retain } of delta) {
    if (insert !== undefined) {
      text = text.slice(0, at) + insert + text.slice(at)
      at += insert.length
    } else if (deleted !== undefined) {
      if (at + deleted > text.length) throw new Error('the editor is told to delete what it has not')
      text = text.slice(0, at) + text.slice(at + deleted)
    } else {
      at += retain
    }
  }
  return text
}

// As y-codemirror.next's remote selections do.
function draw (id) {
  const cursor = id === CLIENT ? null : awareness.getStates().get(id).cursor
  if (cursor == null || cursor.anchor == null || cursor.head == null) return
  for (const position of [cursor.anchor, cursor.head]) {
    const absolute = Y.createAbsolutePositionFromRelativePosition(position, doc)
    if (absolute !== null && absolute.type === source && !(absolute.index >= 0 && absolute.index <= source.length)) {
      throw new Error(`a caret at ${absolute.index} of ${source.length}`)
    }
  }
}

function apply (into, update) {
  Y.applyUpdate(into, update)
  if (into.store.pendingStructs !== null || into.store.pendingDs !== null) throw new Error('something is pending')
}

function compare (found) {
  const texts = {}
  for (const name of found.share.keys()) {
    if (name !== 'files' && found.getText(name).length > 0) texts[name] = found.getText(name).toString()
  }
  const clocks = Object.fromEntries(Y.decodeStateVector(Y.encodeStateVector(found)))
  for (const [what, has, wanted] of [['texts', texts, expected.texts], ['clocks', clocks, expected.clocks]]) {
    const names = Object.keys(wanted)
    const wrong = names.length !== Object.keys(has).length ? 'number' : names.find((name) => has[name] !== wanted[name])
    if (wrong !== undefined) throw new Error(`${what} differ at ${wrong}: ${cut(has)} here, ${cut(wanted)} on the server`)
  }
}

const cut = (value) => JSON.stringify(value).slice(0, 2000)

const commands = {
  u: (body) => apply(doc, body),
  a: (body) => applyAwarenessUpdate(awareness, body, null),
  t: (body) => {
    expected = JSON.parse(body.toString())
    compare(doc)
    if (shown !== source.toString()) throw new Error(`an editor shows ${cut(shown)} of ${cut(source.toString())}`)
    for (const id of awareness.getStates().keys()) draw(id)
  },
  n: (body) => {
    const newcomer = new Y.Doc()
    newcomer.getText('source')
    newcomer.getMap('files')
    apply(newcomer, body)
    compare(newcomer)
    newcomer.destroy()
  },
}

function take (kind, body) {
  if (kind === 'd') begin()
  else if (kind === 'b') say({ done: true })
  else if (!failed) {
    try {
      commands[kind](body)
    } catch (error) {
      failed = true
      say({ failed: seen, problem: `${kind}: ${error?.stack ?? error}`.slice(0, 6000) })
    }
    seen += 1
  }
}

let rest = Buffer.alloc(0)
for await (const chunk of process.stdin) {
  const data = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
  let at = 0
  while (data.length - at >= 4 && data.length - at >= 4 + data.readUInt32LE(at)) {
    const end = at + 4 + data.readUInt32LE(at)
    take(String.fromCharCode(data[at + 4]), data.subarray(at + 5, end))
    at = end
  }
  rest = data.subarray(at)
}
process.exit(0)
