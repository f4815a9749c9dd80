import { describe, expect, it } from 'vitest';
import { renderModel, renderModels } from './index.ts';

const known = {
  name: 'qwen3:8b',
  modifiedAt: '2026-01-02T03:04:05.678901234+01:00',
  contextLength: 40_960,
  capabilities: ['completion', 'tools'],
  nodes: ['agx0', 'pi'],
  loaded: ['agx0'],
};
const item = {
  id: 'qwen3:8b',
  object: 'model',
  created: 1_767_319_445,
  owned_by: 'tutti',
  name: 'qwen3:8b',
  type: 'model',
  display_name: 'qwen3:8b',
  created_at: '2026-01-02T02:04:05.678Z',
  context_length: 40_960,
  max_model_len: 40_960,
  pricing: { prompt: '0', completion: '0' },
  capabilities: ['completion', 'tools'],
  tutti: { kind: 'model', nodes: ['agx0', 'pi'], loaded: ['agx0'] },
};

describe('renderModels', () => {
  it('writes what each client looks for', () => {
    const list = renderModels([known, { ...known, name: 'other' }]);
    expect(JSON.parse(list)).toEqual({
      object: 'list',
      data: [item, { ...item, id: 'other', name: 'other', display_name: 'other' }],
      has_more: false,
      first_id: 'qwen3:8b',
      last_id: 'other',
    });
  });

  it('has an empty list where there are no models', () => {
    expect(JSON.parse(renderModels([]))).toEqual({
      object: 'list',
      data: [],
      has_more: false,
      first_id: null,
      last_id: null,
    });
  });
});

describe('renderModel', () => {
  it('writes the item alone', () => {
    expect(JSON.parse(renderModel(known))).toEqual(item);
  });

  it('leaves out what is not known', () => {
    const model = { name: 'm', modifiedAt: '', capabilities: [], nodes: [], loaded: [] };
    expect(JSON.parse(renderModel(model))).toEqual({
      id: 'm',
      object: 'model',
      created: 0,
      owned_by: 'tutti',
      name: 'm',
      type: 'model',
      display_name: 'm',
      pricing: { prompt: '0', completion: '0' },
      tutti: { kind: 'model', nodes: [], loaded: [] },
    });
  });
});
