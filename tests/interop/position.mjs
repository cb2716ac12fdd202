// Where Yjs puts relative positions: reads [{updates: [base64], positions: [relative]}] on stdin, prints for each of them [root, index] or null.
import { readFileSync } from 'node:fs'
import * as Y from 'yjs'

const answers = JSON.parse(readFileSync(0, 'utf8')).map(({ updates, positions }) => {
  const doc = new Y.Doc()
  doc.getText('source')
  doc.getMap('files')
  for (const update of updates) Y.applyUpdate(doc, Buffer.from(update, 'base64'))
  if (doc.store.pendingStructs !== null || doc.store.pendingDs !== null) throw new Error('something is pending')
  return positions.map((position) => {
    const found = Y.createAbsolutePositionFromRelativePosition(Y.createRelativePositionFromJSON(position), doc)
    return found === null ? null : [Y.findRootTypeKey(found.type), found.index]
  })
})
process.stdout.write(JSON.stringify(answers))
