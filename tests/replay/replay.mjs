// An independent replay with Yjs: node replay.mjs <folder with node_modules> <entry>,<entry>,…
// Reads entries as JSON lines {entry, update: base64} in order; prints for each asked entry a JSON line {root: text} as it is after it.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const Y = createRequire(`${process.argv[2]}/`)('yjs')
const asked = new Set(process.argv[3].split(',').map(Number))
const doc = new Y.Doc()
doc.getText('source')
for (const line of readFileSync(0, 'utf8').split('\n')) {
  if (line === '') continue
  const { entry, update } = JSON.parse(line)
  Y.applyUpdate(doc, Buffer.from(update, 'base64'))
  if (doc.store.pendingStructs !== null || doc.store.pendingDs !== null) throw new Error(`entry ${entry} waits for something`)
  if (!asked.has(entry)) continue
  const roots = [...doc.share.keys()].filter((root) => root === 'source' || root.startsWith('source/'))
  const texts = Object.fromEntries(roots.map((root) => [root, doc.getText(root).toString()]))
  process.stdout.write(`${JSON.stringify(texts)}\n`)
}
