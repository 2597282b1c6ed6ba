/** The words of the figures in the three languages. */
import type { ProblemLanguage } from '#libs/problem/problem-text.js';

export interface FigureWords {
  readonly title: string;
  /** Followed by a time. */
  readonly lead: string;
  readonly checks: string;
  readonly p50: string;
  readonly p99: string;
  readonly uptime: string;
  readonly watched: string;
  readonly watchdog: string;
  readonly log: string;
  readonly size: string;
  readonly signedAt: string;
  readonly cosigned: string;
  readonly nobody: string;
  readonly lagP50: string;
  readonly lagP99: string;
  readonly withoutQuorum: string;
  waiting(seconds: number): string;
  readonly hours: string;
  readonly noHours: string;
  readonly roundedTens: string;
  readonly hour: string;
  readonly placed: string;
  readonly lifted: string;
  readonly answered: string;
  /** @param part of the hour, as a percentage */
  partly(part: string): string;
  readonly unknown: string;
  readonly milliseconds: string;
  readonly seconds: string;
  readonly minutes: string;
  readonly hoursShort: string;
}

export const figureWords: Readonly<Record<ProblemLanguage, FigureWords>> = {
  kk: {
    title: 'Тізілім қалай жұмыс істеп тұр',
    lead: 'Уақыт Қазақстан бойынша (UTC+5) көрсетілген. Дерек алынған уақыт:',
    checks: 'Тексерулер',
    p50: 'Соңғы 15 минуттағы тексерулердің жартысына жауап берілді, көп дегенде',
    p99: '100 тексерудің 99-ына жауап берілді, көп дегенде',
    uptime: 'Соңғы 24 сағатта бақылау сұрауларына берілген жауаптар',
    watched: 'Осы 24 сағаттың бақылау сұраулары жіберілген бөлігі',
    watchdog:
      'Тізілім он секунд сайын өзіне банк сияқты тексеру жібереді. Сұрау жіберілмеген уақыт белгісіз: ол жұмыс уақытына да, іркіліске де есептелмейді.',
    log: 'Ашық журнал',
    size: 'Жарияланған жазбалар',
    signedAt: 'Соңғы бақылау нүктесіне қол қойылған уақыт',
    cosigned: 'Оны растаған куәгерлер',
    nobody: 'ешкім',
    lagP50: 'Жазбадан жариялауға дейін соңғы сағатта: жартысы, көп дегенде',
    lagP99: 'Жазбадан жариялауға дейін соңғы сағатта: 100-дің 99-ы, көп дегенде',
    withoutQuorum: 'Куәгерлер бақылау нүктелерін 15 минуттан астам уақыт бойы жеткілікті санда растамай тұр.',
    waiting: (seconds) => `Ең ескі жарияланбаған жазба ${seconds} секунд бойы күтіп тұр.`,
    hours: 'Сағаттар бойынша: тексерулер, бас тартулар',
    noHours: 'Толық өткен сағат әлі жоқ.',
    roundedTens: 'Тек өткен сағаттар; сандар ондыққа дейін дөңгелектелген.',
    hour: 'Сағаты',
    placed: 'Белгіленген',
    lifted: 'Алынған',
    answered: 'Жауап',
    partly: (part) => `сұралғаны ${part}`,
    unknown: '—',
    milliseconds: 'мс',
    seconds: 'с',
    minutes: 'мин',
    hoursShort: 'сағ',
  },
  ru: {
    title: 'Как работает реестр',
    lead: 'Время указано по Казахстану (UTC+5). Данные на',
    checks: 'Проверки',
    p50: 'Половина проверок за последние 15 минут получила ответ не дольше чем за',
    p99: '99 из 100 проверок получили ответ не дольше чем за',
    uptime: 'Ответов на контрольные запросы за последние 24 часа',
    watched: 'Какую часть этих 24 часов отправлялись контрольные запросы',
    watchdog:
      'Раз в десять секунд реестр отправляет себе проверку тем же путём, что и банк. О времени без запросов ничего не известно: оно не считается ни работой, ни простоем.',
    log: 'Открытый журнал',
    size: 'Опубликовано записей',
    signedAt: 'Последняя контрольная точка подписана',
    cosigned: 'Её заверили свидетели',
    nobody: 'никто',
    lagP50: 'От записи до публикации за последний час: половина не дольше чем за',
    lagP99: 'От записи до публикации за последний час: 99 из 100 не дольше чем за',
    withoutQuorum: 'Контрольные точки больше 15 минут не заверяет достаточное число свидетелей.',
    waiting: (seconds) => `Самая старая неопубликованная запись ждёт ${seconds} с.`,
    hours: 'По часам: проверки и отказы',
    noHours: 'Полных часов ещё не было.',
    roundedTens: 'Только завершённые часы; числа округлены до десятков.',
    hour: 'Час',
    placed: 'Установлено',
    lifted: 'Снято',
    answered: 'Ответы',
    partly: (part) => `запрошено ${part}`,
    unknown: '—',
    milliseconds: 'мс',
    seconds: 'с',
    minutes: 'мин',
    hoursShort: 'ч',
  },
  en: {
    title: 'How the registry runs',
    lead: 'Times are those of Kazakhstan (UTC+5). Figures as of',
    checks: 'Checks',
    p50: 'Half of the checks of the last 15 minutes were answered within',
    p99: '99 of 100 checks were answered within',
    uptime: 'Answers to the watchdog in the last 24 hours',
    watched: 'Part of these 24 hours in which the watchdog asked',
    watchdog:
      'Once in ten seconds the registry asks itself a check, the way a bank does. Nothing is known of the time without questions: it counts neither as up nor as down.',
    log: 'Public log',
    size: 'Published entries',
    signedAt: 'Newest checkpoint signed at',
    cosigned: 'Cosigned by',
    nobody: 'nobody',
    lagP50: 'From an entry to its publication, last hour: half within',
    lagP99: 'From an entry to its publication, last hour: 99 of 100 within',
    withoutQuorum: 'For more than 15 minutes too few witnesses have cosigned a checkpoint.',
    waiting: (seconds) => `The oldest entry that is not published has been waiting for ${seconds} s.`,
    hours: 'By the hour: checks and refusals',
    noHours: 'No whole hour has passed yet.',
    roundedTens: 'Only hours that are over; counts are rounded to tens.',
    hour: 'Hour',
    placed: 'Placed',
    lifted: 'Lifted',
    answered: 'Answered',
    partly: (part) => `asked ${part}`,
    unknown: '–',
    milliseconds: 'ms',
    seconds: 's',
    minutes: 'min',
    hoursShort: 'h',
  },
};
