// What updates cost Yjs: reads {updates: [base64], state: base64 | null} a line, answers with two lines, live and join, in
// seconds of this thread. `live` is all updates one after the other; `join` a new document that is given the state of that
// one, or `state`, whichever takes longer. Where it runs out of memory there is no answer.
import { createInterface } from 'node:readline'
import * as Y from 'yjs'

const document = () => {
  const doc = new Y.Doc()
  doc.getText('source')
  doc.getMap('files')
  return doc
}

const seconds = (work) => {
  const before = process.threadCpuUsage()
  work()
  const spent = process.threadCpuUsage(before)
  return (spent.user + spent.system) / 1e6
}

for await (const line of createInterface({ input: process.stdin })) {
  const { updates, state } = JSON.parse(line)
  const frames = updates.map((update) => Buffer.from(update, 'base64'))
  const doc = document()
  const live = seconds(() => frames.forEach((frame) => Y.applyUpdate(doc, frame)))
  process.stdout.write(`${live}\n`)
  if (doc.store.pendingStructs !== null || doc.store.pendingDs !== null) throw new Error('something is pending')
  const states = [Y.encodeStateAsUpdate(doc)]
  if (state !== null) states.push(Buffer.from(state, 'base64'))
  const join = Math.max(...states.map((whole) => seconds(() => Y.applyUpdate(document(), whole))))
  process.stdout.write(`${join}\n`)
}
