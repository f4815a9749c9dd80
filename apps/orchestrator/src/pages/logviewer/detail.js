import { fieldsOf, textOf, visible } from './format.js';
import { element } from './row.js';

/** @typedef {import('./format.js').Line} Line */

/**
 * Everything of one line, and what can be done with it.
 * @param {HTMLElement} pane
 * @param {Line} line
 * @param {Readonly<Record<string, () => void>>} actions By their captions.
 */
export function showDetail(pane, line, actions) {
  const buttons = element('div', 'actions', '');
  for (const [caption, act] of Object.entries(actions)) {
    const button = element('button', '', caption);
    button.addEventListener('click', act);
    buttons.append(button);
  }
  const facts = element('dl', '', '');
  /** @type {(name: string, value: string) => void} */
  const fact = (name, value) => {
    if (!value) return;
    // What has lines of its own gets the whole width.
    const long = value.includes('\n') ? 'text' : '';
    facts.append(element('dt', long, visible(name)), element('dd', long, visible(value)));
  };
  facts.append(element('dd', `text ${line.level}`, visible(line.message)));
  fact('time', line.time);
  fact('level', line.level);
  fact('program', line.service);
  fact('node', line.node);
  fact('request', line.requestId);
  for (const [name, value] of Object.entries(fieldsOf(line))) {
    fact(name, typeof value === 'object' ? JSON.stringify(value, null, 2) : textOf(value));
  }
  pane.replaceChildren(buttons, facts);
  pane.hidden = false;
}
