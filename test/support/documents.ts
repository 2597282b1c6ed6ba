/** What the documents print for a terminal. */

/** The shell blocks between the markers, one after the other. @throws Error when there are none */
export function commandsOf(text: string, name: string): string {
  const [, section = ''] = text.split(new RegExp(`<!-- ${name}: (?:begin|end) -->`));
  const blocks = shellBlocksOf(section);
  if (blocks.length === 0) throw new Error(`no ${name} between its markers`);
  return blocks.join('');
}

/** Every shell block of a page. */
export function shellBlocksOf(text: string): readonly string[] {
  return [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, commands = '']) => commands);
}
