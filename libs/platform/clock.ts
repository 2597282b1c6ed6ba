/** The only place that reads the clock of the machine; everything else is given the time. */

/** Machine time in milliseconds since 1970. Registry time is made from it by the Journal. */
export type Clock = () => number;

export const machineClock: Clock = () => Date.now();
