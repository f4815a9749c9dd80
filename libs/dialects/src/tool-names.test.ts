import { describe, expect, it } from 'vitest';
import { withToolNames } from './tool-names.ts';

const call = (id: string, name: string) => ({ id, name, argumentsJson: '{}' });
const namesOf = (messages: Parameters<typeof withToolNames>[0]) =>
  withToolNames(messages).map(({ toolName }) => toolName);

describe('a message of a tool', () => {
  it('is named by the call with its id', () => {
    const asked = { role: 'assistant', toolCalls: [call('a', 'look'), call('b', 'hear')] };
    const answers = ['b', 'a', 'c'].map((toolCallId) => ({ role: 'tool', toolCallId }));
    expect(namesOf([asked, ...answers])).toEqual([undefined, 'hear', 'look', '']);
  });

  it('keeps a name that it has', () => {
    expect(namesOf([{ role: 'tool', toolCallId: 'a', toolName: 'look' }])).toEqual(['look']);
  });
});

it('a message of anybody else has none, though a call had no id either', () => {
  const asked = { role: 'assistant', toolCalls: [call('', 'look')] };
  expect(namesOf([asked, { role: 'user', toolCallId: '' }])).toEqual([undefined, undefined]);
});
