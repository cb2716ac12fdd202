// One person at an unmodified y-websocket provider: what people do to a text, whatever else happens.
import * as Y from 'yjs'

const HERE = 'editor' // the origin of this person's own changes
const KEYS = [...'etaoin shrdlu{}()', '\n', '\n', '\t', '\r\n', 'é', '漢', '😀', '𝒳', '👩‍👩‍👧', '🇩🇪']
const FILES = ['one', 'two', 'three']

const numbers = (seed) => () => { // mulberry32
  seed = (seed + 0x6d2b79f5) | 0
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
}

/** Where a character begins: no editor goes inside of a surrogate pair. */
const snap = (text, at) => {
  const unit = text.charCodeAt(at)
  const before = at > 0 ? text.charCodeAt(at - 1) : 0
  return unit >= 0xdc00 && unit < 0xe000 && before >= 0xd800 && before < 0xdc00 ? at - 1 : at
}

const contents = (doc) => {
  const roots = [...doc.share.keys()].filter((name) => name === 'source' || name.startsWith('source/'))
  return {
    texts: Object.fromEntries(roots.map((name) => [name, doc.getText(name).toString()])),
    files: doc.getMap('files').toJSON(),
    whole: Buffer.from(Y.encodeStateAsUpdate(doc)).toString('base64'),
    pending: doc.store.pendingStructs !== null || doc.store.pendingDs !== null,
  }
}

/** What a fresh document has after these updates, none of which may have to wait for a later one. */
export const replayed = (updates) => {
  const doc = new Y.Doc()
  for (const update of updates) {
    Y.applyUpdate(doc, Buffer.from(update, 'base64'))
    if (doc.store.pendingStructs !== null || doc.store.pendingDs !== null) throw new Error('an update waits for another')
  }
  return { ...contents(doc), synced: true, seen: [] }
}

export class Person {
  constructor (Provider, { server, room, params, client, tabs, gc, resync, stored }, options) {
    this.doc = new Y.Doc({ gc })
    if (client !== null) this.doc.clientID = client
    if (stored !== null) Y.applyUpdate(this.doc, Buffer.from(stored, 'base64'), 'storage')
    this.files = this.doc.getMap('files')
    this.text = this.doc.getText('source')
    this.history = new Y.UndoManager([this.text, this.files], { trackedOrigins: new Set([HERE]) })
    this.caret = null
    this.provider = new Provider(server, room, this.doc, { params, disableBc: !tabs, resyncInterval: resync, ...options })
  }

  /** `where` is null for the caret, or the part of the text, from 0 to 1, before the place. */
  place (where) {
    const text = this.text.toString()
    if (where !== null) return snap(text, Math.floor(where * text.length))
    const held = this.caret && Y.createAbsolutePositionFromRelativePosition(this.caret, this.doc)
    return held?.type === this.text ? snap(text, held.index) : text.length
  }

  move (at) {
    this.caret = Y.createRelativePositionFromTypeIndex(this.text, at)
  }

  /** One transaction. */
  change (at, length, inserted) {
    const text = this.text.toString()
    const end = snap(text, Math.min(text.length, at + length))
    this.doc.transact(() => {
      if (end > at) this.text.delete(at, end - at)
      if (inserted) this.text.insert(at, inserted)
    }, HERE)
    this.move(at + inserted.length)
  }

  /** Replaces all, in one transaction. */
  everywhere (old, written) {
    this.doc.transact(() => {
      const text = this.text.toString()
      for (let at = text.lastIndexOf(old); at >= 0; at = at > 0 ? text.lastIndexOf(old, at - 1) : -1) {
        if (!written.startsWith(old)) this.text.delete(at, old.length)
        const begun = written.startsWith(old) ? old.length : 0
        if (written.length > begun) this.text.insert(at + begun, written.slice(begun))
      }
    }, HERE)
    this.move(this.text.length)
  }

  present (name, isAway) {
    if (name === null) return this.provider.awareness.setLocalState(null)
    this.provider.awareness.setLocalStateField('user', { name, color: '#30bced', colorLight: '#30bced33' })
    const caret = isAway || this.caret === null ? null : { anchor: this.caret, head: this.caret }
    this.provider.awareness.setLocalStateField('cursor', caret)
  }

  act (kind, seed, where) {
    const chance = numbers(seed)
    const any = (list) => list[Math.floor(chance() * list.length)]
    const word = (length) => Array.from({ length }, () => any(KEYS)).join('')
    switch (kind) {
      case 'key': return this.change(this.place(where), 0, any(KEYS))
      case 'backspace': {
        const at = this.place(where)
        const before = snap(this.text.toString(), Math.max(0, at - 1))
        return this.change(before, at - before, '')
      }
      case 'insert': return this.change(this.place(where), 0, word(1 + Math.floor(chance() * 8)))
      case 'delete': return this.change(this.place(where), 1 + Math.floor(chance() * 20), '')
      case 'replace': return this.change(this.place(where), 1 + Math.floor(chance() * 20), word(6))
      case 'paste': return this.change(this.place(where), 0, word(20 + Math.floor(chance() * 600)))
      case 'clear': return this.change(0, this.text.length, '')
      case 'rename': return this.everywhere(any(KEYS), any(['', 'x', 'é😀']))
      case 'indent': return this.everywhere('\n', '\n  ')
      case 'undo': return void this.history.undo()
      case 'redo': return void this.history.redo()
      case 'name': {
        const value = any([{ name: word(4), language: 'python', tabs: [2, null, true] }, word(3), 7, -0.5, null])
        return void this.doc.transact(() => this.files.set(any(FILES), value), HERE)
      }
      case 'file': return this.open(any(['source', ...FILES.map((file) => `source/${file}`)]))
      default: throw new Error(`nobody knows how to ${kind}`)
    }
  }

  open (root) {
    this.text = this.doc.getText(root)
    this.history.addToScope(this.text)
    this.caret = null
  }

  read () {
    const { synced, wsconnected, awareness } = this.provider
    return { ...contents(this.doc), synced: synced && wsconnected, seen: [...awareness.getStates().keys()] }
  }

  leave () {
    this.provider.destroy()
    this.doc.destroy()
  }
}
