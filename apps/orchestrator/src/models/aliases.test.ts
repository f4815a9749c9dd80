import { create } from '@bufbuild/protobuf';
import { createCluster } from '@tutti/core/cluster';
import { NodeStateSchema } from '@tutti/proto/tutti/agent/v1/state';
import { virtualClock } from '@tutti/testing';
import { describe, expect, it } from 'vitest';
import { createAliases } from './aliases.ts';

/** Aliases over a node that has these models. */
function aliasesOf(wanted: Readonly<Record<string, string>>, models: readonly string[] = ['qwen3:8b', 'claude-local']) {
  const cluster = createCluster({ clock: virtualClock(), random: () => 0 });
  const state = create(NodeStateSchema, { models: models.map((name) => ({ name, capabilities: ['completion'] })) });
  cluster.report('one', async function* () {}, state);
  return createAliases({ wanted: () => wanted, nodes: () => cluster.nodes });
}

describe('the model that a name stands for', () => {
  const wanted = { 'claude-*': 'qwen3:8b', 'claude-mini': 'llama3.2', 'claude-local:latest': 'x', 'gpt-*-mini': 'y' };

  it.each([
    ['claude-opus-9', 'qwen3:8b'],
    ['claude-mini', 'llama3.2'],
    ['claude-mini:latest', 'llama3.2'],
    ['gpt-5-mini', 'y'],
    ['gpt-5', 'gpt-5'],
    ['qwen3:8b', 'qwen3:8b'],
  ])('%s is %s', (name, model) => {
    expect(aliasesOf(wanted).modelOf(name)).toBe(model);
  });

  it('is a model of that name before a pattern, and an alias of exactly that name before both', () => {
    expect(aliasesOf({ 'claude-*': 'qwen3:8b' }).modelOf('claude-local')).toBe('claude-local');
    expect(aliasesOf(wanted).modelOf('claude-local')).toBe('x');
  });

  it('is never another for a pattern of ours', () => {
    expect(aliasesOf({ '*': 'qwen3:8b' }).modelOf('tutti/debate')).toBe('tutti/debate');
  });

  it('is the first that matches, and stands for no further one', () => {
    expect(aliasesOf({ 'a*': 'b1', '*1': 'c', 'b*': 'd' }).modelOf('a1')).toBe('b1');
  });
});

describe('the list', () => {
  it('has those whose model is there; a pattern as the one name that tells the model', () => {
    const list = aliasesOf({ 'claude-*': 'qwen3:8b', mine: 'qwen3:8b', lost: 'nope', auto: 'tutti/debate' }).list();
    expect(list).toEqual([
      { name: 'claude-qwen3:8b', model: 'qwen3:8b' },
      { name: 'mine', model: 'qwen3:8b' },
      { name: 'auto', model: 'tutti/debate' },
    ]);
  });

  it('has nothing that is listed as itself', () => {
    expect(aliasesOf({ '*': 'qwen3:8b', 'claude-local': 'qwen3:8b' }).list()).toEqual([]);
  });

  it('names what the name stands for', () => {
    const aliases = aliasesOf({ 'claude-*': 'qwen3:8b', '*': 'claude-local' });
    for (const { name, model } of aliases.list()) expect(aliases.modelOf(name)).toBe(model);
  });
});
