import { clockTime, hueOf, oneLine, summaryOf } from './format.js';

/** @typedef {import('./format.js').Line} Line */

/** @type {(name: string, className: string, text: string) => HTMLElement} */
export function element(name, className, text) {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

/**
 * One line as one row.
 * @type {(line: Line) => HTMLElement}
 */
export function rowOf(line) {
  const row = element('div', `row ${line.level}`, '');
  row.id = `line-${line.id}`;
  row.role = 'option';
  row.dataset['line'] = line.id;
  const request = element('button', 'request', oneLine(line.requestId.slice(0, 8)));
  request.tabIndex = -1;
  request.title = line.requestId ? `Only request ${line.requestId}` : '';
  request.dataset['request'] = line.requestId;
  request.style.setProperty('--hue', String(hueOf(line.requestId)));
  const message = element('span', 'message', oneLine(line.message));
  message.append(element('span', 'fields', summaryOf(line)));
  row.append(
    element('span', 'time', clockTime(line.time)),
    element('span', 'level', line.level),
    element('span', 'source', oneLine(line.node || line.service)),
    request,
    message,
  );
  return row;
}
