import { refused, served, type KnownDifference } from './known-difference.ts';

const anyNative = /^POST \/api\/(chat|generate|embed|embeddings|show|pull|push|create|copy): |^DELETE \/api\/delete: /;

/** What may differ in Ollama's own API, or in all. */
export const nativeDifferences: readonly KnownDifference[] = [
  {
    questions: /^(GET|POST) /,
    difference: /^(body|parts\[\])(\.data|\.models\[\]|\.data\[\])?\.tutti: nothing -> {/,
    why: 'It tells which node answered and why, or which nodes have the model.',
  },
  {
    questions: /^GET \/api\/(tags|ps)/,
    difference: /^body\.models\[\]\.capabilities: nothing -> \[/,
    why: 'Newer Ollamas list them too, and clients then need not ask for each model by itself.',
  },
  {
    questions: /^GET \/(api\/tags|v1\/models)/,
    difference: /^body\.(models|data)\.length: (\d+) -> \d+$/,
    why: 'What answers as several models together is listed after the models.',
  },
  {
    questions: /^(GET|HEAD|POST|PUT|DELETE) \/(\S*)$/,
    difference: /^(contentType: "text\/plain" -> "application\/(problem\+)?json|body: "40[45] )/,
    why: 'What is not there, or not with that method, is told in the JSON of the API that was meant, with what would be right.',
  },
  {
    questions: /^HEAD \/api\/ps$/,
    difference: /^(status: 405 -> 200|contentType: )/,
    why: 'Whatever can be got can be asked about by HEAD.',
  },
  {
    questions: /^(GET \/api\/status|POST \/api\/(me|signout))$/,
    difference: /^(status: \d+ -> 501$|contentType: |body)/,
    why: "They are about an account in Ollama's cloud, which a cluster does not have: the first says so, the others refuse.",
  },
  {
    questions: anyNative,
    difference:
      /^body\.error: "(json: cannot unmarshal|unexpected EOF|invalid character|Unsupported type: |model is required" -> "request body must be an object|think must be)/,
    why: "What is wrong with a body is told by the name of the field, not in the words of Go's decoder.",
  },
  {
    questions: anyNative,
    difference:
      /^body\.error: "illegal base64 data at input byte \d" -> "field "?.*illegal base64 data at input byte \d"$/,
    why: 'The field that is wrong is named before the same words.',
  },
  {
    questions:
      /^POST \/api\/(chat|generate|embed): .*(that is text|with a number in it|wrong|nobody knows|that is none|that is a number)$/,
    difference: /^status: 500 -> 400$/,
    why: 'What the client has got wrong is 400: a 500 looks as if the server were broken, and is asked again.',
  },
  {
    questions: /^POST \/api\/chat: two bodies$/,
    difference: refused,
    why: 'What follows the first object is no mistake that can be overlooked: Ollama reads the first and drops the rest.',
  },
  {
    questions: /^POST \/api\/chat: a message without a role$/,
    difference: refused,
    why: 'Nobody knows who says it; Ollama puts it into the prompt under no name.',
  },
  {
    questions:
      /^POST \/api\/chat: (a tool without a function|a tool that is no function|arguments of a call that are text)$/,
    difference: refused,
    why: 'Ollama shows the model an empty tool, or takes any tool for a function, or speaks of a missing brace.',
  },
  {
    questions:
      /^POST \/(api\/(chat|generate)|v1\/(chat\/completions|messages)): an image with a model that cannot see$/,
    difference: refused,
    why: 'Ollama drops the picture in silence and answers as if it had seen it.',
  },
  {
    questions: /: tools with a model that cannot$/,
    difference:
      /^body\.error(\.message)?: "registry\.ollama\.ai\/library\/\S+ does not support tools" -> "\\"\S+\\" does not support tools"$/,
    why: "The model is named as it was asked for, as in Ollama's other refusals.",
  },
  {
    questions: /: an embedding model$/,
    difference:
      /^body\.error(\.message)?: "\\"\S+\\" does not support (chat|generate)" -> "\\"\S+\\" does not support completion"$/,
    why: 'Named is the capability that the model lacks, as it is listed.',
  },
  {
    questions: /a level of thinking that nobody knows$/,
    difference: /\(must be/,
    why: 'Newer Ollamas know the level "max".',
  },
  {
    questions: /: (a name|a source) that can be none$/,
    difference: /^(status: (400|500) -> 404|body\.error: )/,
    why: 'A name that no model can have is one that no model has.',
  },
  {
    questions: /^POST \/api\/(generate|embed): (an empty name|no name)$/,
    difference: /^(status: (404|500) -> 400|body\.error: )/,
    why: 'A name that is missing is told in the same words everywhere; Ollama says that the model "" is not found.',
  },
  {
    questions: /^POST \/api\/generate: a name in capitals$/,
    difference: refused,
    why: 'Nodes may run other backends, where names in other letters are other models.',
  },
  {
    questions: /num_ctx (below|0)/,
    difference: /^body\.(message\.content|prompt_eval_count): /,
    why: 'A context that is larger than was asked for spares a reload, and a prompt is never cut to fit a smaller one.',
  },
  {
    questions: /longer than the context$/,
    difference:
      /^(body\.(prompt_eval_count|usage\.(prompt|total|input)_tokens): 256 -> \d+|body\.usage\.total_tokens: 257 -> \d+)$/,
    why: 'The prompt is read whole, in a larger context; Ollama cuts it in silence.',
  },
  {
    questions: /^POST \/api\/chat: truncate false, and longer than the context$/,
    difference: served,
    why: 'The model can take it in a larger context, and gets one.',
  },
  {
    questions: /^POST \/(api\/embed|v1\/embeddings): longer than the context$/,
    difference: refused,
    why: 'A text is cut only if the client says so: a vector of half of it is no vector of it.',
  },
  {
    questions: /^POST \/api\/embeddings: longer than the context$/,
    difference: /^status: 500 -> 400$/,
    why: 'What the client has got wrong is 400.',
  },
  {
    questions: /the prompt it would send$/,
    difference: refused,
    why: "It is Ollama's own aid for finding faults, and no answer.",
  },
  {
    questions: /^POST \/api\/embed: fewer dimensions than none$/,
    difference: refused,
    why: 'Nobody means it; Ollama takes it for all.',
  },
  {
    questions: /^POST \/(api|v1)\/(embed|embeddings): a model that is not there$/,
    difference:
      /^body\.error(\.message)?: "model \\"nope\\" not found, try pulling it first" -> "model 'nope' not found"$/,
    why: 'It is told in the same words everywhere.',
  },
  {
    questions: /^POST \/api\/pull: a registry/,
    difference:
      /^(body|parts\[\])\.error: ".*connection refused" -> "pull model manifest: Get \\"the backend\\": dial tcp the backend: connect: connection refused"$/,
    why: 'Addresses that a node knows are not told.',
  },
  {
    questions: /^POST \/api\/push: (a model that is not there|a registry)/,
    difference: refused,
    why: 'What no node has is 404 at once; Ollama tells it in the last line, with a path of its machine.',
  },
];
