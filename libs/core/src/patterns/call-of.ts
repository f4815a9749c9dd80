import { create } from '@bufbuild/protobuf';
import { CallSchema, type Call } from '@tutti/proto/tutti/agent/v1/call';
import type { JsonObject } from './json.ts';
import type { Question, Turn } from './question.ts';

/** Fewest characters that a token of any text stands for on average, so that a context is rather too large. */
const charactersPerToken = 2.5;

/** What a picture takes of a context, about. */
const tokensPerImage = 1_024;

/** The call that asks a question, generating at most `numPredict` tokens. */
export function callOf(question: Question, numPredict: number): Call {
  const { model, messages, schema, tools = [], think } = question;
  return create(CallSchema, {
    model,
    kind: {
      case: 'chat',
      value: {
        messages: messages.map(messageOf),
        tools: tools.map(({ name, description, parameters }) => ({
          name,
          description,
          parametersJson: JSON.stringify(parameters),
        })),
      },
    },
    numPredict,
    numCtx: { min: question.numCtx ?? contextFor(messages, numPredict), preferred: question.wishedCtx ?? 0 },
    ...(question.keepAliveMs !== undefined && { keepAliveMs: question.keepAliveMs }),
    ...(think !== undefined && { think }),
    ...(schema && { format: { kind: { case: 'schemaJson' as const, value: JSON.stringify(schema) } } }),
    optionsJson: JSON.stringify(optionsOf(question)),
    dialect: 'ollama',
  });
}

function messageOf({ role, content, images = [], toolCalls = [], toolName = '' }: Turn) {
  return {
    role,
    parts: [
      { kind: { case: 'text' as const, value: content } },
      ...images.map((image) => ({
        kind: { case: 'media' as const, value: { data: Uint8Array.from(atob(image), (c) => c.charCodeAt(0)) } },
      })),
    ],
    toolCalls: toolCalls.map((call, index) => ({ index, id: call.id, name: call.name, argumentsJson: call.arguments })),
    toolName,
  };
}

function contextFor(messages: readonly Turn[], numPredict: number): number {
  const characters = messages.reduce((total, { content }) => total + content.length, 0);
  const images = messages.reduce((total, turn) => total + (turn.images?.length ?? 0), 0);
  return Math.ceil(characters / charactersPerToken) + images * tokensPerImage + numPredict;
}

function optionsOf({ temperature, topP, seed, options }: Question): JsonObject {
  return {
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { top_p: topP }),
    ...(seed !== undefined && { seed }),
    ...options,
  };
}
