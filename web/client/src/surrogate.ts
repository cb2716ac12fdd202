import { EditorState, Transaction, type ChangeSpec, type Extension, type Text } from "@codemirror/state";
import { ySyncAnnotation } from "y-codemirror.next";

/**
 * A change whose edge lies between the two UTF-16 units of one character makes Yjs replicas differ for ever. Honest
 * editors make them: 😀 replaced by 😁 differs in the second unit only. This widens such changes to whole characters,
 * and lets no half character in. What comes from the shared document passes untouched.
 */
export const wholeCharacters: Extension = EditorState.transactionFilter.of((transaction) => {
  if (!transaction.docChanged || transaction.annotation(ySyncAnnotation) !== undefined) return transaction;
  const before = transaction.startState.doc;
  const changes: ChangeSpec[] = [];
  let widened = false as boolean;
  transaction.changes.iterChanges((fromA, toA, _fromB, _toB, inserted) => {
    const text = inserted.sliceString(0, inserted.length, "\n");
    const whole = widen(before, fromA, toA, text);
    widened ||= whole.from !== fromA || whole.to !== toA || whole.insert !== text;
    changes.push(whole);
  });
  if (!widened) return transaction;

  const wider = transaction.startState.changes(changes);
  const sameLength = wider.newLength === transaction.newDoc.length;
  const userEvent = transaction.annotation(Transaction.userEvent);
  return {
    changes: wider,
    selection: sameLength ? transaction.newSelection : transaction.startState.selection.map(wider, 1),
    effects: transaction.effects,
    scrollIntoView: transaction.scrollIntoView,
    ...(userEvent === undefined ? {} : { userEvent }),
  };
});

interface Change {
  from: number;
  to: number;
  insert: string;
}

/** The same change with edges between whole characters. An insertion inside a character moves behind it. */
export function widen(before: Text, from: number, to: number, insert: string): Change {
  if (from === to) {
    const at = cuts(before, from) ? from + 1 : from;
    return { from: at, to: at, insert: wellFormed(insert) };
  }
  let text = insert;
  let first = from;
  let last = to;
  if (cuts(before, from)) {
    first -= 1;
    if (isLow(text.charCodeAt(0))) text = before.sliceString(first, from) + text;
  }
  if (cuts(before, to)) {
    last += 1;
    if (isHigh(text.charCodeAt(text.length - 1))) text += before.sliceString(to, last);
  }
  return { from: first, to: last, insert: wellFormed(text) };
}

function cuts(text: Text, at: number): boolean {
  if (at <= 0 || at >= text.length) return false;
  const around = text.sliceString(at - 1, at + 1);
  return isHigh(around.charCodeAt(0)) && isLow(around.charCodeAt(1));
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}

function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\ufffd");
}
