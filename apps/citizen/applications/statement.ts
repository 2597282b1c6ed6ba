/**
 * What the citizen signs, in his own language: the act in capitals first, because the caller on the phone counts on
 * nobody reading on. A lift says that no official ever asks for it by phone; a lock of 0 hours says what it is worth.
 */
import type { Ask, Language } from './application.js';

interface Wording {
  readonly hours: (hours: number) => string;
  readonly place: readonly string[];
  readonly lock: (hours: string) => string;
  readonly noLock: string;
  readonly lift: readonly string[];
  readonly wait: (hours: string) => string;
  readonly noWait: string;
  readonly placeAgain: (hours: string) => string;
}

/** "24 часа", "24 сағат", "24 hours": the plural forms are the library's. */
function hoursIn(locale: Language): (hours: number) => string {
  const format = new Intl.NumberFormat(locale, { style: 'unit', unit: 'hour', unitDisplay: 'long' });
  return (hours) => format.format(hours).replaceAll('\u00a0', ' ');
}

const wordings: Readonly<Record<Language, Wording>> = {
  kk: {
    hours: hoursIn('kk'),
    place: [
      'БАС ТАРТУДЫ БЕЛГІЛЕУ.',
      'Менің атыма «Банктік қарыздар мен микрокредиттерді алудан ерікті түрде бас тарту» белгілеуді сұраймын.',
      'Осы қолтаңба тізілімге тіркелген сәттен бастап банктер мен МҚҰ менің атыма жаңа банктік қарыз бен микрокредит бермеуге тиіс.',
    ],
    lock: (hours) => `Алып тастау алдындағы күту мерзімі: ${hours}.`,
    noLock:
      'Алып тастау алдындағы күту мерзімі: 0 сағат. Бас тартуды телефоныңызды ұстап отырған кез келген адам бірден алып тастай алады.',
    lift: [
      'БАС ТАРТУДЫ АЛЫП ТАСТАУ.',
      'Бірде-бір лауазымды адам — банк те, полиция да, мемлекеттік орган да — мұны ешқашан телефон арқылы сұрамайды: егер сұраса, ол — алаяқ.',
      'Менің атыма белгіленген банктік қарыздар мен микрокредиттерді алудан ерікті түрде бас тартуды алып тастауды сұраймын.',
      'Алып тасталғаннан кейін банктер мен МҚҰ менің атыма қайтадан қарыз бере алады.',
    ],
    wait: (hours) =>
      `Бас тарту қол қойылғаннан кейін ${hours} өткен соң алып тасталады; оған дейін алып тастауды тоқтатуға болады.`,
    noWait: 'Бас тарту бірден алып тасталады.',
    placeAgain: (hours) => `Алып тасталғаннан кейін ${hours} өткен соң бас тарту қайтадан белгіленеді.`,
  },
  ru: {
    hours: hoursIn('ru'),
    place: [
      'УСТАНОВИТЬ ОТКАЗ.',
      'Прошу установить на моё имя «Добровольный отказ от получения банковских займов, микрокредитов».',
      'С момента регистрации этой подписи в реестре банки и МФО не должны выдавать на моё имя новые банковские займы и микрокредиты.',
    ],
    lock: (hours) => `Срок ожидания перед снятием: ${hours}.`,
    noLock: 'Срок ожидания перед снятием: 0 часов. Отказ снимет сразу любой, у кого в руках ваш телефон.',
    lift: [
      'СНЯТЬ ОТКАЗ.',
      'Ни одно должностное лицо — ни банк, ни полиция, ни государственный орган — никогда не просит об этом по телефону: если просят, это мошенники.',
      'Прошу снять установленный на моё имя добровольный отказ от получения банковских займов, микрокредитов.',
      'После снятия банки и МФО снова смогут выдавать займы на моё имя.',
    ],
    wait: (hours) => `Отказ будет снят через ${hours} после подписания; до этого снятие можно отменить.`,
    noWait: 'Отказ будет снят сразу.',
    placeAgain: (hours) => `Через ${hours} после снятия отказ будет установлен снова.`,
  },
  en: {
    hours: hoursIn('en'),
    place: [
      'PLACE THE REFUSAL.',
      'I ask to place, in my name, the voluntary refusal of bank loans and microcredits.',
      'From the moment this signature is in the registry, banks and microfinance organisations must not lend anything new in my name.',
    ],
    lock: (hours) => `Waiting time before lifting: ${hours}.`,
    noLock:
      'Waiting time before lifting: 0 hours. Anybody who holds your phone can lift the refusal at once.',
    lift: [
      'LIFT THE REFUSAL.',
      'No official — no bank, no police officer, no state body — ever asks for this by phone: whoever does is a fraud.',
      'I ask to lift the voluntary refusal of bank loans and microcredits placed in my name.',
      'Once it is lifted, banks and microfinance organisations can lend in my name again.',
    ],
    wait: (hours) =>
      `The refusal will be lifted ${hours} after signing; until then the lift can be called off.`,
    noWait: 'The refusal will be lifted at once.',
    placeAgain: (hours) => `The refusal will be placed again ${hours} after it is lifted.`,
  },
};

/** The statement of a document. @param waitHours what a lift really waits: the longer of the lock and the law's delay. */
export function statementOf(ask: Ask, language: Language, waitHours: number): string {
  const words = wordings[language];
  const sentences = ask.kind === 'place' ? placing(ask, words) : lifting(ask, words, waitHours);
  return sentences.join(' ');
}

function placing({ lockHours }: Ask, words: Wording): readonly string[] {
  return [...words.place, lockHours === 0 ? words.noLock : words.lock(words.hours(lockHours))];
}

function lifting({ placeAgainAfterHours }: Ask, words: Wording, waitHours: number): readonly string[] {
  const wait = waitHours === 0 ? words.noWait : words.wait(words.hours(waitHours));
  const again =
    placeAgainAfterHours === undefined ? [] : [words.placeAgain(words.hours(placeAgainAfterHours))];
  return [...words.lift, wait, ...again];
}
