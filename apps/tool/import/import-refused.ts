/** Why nothing can be imported, for the person at the terminal: the registry is open, or a file is no delivery. */
export class ImportRefused extends Error {}
