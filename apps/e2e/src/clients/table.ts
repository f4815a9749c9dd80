import type { Client } from './client.ts';
import { goClients } from './go-clients.ts';
import { aiSdkOllama, aiSdkOpenai } from './npm/ai-sdk.ts';
import { anthropic } from './npm/anthropic.ts';
import { connectClient, grpcClient } from './npm/grpc.ts';
import { langchainOllama, langchainOpenai } from './npm/langchain.ts';
import { ollama } from './npm/ollama.ts';
import { openai } from './npm/openai.ts';
import { pythonClients } from './python-clients.ts';

/** Every client that is tried. Adding one is a script and a line. */
export const clients: readonly Client[] = [
  ollama,
  openai,
  anthropic,
  aiSdkOpenai,
  aiSdkOllama,
  langchainOllama,
  langchainOpenai,
  connectClient,
  grpcClient,
  ...pythonClients,
  ...goClients,
];
