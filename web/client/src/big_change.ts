import { Transaction, type ChangeSpec } from "@codemirror/state";
import type { EditorView } from "@codemirror/view";
import { ySyncAnnotation } from "y-codemirror.next";

/** Replacements in one update. The server takes 5,000 deleted ranges, and one replacement can delete several. */
const MOST_AT_ONCE = 2_000;

interface Change {
  from: number;
  to: number;
  insert: string;
}

/** The parts of a change of very many places, each counted in the text after the parts before it; one: not split. */
export function parts(transaction: Transaction, most = MOST_AT_ONCE): Change[][] {
  const split: Change[][] = [];
  let shift = 0;
  let count = 0;
  transaction.changes.iterChanges((from, to, _fromB, _toB, inserted) => {
    const insert = inserted.sliceString(0, inserted.length, "\n");
    if (count % most === 0) split.push([]);
    split.at(-1)?.push({ from, to, insert });
    count += 1;
  }, true);
  return split.map((part) => {
    const moved = part.map(({ from, to, insert }) => ({ from: from + shift, to: to + shift, insert }));
    shift += part.reduce((sum, { from, to, insert }) => sum + insert.length - (to - from), 0);
    return moved;
  });
}

/**
 * Applies one's own change of very many places, such as "Replace all", in several updates. `between` is called after
 * each part but the last. False: it is none, and nothing was done.
 */
export function applyInParts(view: EditorView, transactions: readonly Transaction[], between: () => void): boolean {
  const [transaction] = transactions;
  if (transaction === undefined || transactions.length > 1 || !transaction.docChanged) return false;
  if (transaction.annotation(ySyncAnnotation) !== undefined) return false;
  const split = parts(transaction);
  const last = split.pop();
  if (last === undefined || split.length === 0) return false;
  const userEvent = transaction.annotation(Transaction.userEvent);
  const said = userEvent === undefined ? {} : { userEvent };
  const step = (changes: ChangeSpec): void => {
    view.update([view.state.update({ changes, filter: false, ...said })]);
    between();
  };
  split.forEach(step);
  const { newSelection: selection, effects, scrollIntoView } = transaction;
  view.update([view.state.update({ changes: last, selection, effects, scrollIntoView, filter: false, ...said })]);
  return true;
}
