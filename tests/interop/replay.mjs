// An independent replay: reads {updates: [base64], stops: [number]} on stdin, prints the text after each number of updates.
import { readFileSync } from 'node:fs'
import * as Y from 'yjs'

const { updates, stops } = JSON.parse(readFileSync(0, 'utf8'))
const wanted = [...new Set(stops)].sort((a, b) => a - b)
const doc = new Y.Doc()
const text = doc.getText('source')
const texts = new Map()
let applied = 0
for (const stop of wanted) {
  for (; applied < stop; applied += 1) Y.applyUpdate(doc, Buffer.from(updates[applied], 'base64'))
  if (doc.store.pendingStructs !== null || doc.store.pendingDs !== null) throw new Error(`something is pending after ${applied} updates`)
  texts.set(stop, text.toString())
}
process.stdout.write(JSON.stringify(stops.map((stop) => texts.get(stop))))
