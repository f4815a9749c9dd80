import { Permission } from '@tutti/proto/tutti/v1/options';
import type { DescribedRoute } from '../../docs/described-route.ts';

const unbuilt = {
  tag: 'OpenAI',
  description: 'Not built in yet: it answers 501, whatever is sent.',
  answers: {},
  errors: [501],
  status: 501,
} as const;

/** OpenAI's routes that nothing here can serve. */
export const openaiUnbuiltRoutes: readonly DescribedRoute[] = [
  {
    ...unbuilt,
    verb: 'post',
    path: '/v1/audio/transcriptions',
    operationId: 'createTranscription',
    summary: 'Turns speech into text',
    permission: Permission.INFER,
  },
  {
    ...unbuilt,
    verb: 'post',
    path: '/v1/audio/speech',
    operationId: 'createSpeech',
    summary: 'Turns text into speech',
    permission: Permission.INFER,
    body: {
      shape: 'SpeechRequest',
      examples: { greeting: { summary: 'A greeting', value: { model: 'tts-1', input: 'Hello.', voice: 'alloy' } } },
    },
  },
  {
    ...unbuilt,
    verb: 'get',
    path: '/v1/audio/voices',
    operationId: 'listVoices',
    summary: 'Voices that can speak',
    permission: Permission.VIEW,
  },
  {
    ...unbuilt,
    verb: 'get',
    path: '/v1/audio/models',
    operationId: 'listAudioModels',
    summary: 'Models that can speak and listen',
    permission: Permission.VIEW,
  },
  {
    ...unbuilt,
    verb: 'post',
    path: '/v1/images/generations',
    operationId: 'createImage',
    summary: 'Makes images',
    permission: Permission.INFER,
    body: { shape: 'ImageRequest', examples: { cat: { summary: 'A cat', value: { prompt: 'a cat' } } } },
  },
];
