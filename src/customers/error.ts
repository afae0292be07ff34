import { lineAt } from './json/parse.ts';

/** The customers file cannot be read, or something in it is wrong: the message says in which line and field. */
export class CustomersFileError extends TypeError {
  override name = 'CustomersFileError';
  /** The customers file. */
  readonly file: string;
  /** From 1; undefined when the file cannot be read at all. */
  readonly line: number | undefined;
  /** Dotted names, like `customers.acme.port`; empty when it is not about one. */
  readonly field: string;

  constructor(message: string, at: { file: string; line?: number; field?: string }) {
    const { file, line, field = '' } = at;
    super(`${file}${line === undefined ? '' : `:${line}`}: ${field === '' ? '' : `${field}: `}${message}`);
    this.file = file;
    this.line = line;
    this.field = field;
  }
}

/** Something at an offset of the text is wrong. */
export function wrongAt(
  { file, text }: { file: string; text: string },
  { offset, message, field }: { offset: number; message: string; field?: string },
): CustomersFileError {
  const line = lineAt(text, offset);
  return new CustomersFileError(message, field === undefined ? { file, line } : { file, line, field });
}
