/** Open answers to one question, and sentences that a writer could make of the first. Labelled by hand before any rule was set. */
export interface OpenAnswers {
  readonly question: string;
  readonly answer: string;
  /** Says the same in other words. */
  readonly same: string;
  /** Answers the same question otherwise. */
  readonly other: string;
  /** What `answer` says too. */
  readonly supported: readonly string[];
  /** What it does not say. */
  readonly invented: readonly string[];
}

export const openAnswers: readonly OpenAnswers[] = [
  {
    question: 'Why is the sky blue?',
    answer:
      'Sunlight holds all colours. Air molecules scatter short wavelengths such as blue far more strongly than long ones such as red. This is called Rayleigh scattering, and it sends blue light to our eyes from every direction.',
    same: 'The gas molecules of the air scatter blue light, whose wavelength is short, more than red light. Because of this Rayleigh scattering blue reaches our eyes from all directions.',
    other:
      'The sky takes its colour from the oceans, which reflect blue upwards; over deserts and forests the reflection is weaker.',
    supported: [
      'Molecules of air scatter blue light more strongly than red.',
      'The effect is known as Rayleigh scattering.',
    ],
    invented: ['At sunset dust particles turn the clouds purple.', 'John Tyndall described it first in 1859.'],
  },
  {
    question: 'How do I keep basil alive on a kitchen window?',
    answer:
      'Give basil at least six hours of light a day. Water it when the top of the soil feels dry, and let the pot drain. Pinch off the tips every week so that it grows bushy, and remove flowers as soon as they show.',
    same: 'Basil wants six hours of light each day. Let the pot drain and water only once the top soil is dry. Pinch the tips weekly for a bushy plant and take off any flowers.',
    other:
      'Most supermarket plants die because twenty seedlings share one container. Split them into several pots with fresh compost and keep them away from cold glass.',
    supported: [
      'It needs six hours of light every day.',
      'Remove the flowers when they show, and pinch off the tips weekly.',
    ],
    invented: ['Feed it with diluted tomato fertiliser twice a month.', 'It needs nine hours of light every day.'],
  },
  {
    question: 'What causes inflation?',
    answer:
      'Inflation arises when demand grows faster than supply, when production costs such as wages or energy rise, or when the money supply expands too quickly. Expectations matter too: people who expect higher prices ask for higher wages.',
    same: 'Prices rise if demand outpaces supply, if costs of production like energy and wages go up, or if too much money is created. Expectations feed it, since workers who expect higher prices demand higher wages.',
    other:
      'It is mostly a matter of governments that tax shops too much, so that merchants mark goods up to keep their profit.',
    supported: [
      'When demand grows faster than supply, prices go up.',
      'Rising costs of energy or wages push inflation too.',
    ],
    invented: ['Central banks usually aim at two percent.', 'Hyperinflation destroyed the German mark in 1923.'],
  },
  {
    question: 'Explain what a hash table is.',
    answer:
      'A hash table stores key-value pairs in an array. A hash function turns each key into an index of the array. When two keys get the same index, the collision is handled by chaining or open addressing. Lookups take constant time on average.',
    same: 'It is an array of key-value pairs in which a hash function computes the index for every key. Collisions, where keys share an index, are solved with chaining or open addressing. On average a lookup is constant time.',
    other:
      'It is a sorted tree in which each node has two children; to find something you go left or right until you reach a leaf, which takes logarithmic time.',
    supported: [
      'A hash function maps every key to an index of the array.',
      'Collisions are handled by chaining or by open addressing.',
    ],
    invented: [
      'Python resizes its dictionaries when they are two thirds full.',
      'The worst case of a lookup is linear.',
    ],
  },
  {
    question: 'Summarise the plot of Romeo and Juliet.',
    answer:
      'Two young people from feuding families in Verona fall in love and marry in secret. Romeo is banished after he kills Tybalt. Juliet takes a potion that makes her seem dead; Romeo believes it and poisons himself, and Juliet stabs herself when she wakes.',
    same: 'In Verona the children of two feuding families love each other and secretly marry. After killing Tybalt, Romeo is banished. Juliet drinks a potion to seem dead, Romeo poisons himself over it, and she wakes and stabs herself.',
    other:
      'A Danish prince learns from the ghost of his father that his uncle murdered him, feigns madness, and dies in a duel.',
    supported: ['Romeo kills Tybalt and is banished.', 'Two lovers from feuding families marry in secret.'],
    invented: ['The nurse betrays the pair to the prince.', 'Shakespeare took the story from a poem by Arthur Brooke.'],
  },
  {
    question: 'Wie funktioniert ein Kühlschrank?',
    answer:
      'Ein Kompressor verdichtet das Kältemittel, das dabei heiß wird. Im Kondensator auf der Rückseite gibt es die Wärme an den Raum ab. Nach dem Expansionsventil verdampft es im Inneren und nimmt dort Wärme auf.',
    same: 'Das Kältemittel wird vom Kompressor verdichtet und heiß. Auf der Rückseite gibt der Kondensator die Wärme ab, hinter dem Expansionsventil verdampft es und nimmt innen Wärme auf.',
    other:
      'Ein Gebläse bläst kalte Luft aus einem Eisblock, der nachts mit billigem Strom gefroren wird, in die Fächer.',
    supported: ['Der Kompressor verdichtet das Kältemittel.', 'Im Inneren verdampft es und nimmt Wärme auf.'],
    invented: [
      'Die Türdichtung sollte jährlich gereinigt werden.',
      'Moderne Geräte brauchen 80 Kilowattstunden im Jahr.',
    ],
  },
  {
    question: '¿Por qué hay estaciones del año?',
    answer:
      'Las estaciones se deben a la inclinación del eje de la Tierra, de unos 23 grados. Cuando el hemisferio norte se inclina hacia el Sol recibe más luz y es verano; seis meses después se aleja y es invierno.',
    same: 'El eje terrestre está inclinado unos 23 grados. El hemisferio que se inclina hacia el Sol recibe más luz y tiene verano, y seis meses después, cuando se aleja, invierno.',
    other:
      'En verano nuestro planeta pasa más cerca de la estrella central, y en enero mucho más lejos, por lo que hace frío.',
    supported: [
      'La inclinación del eje de la Tierra causa las estaciones.',
      'Cuando se inclina hacia el Sol, el hemisferio norte recibe más luz.',
    ],
    invented: ['La Luna estabiliza el eje desde hace millones de años.', 'La inclinación es de unos 27 grados.'],
  },
  {
    question: '为什么海水是咸的？',
    answer:
      '雨水溶解岩石中的矿物质，河流把这些盐分带到海洋。水蒸发后盐留在海里，经过很长时间越积越多。海底火山也会释放盐类。',
    same: '河流把雨水从岩石中溶解的矿物质和盐分带入海洋，海水蒸发时盐留下来，长时间积累。海底火山也释放盐类。',
    other: '古代渔民把腌鱼用的调料倒进港口，洋流使味道扩散到全世界。',
    supported: ['河流把岩石中的盐分带到海洋。', '水蒸发后盐留在海里。'],
    invented: ['死海是世界上最咸的湖泊。', '每升海水大约含有三十五克氯化钠。'],
  },
  {
    question: 'Give advice for a first job interview.',
    answer:
      'Research the company and prepare three stories that show your strengths. Arrive ten minutes early, dress one level above daily wear, and ask two questions at the end. Send a short thank-you note the next day.',
    same: 'Prepare by researching the company and have three stories of your strengths ready. Dress one level above daily wear, be ten minutes early, ask two questions at the end, and send a thank-you note next day.',
    other:
      'Sleep well, drink water, breathe slowly in the lobby, and remember that the people across the table are nervous as well.',
    supported: ['Arrive ten minutes early.', 'Prepare stories that show your strengths, and research the company.'],
    invented: ['Never talk about salary in the first round.', 'Arrive twenty minutes early.'],
  },
  {
    question: 'What does the following code do: xs.filter(x => x % 2 === 0).map(x => x * x)?',
    answer:
      'It keeps the even numbers of the array and then squares each of them. The original array is not changed; the result is a new array.',
    same: 'From the array only even numbers are kept, and each is squared. A new array results, the original stays unchanged.',
    other: 'It sums all odd values and returns one number, modifying the list in place while it iterates.',
    supported: ['Even numbers are kept and then squared.', 'The original array is not changed.'],
    invented: ['It throws a TypeError when xs is undefined.', 'The running time is linear in the length.'],
  },
  {
    question: 'Who invented the telephone?',
    answer:
      'Alexander Graham Bell received the first patent for the telephone in March 1876. Elisha Gray filed for a similar device on the same day, and Antonio Meucci had shown an earlier voice apparatus.',
    same: 'The first telephone patent went to Alexander Graham Bell in March 1876, though Elisha Gray filed a similar device the same day and Antonio Meucci had an earlier voice apparatus.',
    other:
      'Thomas Edison built it in Menlo Park together with the phonograph, after years of work on the electric light bulb.',
    supported: ['Bell received the first patent in March 1876.', 'Antonio Meucci had shown an earlier apparatus.'],
    invented: ['Bell taught deaf pupils in Boston.', 'Gray sold his rights to Western Union for 100,000 dollars.'],
  },
  {
    question: 'What is the capital of Australia and why?',
    answer:
      'Canberra is the capital. It was chosen in 1908 as a compromise between the rivals Sydney and Melbourne, and planned by Walter Burley Griffin.',
    same: 'The capital is Canberra, a compromise of 1908 between rivals Sydney and Melbourne; Walter Burley Griffin planned it.',
    other:
      'Sydney is the capital since it is the largest and oldest city, has the busiest harbour, and hosts the famous opera house.',
    supported: ['Canberra was a compromise between Sydney and Melbourne.', 'Walter Burley Griffin planned it.'],
    invented: ['Parliament moved there in 1927.', 'Its lake is named after the architect.'],
  },
  {
    question: 'How does a vaccine work?',
    answer:
      'A vaccine shows the immune system a harmless part of a germ. The body makes antibodies and memory cells. When the real germ comes later, memory cells react fast and stop the disease.',
    same: 'The immune system is shown a harmless part of the germ and makes antibodies as well as memory cells, which react fast and stop the disease when the real germ comes.',
    other:
      'It is a strong medicine that kills bacteria in the blood within hours, which is why doctors give it once fever begins.',
    supported: [
      'Memory cells react fast when the real germ comes.',
      'The immune system sees a harmless part of the germ.',
    ],
    invented: ['Edward Jenner used cowpox in 1796.', 'Side effects such as a sore arm pass after two days.'],
  },
  {
    question: 'Plan a weekend in Lisbon.',
    answer:
      'On Saturday ride tram 28 through Alfama, visit the castle, and hear fado at night. On Sunday go to Belém for the tower and the monastery, eat custard tarts, and watch the sunset at the Tagus.',
    same: 'Saturday: tram 28 through Alfama, the castle, and fado at night. Sunday: Belém with tower and monastery, custard tarts, sunset at the Tagus.',
    other:
      'Rent a car and drive to Sintra for its palaces, surf at Ericeira the next morning, and skip the crowded centre.',
    supported: ['Ride tram 28 through Alfama on Saturday.', 'In Belém you can see the tower and the monastery.'],
    invented: ['Buy the city pass for 21 euros.', 'The oceanarium is a good choice with children.'],
  },
  {
    question: 'Why do cats purr?',
    answer:
      'Cats purr when they are content, but also when they are hurt or afraid. The vibration of 25 to 50 hertz may help bones and tissue heal. Kittens purr to tell their mother that they are well.',
    same: 'Content cats purr, and so do those that are hurt or afraid. Its vibration, between 25 and 50 hertz, may heal bones and tissue. A kitten tells its mother in this way that it is well.',
    other: 'It is how they digest: the stomach grinds food against the ribs, and one hears the rhythm through the fur.',
    supported: ['The vibration may help bones heal.', 'Cats also purr when they are afraid or hurt.'],
    invented: ['Lions cannot purr as their larynx is different.', 'The vibration of 90 to 120 hertz helps bones heal.'],
  },
  {
    question: 'Should a small shop use a microservice architecture?',
    answer:
      'No, a modular monolith is the better start. One deployable unit is cheaper to run and easier to test. Split out a service only when a module needs its own scaling or release cycle.',
    same: 'Better start with a modular monolith: a single deployable unit is easier to test and cheaper to run. Split a service out when some module needs its own release cycle or scaling.',
    other:
      'Yes, since separate teams can then choose their languages and Kubernetes takes care of failures by restarting containers.',
    supported: ['A modular monolith is a better start.', 'One unit is cheaper to run and easier to test.'],
    invented: ['Use an event bus such as Kafka between modules.', 'Amazon Prime Video moved back to a monolith.'],
  },
  {
    question: 'What should I do about a burn from hot water?',
    answer:
      'Cool the burn under running lukewarm water for twenty minutes. Remove rings and tight clothing before it swells. Cover it loosely with cling film, and see a doctor if it is larger than your hand.',
    same: 'Hold the burn under lukewarm running water for twenty minutes, take off rings and tight clothing before swelling, cover it loosely with cling film and see a doctor when it is larger than a hand.',
    other:
      'Put butter or toothpaste on the skin at once and open any blisters with a clean needle so that the heat can escape.',
    supported: [
      'Cool it under running lukewarm water for twenty minutes.',
      'See a doctor if the burn is larger than your hand.',
    ],
    invented: [
      'Take ibuprofen against the pain.',
      'Cool it under running lukewarm water for five minutes and then put ice on.',
    ],
  },
  {
    question: 'What is photosynthesis?',
    answer:
      'Plants use light to turn carbon dioxide and water into sugar and oxygen. It takes place in the chloroplasts, where chlorophyll absorbs red and blue light.',
    same: 'With light, plants turn water and carbon dioxide into oxygen and sugar. This happens in chloroplasts; chlorophyll there absorbs blue and red light.',
    other:
      'It is the breathing of leaves at night, when they burn starch and give off carbon gas that the roots take back.',
    supported: [
      'Chlorophyll absorbs red and blue light.',
      'Plants turn carbon dioxide and water into sugar and oxygen.',
    ],
    invented: ['The Calvin cycle fixes the carbon in the stroma.', 'C4 plants such as maize lose less water.'],
  },
];
