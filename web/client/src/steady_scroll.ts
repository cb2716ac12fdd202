import type { Transaction } from "@codemirror/state";
import type { EditorView } from "@codemirror/view";
import { ySyncAnnotation } from "y-codemirror.next";

/**
 * Applies transactions so that another's typing does not move what one looks at: the line of one's own caret stays
 * where it is on the screen, or the first line in sight when the caret is not. CodeMirror's own anchoring forgets its
 * anchor when a second transaction comes within a frame.
 */
export function applySteadily(transactions: readonly Transaction[], view: EditorView): void {
  const remote = transactions.filter(
    (transaction) => transaction.annotation(ySyncAnnotation) !== undefined && transaction.docChanged,
  );
  const anchor = remote.length === 0 || remote.length < transactions.length ? null : anchorOf(view);
  if (anchor === null) {
    view.update(transactions);
    return;
  }
  const before = view.lineBlockAt(anchor).top;
  const { scrollTop } = view.scrollDOM;
  view.update(transactions);
  const mapped = remote.reduce((at, transaction) => transaction.changes.mapPos(at, -1), anchor);
  const moved = view.lineBlockAt(mapped).top - before;
  if (Math.abs(moved) >= 1) view.scrollDOM.scrollTop = scrollTop + moved;
}

function anchorOf(view: EditorView): number | null {
  const { scrollTop, clientHeight } = view.scrollDOM;
  const top = scrollTop - view.documentPadding.top;
  const caret = view.state.selection.main.head;
  const block = view.lineBlockAt(caret);
  if (view.hasFocus && block.bottom > top && block.top < top + clientHeight) return caret;
  if (scrollTop === 0) return null;
  const first = view.lineBlockAtHeight(top);
  return first.top >= top || first.to === view.state.doc.length ? first.from : first.to + 1;
}
