import { ClusterError, type Call } from '@tutti/core';

/** Throws `invalid_request` if the call asks for what the model cannot do. */
export function refuseUnsupported(call: Call, model: string, capabilities: readonly string[]): void {
  const lacking = lackingCapability(call, capabilities);
  if (lacking !== undefined) throw new ClusterError('invalid_request', `"${model}" does not support ${lacking}`);
}

function lackingCapability(call: Call, capabilities: readonly string[]): string | undefined {
  const generates = capabilities.includes('completion');
  const { kind } = call;
  if (kind.case === 'chat') {
    if (!generates) return 'chat';
    if (kind.value.tools.length > 0) return 'tools';
    if (kind.value.messages.some(({ parts }) => parts.some((part) => part.kind.case === 'media'))) return 'images';
  }
  if (kind.case === 'completion') {
    if (!generates) return 'generate';
    if (kind.value.images.length > 0) return 'images';
    if (kind.value.suffix) return 'insert';
    if (kind.value.template) return 'another template than its own; render the prompt yourself and send it raw';
  }
  if (wantsThinking(call) && !capabilities.includes('thinking')) return 'thinking';
  return call.logprobs === undefined ? undefined : 'log probabilities in the embedded engine';
}

function wantsThinking({ think }: Call): boolean {
  return think !== undefined && think !== 'false';
}
