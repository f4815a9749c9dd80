/** @typedef {import('./format.js').Line} Line */

/** Lines above and below what can be seen that are ready when scrolling reaches them. */
const spare = 20;

/** More than anyone scrolls through; what is further away from the eye is dropped. */
const mostLines = 100_000;

/**
 * A list of any length of which only what can be seen exists. The newest line is at the bottom; while the bottom is
 * in sight it stays in sight.
 * @param {{ list: HTMLElement, canvas: HTMLElement, row: (line: Line) => HTMLElement, onMove: () => void }} options
 */
export function createLineList({ list, canvas, row, onMove }) {
  const height = parseFloat(getComputedStyle(document.documentElement).getPropertyValue('--row'));
  /** @type {Line[]} */
  let lines = [];
  /** @type {Set<string>} */
  let ids = new Set();
  /** @type {Map<string, HTMLElement>} */
  let shown = new Map();
  let selected = '';
  let drawing = 0;

  const atBottom = () => list.scrollTop + list.clientHeight >= lines.length * height - height;

  const draw = () => {
    drawing = 0;
    canvas.style.height = `${lines.length * height}px`;
    const first = Math.max(0, Math.floor(list.scrollTop / height) - spare);
    const last = Math.min(lines.length, Math.ceil((list.scrollTop + list.clientHeight) / height) + spare);
    const before = shown;
    shown = new Map();
    for (let index = first; index < last; index++) {
      const line = /** @type {Line} */ (lines[index]);
      const element = before.get(line.id) ?? canvas.appendChild(row(line));
      before.delete(line.id);
      element.style.transform = `translateY(${index * height}px)`;
      element.ariaSelected = String(line.id === selected);
      element.ariaPosInSet = String(index + 1);
      element.ariaSetSize = String(lines.length);
      shown.set(line.id, element);
    }
    for (const element of before.values()) element.remove();
    list.setAttribute('aria-activedescendant', shown.get(selected)?.id ?? '');
    onMove();
  };

  const redraw = () => {
    drawing ||= requestAnimationFrame(draw);
  };

  /** @type {(change: () => void, keepBottom: boolean, added?: number) => void} */
  const moved = (change, keepBottom, added = 0) => {
    const top = list.scrollTop;
    change();
    canvas.style.height = `${lines.length * height}px`;
    list.scrollTop = keepBottom ? lines.length * height : Math.max(0, top + added * height);
    redraw();
  };

  /** @type {(candidates: Line[]) => Line[]} */
  const unknown = (candidates) => candidates.filter(({ id }) => !ids.has(id) && ids.add(id));

  /** @type {(dropped: Line[]) => void} */
  const forget = (dropped) => dropped.forEach(({ id }) => ids.delete(id));

  list.addEventListener('scroll', redraw, { passive: true });
  new ResizeObserver(redraw).observe(list);

  return {
    get lines() {
      return lines;
    },
    atBottom,
    pageRows: () => Math.floor(list.clientHeight / height),
    /** @param {Line[]} next Oldest first. */
    replace(next) {
      ids = new Set();
      shown.forEach((element) => element.remove());
      shown = new Map();
      moved(() => (lines = unknown(next)), true);
    },
    /**
     * Adds new lines. True if the oldest had to go.
     * @param {Line[]} next Oldest first.
     */
    append(next) {
      const fresh = unknown(next);
      const stay = atBottom();
      const excess = stay ? Math.max(0, lines.length + fresh.length - mostLines) : 0;
      moved(() => (lines = lines.concat(fresh)), stay);
      if (excess > 0) moved(() => forget(lines.splice(0, excess)), true);
      return excess > 0;
    },
    /**
     * Adds older lines; what is seen stays where it is. True if the newest had to go.
     * @param {Line[]} older Oldest first.
     */
    prepend(older) {
      const fresh = unknown(older);
      moved(() => (lines = fresh.concat(lines)), false, fresh.length);
      if (lines.length <= mostLines) return false;
      moved(() => forget(lines.splice(mostLines)), false);
      return true;
    },
    toBottom: () => moved(() => {}, true),
    toTop: () => list.scrollTo({ top: 0 }),
    /**
     * Selects a line and brings it into sight.
     * @param {string} id
     */
    select(id) {
      selected = id;
      const top = lines.findIndex((line) => line.id === id) * height;
      if (top >= 0) {
        if (top < list.scrollTop) list.scrollTop = top;
        const bottom = top + height;
        if (bottom > list.scrollTop + list.clientHeight) list.scrollTop = bottom - list.clientHeight;
      }
      redraw();
    },
    /**
     * The line so many rows from the selected one, within bounds; without one, the newest.
     * @param {number} rows
     */
    neighbour(rows) {
      const index = lines.findIndex(({ id }) => id === selected);
      return lines[index < 0 ? lines.length - 1 : Math.min(lines.length - 1, Math.max(0, index + rows))];
    },
  };
}
