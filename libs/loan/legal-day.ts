/** Legal days: those of the one time zone of the country, whatever it was at the time. */
const almaty = new Intl.DateTimeFormat('en-CA', {
  ...{ timeZone: 'Asia/Almaty', year: 'numeric', month: '2-digit', day: '2-digit' },
});

/** The day on which this instant falls, `yyyy-mm-dd`. */
export function legalDayOf(at: number): string {
  return almaty.format(at);
}
