import { describe, expect, it } from 'vitest';
import { renderPs, renderTags } from './index.ts';

const details = '{"parent_model":"","format":"gguf","family":"llama","families":["llama"],"parameter_size":"3.2B"}';
const digest = 'a80c4f17acd55265feec403c7aef86be0c25983ab279d83f3bcd3abbcb5b8b72';
const nothing =
  '{"parent_model":"","format":"","family":"","families":null,"parameter_size":"","quantization_level":""}';

describe('renderTags', () => {
  it('writes what is known', () => {
    const model = {
      name: 'llama3.2:3b',
      modifiedAt: '2026-01-02T03:04:05+01:00',
      sizeBytes: 2_019_393_189,
      digest,
      detailsJson: details,
      capabilities: ['completion', 'tools'],
    };
    expect(renderTags([model])).toBe(
      `{"models":[{"name":"llama3.2:3b","model":"llama3.2:3b","modified_at":"2026-01-02T03:04:05+01:00","size":2019393189,"digest":"${digest}","details":${details},"capabilities":["completion","tools"]}]}`,
    );
  });

  it('ends an item with what is not of Ollama', () => {
    const model = {
      name: 'm',
      modifiedAt: '',
      digest,
      detailsJson: '',
      capabilities: [],
      extra: { tutti: { nodes: ['a'] } },
    };
    expect(renderTags([model])).toContain(`"details":${nothing},"tutti":{"nodes":["a"]}}`);
    const runner = { name: 'm', digest, detailsJson: '', expiresAt: '', extra: { tutti: { nodes: ['a'] } } };
    expect(renderPs([runner])).toContain(`"details":${nothing},"tutti":{"nodes":["a"]}}`);
  });

  it('leaves out what is not, but for details and the date', () => {
    const model = { name: 'm', modifiedAt: '', digest, detailsJson: '', capabilities: [] };
    expect(renderTags([model])).toBe(
      `{"models":[{"name":"m","model":"m","modified_at":"0001-01-01T00:00:00Z","digest":"${digest}","details":${nothing}}]}`,
    );
    expect(renderTags([])).toBe('{"models":[]}');
  });
});

describe('renderPs', () => {
  it('writes what is known', () => {
    const runner = {
      name: 'm',
      sizeBytes: 3_000,
      digest,
      detailsJson: details,
      expiresAt: '2026-01-02T03:09:05Z',
      vramBytes: 0,
      contextLength: 8192,
    };
    expect(renderPs([runner])).toBe(
      `{"models":[{"name":"m","model":"m","size":3000,"digest":"${digest}","details":${details},"expires_at":"2026-01-02T03:09:05Z","size_vram":0,"context_length":8192}]}`,
    );
  });

  it('leaves out what is not, but for details', () => {
    expect(renderPs([{ name: 'm', digest, detailsJson: '', expiresAt: '' }])).toBe(
      `{"models":[{"name":"m","model":"m","digest":"${digest}","details":${nothing}}]}`,
    );
  });
});
