/** What a command says of a failure: what happened and what to do next, in the words of the person at the terminal. */
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';

/** The message with those of its causes; failures of the machine's files and network in words, never with a stack. */
export function inWords(error: unknown): string {
  if (!isErrorLike(error)) return String(error);
  const own = wordsOf(error);
  if (own !== undefined) return own;
  const message = error.message === 'fetch failed' ? '' : error.message;
  if (error.cause === undefined) return message || error.name;
  return message === '' ? inWords(error.cause) : `${message} (${inWords(error.cause)})`;
}

type SystemError = NodeJS.ErrnoException & {
  readonly address?: string;
  readonly port?: number;
  /** Of a host with several addresses: what each said. */
  readonly errors?: readonly SystemError[];
};

/** By its shape, because an error from another realm (a VM context) is no `instanceof Error`. */
function isErrorLike(thrown: unknown): thrown is SystemError {
  return typeof thrown === 'object' && thrown !== null && 'message' in thrown && 'name' in thrown;
}

function wordsOf(error: SystemError): string | undefined {
  const { code, path, errors } = error;
  if (code === undefined) return undefined;
  if (errors?.[0] !== undefined) return wordsOf(errors[0]);
  if (code === 'ECONNREFUSED' || code === 'ENOTFOUND' || code === 'ETIMEDOUT') return silence(error);
  return path === undefined ? undefined : wordsOfFile(code, path);
}

function silence({ code, address, port, message }: SystemError): string {
  const where = address === undefined ? message : `${address}:${String(port)}`;
  return `nothing answers at ${where} (${code ?? ''}): start what listens there (the sandbox: npm start), or check the address, TYIYM_HOME and TYIYM_PORT_BASE`;
}

function wordsOfFile(code: string, path: string): string | undefined {
  switch (code) {
    case 'ENOENT':
      return existsSync(dirname(path))
        ? `${path} is not there (ENOENT): name a file that is`
        : `the folder ${dirname(path)} is not there (ENOENT): make it, or name another`;
    case 'EEXIST':
      return `${path} is there already, and nothing of it is overwritten (EEXIST): use it, take it away, or name another file`;
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return `${path} may not be read or written by this user (${code}): run as its owner, change its mode, or name another place`;
    case 'ENOTDIR':
    case 'EISDIR':
      return `${path} is ${code === 'EISDIR' ? 'a folder and not a file' : 'not below a folder'} (${code}): name another place`;
    case 'ENOSPC':
      return `no room is left on the disk of ${path} (ENOSPC): make room and run it again`;
    default:
      return undefined;
  }
}
