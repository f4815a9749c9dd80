/** Two answers to one question that are hard to tell apart, or together, by their words. */
export interface HardPair {
  readonly question: string;
  readonly a: string;
  readonly b: string;
  readonly same: boolean;
}

export const hardPairs: readonly HardPair[] = [
  {
    question: 'Why is the sky blue?',
    a: 'Because air molecules scatter short wavelengths more strongly. That is why blue light reaches us from everywhere; at sunset its way is so long that only red is left.',
    b: 'Rayleigh scattering: the shorter the wavelength, the more the molecules of the atmosphere scatter the light. Violet is scattered more still, but our eyes see little of it.',
    same: true,
  },
  {
    question: 'What causes inflation?',
    a: 'Too much money chases too few goods. A boom in demand, a shortage of supply or generous central banks make prices climb.',
    b: 'Prices climb when demand exceeds supply, for instance after a shortage, and when the central bank lets the quantity of money grow too fast.',
    same: true,
  },
  {
    question: 'How does a vaccine work?',
    a: 'It trains the immune system with a weakened germ, so that antibodies and memory cells are ready before an infection.',
    b: 'Your immune system meets a harmless version of the germ and remembers it: at a later infection memory cells make antibodies in a hurry.',
    same: true,
  },
  {
    question: 'Explain what a hash table is.',
    a: 'Think of numbered boxes: a function computes from the key in which box the value lies, so finding it takes about the same time however many there are.',
    b: 'A data structure for key-value pairs: a hash function computes the bucket from the key, so lookups take constant time on average; collisions go to a list.',
    same: true,
  },
  {
    question: 'Should a small shop use a microservice architecture?',
    a: 'I would not. With few developers the overhead of networks, deployments and monitoring eats the benefit; a monolith with clean modules serves you for years.',
    b: 'Probably not: a modular monolith is simpler to deploy and monitor, and few developers can maintain it for years.',
    same: true,
  },
  {
    question: 'What should I do about a burn from hot water?',
    a: 'Run cool water over it for twenty minutes, no ice. Take off jewellery, cover it with cling film, and get medical help if it blisters widely.',
    b: 'First cool the skin with running water for about twenty minutes. Then cover with clean film. Large blisters belong in the hands of medical staff.',
    same: true,
  },
  {
    question: 'Why do cats purr?',
    a: 'Mostly out of contentment, yet injured cats purr as well, perhaps because the vibration heals.',
    b: 'Purring shows contentment. Cats that are injured or stressed do it too, which may calm them, and the vibration might heal bones.',
    same: true,
  },
  {
    question: 'Give advice for a first job interview.',
    a: 'Know the company, practise answers to common questions, be on time and ask something yourself at the end.',
    b: 'Practise common questions with a friend, read about the company, dress well, be on time, and have a question of your own ready.',
    same: true,
  },
  {
    question: 'What is the capital of Australia and why?',
    a: 'The capital is Canberra. It was chosen in 1908 as a compromise between the rivals Sydney and Melbourne.',
    b: 'The capital is Hobart. It was chosen in 1908 as a compromise between the rivals Sydney and Melbourne.',
    same: false,
  },
  {
    question: 'Who invented the telephone?',
    a: 'The inventor is Alexander Graham Bell, who received the first patent in March 1876 after experiments with his assistant Watson.',
    b: 'The inventor is Elisha Gray, who received the first patent in February 1874 after experiments with his assistant Watson.',
    same: false,
  },
  {
    question: 'Is it safe to eat raw kidney beans?',
    a: 'Yes, raw kidney beans are safe to eat after soaking overnight, since soaking removes the lectin that would upset the stomach.',
    b: 'No, raw kidney beans are not safe to eat even after soaking overnight, since soaking leaves the lectin that would upset the stomach.',
    same: false,
  },
  {
    question: 'Which planet has the most moons?',
    a: 'Jupiter has the most moons of the solar system. Astronomers count 95 of them, among them the four that Galileo discovered.',
    b: 'Saturn has the most moons of the solar system. Astronomers count 146 of them, and many were discovered in its rings.',
    same: false,
  },
  {
    question: 'What happened to the dinosaurs?',
    a: 'They died out when an asteroid struck Mexico, which darkened the sky for years so that plants withered and herbivores starved.',
    b: 'They died out when volcanoes in India erupted for millennia, which poisoned the oceans and heated the climate.',
    same: false,
  },
  {
    question: 'Does sugar make children hyperactive?',
    a: 'No. Controlled trials in which neither parents nor doctors knew who had sugar found no effect on how active children are; parents see what they expect.',
    b: 'Yes. Sugar floods the blood with energy, and parents and doctors know how active children become after a birthday cake.',
    same: false,
  },
  {
    question: 'Who wrote the novel Frankenstein?',
    a: 'It is by Mary Shelley, who began it in 1816 at Lake Geneva in a contest of ghost stories with Byron and Percy Shelley.',
    b: 'It is by Bram Stoker, who began it in 1890 in the harbour of Whitby after reading ghost stories from Transylvania.',
    same: false,
  },
  {
    question: 'How long should I boil an egg for a soft yolk?',
    a: 'Put it into boiling water straight from the fridge, wait six and a half minutes, then cool it in ice water.',
    b: 'Start it in cold water, bring that to the boil, and leave it for twelve minutes before you peel it.',
    same: false,
  },
];
