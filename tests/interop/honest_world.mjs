// The world of simulated people: a clock, timers and sockets that move only when the caller says so.
// To be imported before anything that takes Date.now or a timer.
export const events = [] // [moment, socket, event, detail]
export const sockets = new Map()

const timers = new Map()
let moment = 0
let timersMade = 0
let socketsMade = 0

const start = (run, after, every, rest) => {
  timersMade += 1
  timers.set(timersMade, { at: moment + after, every, run: () => run(...rest) })
  return timersMade
}

Date.now = () => moment
globalThis.setTimeout = (run, after = 0, ...rest) => start(run, after, 0, rest)
globalThis.setInterval = (run, every = 0, ...rest) => start(run, every, every, rest)
globalThis.clearTimeout = globalThis.clearInterval = (number) => timers.delete(number)
globalThis.BroadcastChannel = class { // of other processes; tabs in this one hear each other at once
  postMessage () {}
  close () {}
}

/** The first timer that is due, in the order in which they were started. */
const next = () => {
  let found = null
  for (const [number, timer] of timers) {
    if (found === null || timer.at < found.timer.at) found = { number, timer }
  }
  return found
}

export const nextMoment = () => next()?.timer.at ?? null

/** Lets the time pass, with all that is due in it. */
export const advance = (to) => {
  for (let due = next(); due !== null && due.timer.at <= to; due = next()) {
    const { number, timer } = due
    moment = timer.at
    if (timer.every > 0) timer.at += timer.every
    else timers.delete(number)
    timer.run()
  }
  moment = to
}

/** A world without anybody in it. */
export const clear = () => {
  timers.clear()
  sockets.clear()
  events.length = 0
  moment = timersMade = socketsMade = 0
}

/** A WebSocket whose other end is the caller. */
export class Socket {
  CONNECTING = 0
  OPEN = 1
  CLOSING = 2
  CLOSED = 3
  readyState = 0

  constructor (url) {
    socketsMade += 1
    this.number = socketsMade
    sockets.set(this.number, this)
    events.push([moment, this.number, 'dial', url])
  }

  send (data) {
    if (this.readyState !== this.OPEN) return
    events.push([moment, this.number, 'send', Buffer.from(data).toString('base64')])
  }

  close () {
    if (this.readyState >= this.CLOSING) return
    this.readyState = this.CLOSING
    events.push([moment, this.number, 'hang up', null])
  }

  opened () {
    if (this.readyState !== this.CONNECTING) return
    this.readyState = this.OPEN
    this.onopen?.({})
  }

  received (frame) {
    if (this.readyState !== this.OPEN) return
    const bytes = Buffer.from(frame, 'base64')
    this.onmessage?.({ data: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) })
  }

  closed (code) {
    if (this.readyState === this.CLOSED) return
    this.readyState = this.CLOSED
    sockets.delete(this.number)
    this.onclose?.({ code, reason: '', wasClean: code !== 1006 })
  }
}
