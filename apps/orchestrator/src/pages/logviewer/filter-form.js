/** @typedef {import('./view.js').View} View */

const texts = /** @type {const} */ (['level', 'node', 'service', 'requestId', 'q']);

/** Typing settles after so long. */
const settleMs = 250;

const spanMs = 3_600_000;

/**
 * The form as part of a view.
 * @param {HTMLFormElement} form
 * @param {HTMLElement} times
 * @param {(filters: Partial<View>) => void} onChange
 */
export function createFilterForm(form, times, onChange) {
  let waiting = 0;

  const read = () => {
    const data = new FormData(form);
    const text = (/** @type {string} */ name) => /** @type {string} */ (data.get(name) ?? '').trim();
    const range = text('range');
    const custom = range === 'custom';
    return {
      ...Object.fromEntries(texts.map((name) => [name, text(name)])),
      // A span needs a beginning to start with.
      from: custom ? absolute(text('from')) || new Date(Date.now() - spanMs).toISOString() : range,
      to: custom ? absolute(text('to')) : '',
    };
  };

  const changed = () => {
    clearTimeout(waiting);
    onChange(read());
  };
  form.addEventListener('change', changed);
  form.addEventListener('input', () => {
    clearTimeout(waiting);
    waiting = setTimeout(changed, settleMs);
  });
  form.addEventListener('reset', () => void setTimeout(changed));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    changed();
  });

  return {
    /** @param {View} view */
    show(view) {
      for (const name of texts) set(form, name, view[name]);
      const custom = view.to !== '' || (view.from !== '' && !view.from.startsWith('-'));
      set(form, 'range', custom ? 'custom' : view.from);
      set(form, 'from', custom ? local(view.from) : '');
      set(form, 'to', local(view.to));
      times.hidden = !custom;
    },
  };
}

/** @type {(form: HTMLFormElement, name: string, value: string) => void} */
function set(form, name, value) {
  const control = /** @type {HTMLInputElement | RadioNodeList} */ (form.elements.namedItem(name));
  if (document.activeElement !== control) control.value = value;
}

/** @type {(time: string) => string} */
function absolute(time) {
  return time && new Date(time).toISOString();
}

/** @type {(time: string) => string} */
function local(time) {
  const ms = Date.parse(time);
  if (Number.isNaN(ms)) return '';
  return new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}
