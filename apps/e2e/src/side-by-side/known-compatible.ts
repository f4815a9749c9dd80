import { refused, served, type KnownDifference } from './known-difference.ts';

/** What may differ in the APIs of others that Ollama serves too, where Tutti keeps to the originals. */
export const compatibleDifferences: readonly KnownDifference[] = [
  {
    questions: /^(GET|POST) \/v1\/|^POST \/api\/(create|pull): /,
    difference:
      /^contentType: "(application\/json" -> "application\/json; charset=utf-8|text\/event-stream" -> "text\/event-stream; charset=utf-8)"$/,
    why: 'One way to write it on all routes; what it means is the same.',
  },
  {
    questions: /\/v1\//,
    difference: /system_fingerprint: "fp_ollama" -> "fp_tutti"$/,
    why: 'It is not one Ollama that answered.',
  },
  {
    questions: /\/v1\/(chat\/)?completions/,
    difference: /\.(refusal: nothing|logprobs: nothing|usage: (nothing|{"prompt_tokens":0,.*})) -> null$/,
    why: "As OpenAI's own server writes them; Ollama leaves them out, or tells usage as 0 before the end.",
  },
  {
    questions: /\/v1\/chat\/completions: .*(stream|reasoning)/,
    difference: /^parts\[\]\.data\.choices\[\]\.delta\.(role: "assistant"|content: "") -> nothing$/,
    why: 'Pieces say only what is new; Ollama repeats the role, and an empty content, in each.',
  },
  {
    questions: /\/v1\//,
    difference: / order: /,
    why: "Fields stand in the order of OpenAI's own server.",
  },
  {
    questions: /\/v1\/(chat\/completions|completions|embeddings|models)/,
    difference:
      /^body\.error\.(type: "(api_error|not_found_error)" -> "invalid_request_error"|(code|param): null -> ")/,
    why: "As OpenAI's own server: what the client has got wrong is an invalid request, with the parameter and a code.",
  },
  {
    questions: /\/v1\/(chat\/completions|completions|embeddings|messages): /,
    difference:
      /^body\.error\.message: "(EOF|unexpected EOF|json: |invalid |Invalid value for|max_tokens is required|messages is required)/,
    why: 'The parameter that is wrong is named, with what would be right.',
  },
  {
    questions: /\/v1\/chat\/completions: a stop that is a number$/,
    difference: refused,
    why: 'Ollama ignores it in silence.',
  },
  {
    questions: /\/v1\/completions: a prompt that is a list$/,
    difference: served,
    why: "OpenAI's own API takes a list of prompts.",
  },
  {
    questions: /\/v1\/completions: (no prompt|an empty prompt)$/,
    difference: refused,
    why: "OpenAI's own API takes no request without a prompt; Ollama answers that it has loaded the model.",
  },
  {
    questions: /^GET \/v1\/models/,
    difference:
      /^body\.(data\[\]\.)?((name|type|display_name|created_at|context_length|max_model_len|pricing|capabilities|has_more|first_id|last_id): nothing -> |owned_by: "library" -> "tutti")/,
    why: 'One shape that OpenAI clients, Anthropic clients and chat front ends all read.',
  },
  {
    questions: /^GET \/v1\/models\/all-minilm$/,
    difference: /^body\.id: "all-minilm" -> "all-minilm:latest"$/,
    why: 'It is the same model as in the list.',
  },
  {
    questions: /\/v1\/messages/,
    difference:
      /(cache_creation_input_tokens|cache_read_input_tokens|stop_reason|stop_sequence|stop_details|container|diagnostics): nothing -> (0|null)$/,
    why: "As Anthropic's own server writes them; Ollama leaves them out.",
  },
  {
    questions: /\/v1\/messages: thinking/,
    difference: refused,
    why: "Anthropic's own server refuses to think for longer than the answer may be; Ollama ignores the budget.",
  },
  {
    questions: /\/v1\/messages: no thinking$/,
    difference: /^body\.(content\[\]\.|usage\.input_tokens)/,
    why: 'Ollama thinks although it is told not to.',
  },
  {
    questions: /\/v1\/messages: a block that nobody knows$/,
    difference: refused,
    why: 'Ollama drops it in silence.',
  },
  {
    questions: /\/v1\/messages: longer than the context$/,
    difference: /^body\.content: null -> \[\]$/,
    why: 'Content is a list, also when there is none.',
  },
];
