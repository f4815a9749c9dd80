/**
 * Calls the action of each key that is pressed outside a field. Escape leads from a field to the list.
 * @param {HTMLElement} list
 * @param {Readonly<Record<string, () => void>>} actions
 */
export function listenForKeys(list, actions) {
  addEventListener('keydown', (event) => {
    const element = /** @type {HTMLElement} */ (event.target);
    if (element.matches('input, select')) {
      if (event.key === 'Escape') list.focus();
      return;
    }
    const act = actions[event.key];
    const pressesButton = event.key === 'Enter' && element.matches('button');
    if (!act || pressesButton || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  });
}
