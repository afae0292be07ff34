import { lineAt } from './json/parse.ts';

/** The customers file cannot be read or is faulty; the message names the line and field. */
export class CustomersFileError extends TypeError {
  override name = 'CustomersFileError';
  /** The customers file. */
  readonly file: string;
  /** The line, from 1; undefined if the file could not be read. */
  readonly line: number | undefined;
  /** The field, like `customers.acme.port`; empty if the error is not about one. */
  readonly field: string;

  constructor(message: string, at: { file: string; line?: number; field?: string; cause?: unknown }) {
    const { file, line, field = '', cause } = at;
    const where = `${file}${line === undefined ? '' : `:${line}`}: ${field === '' ? '' : `${field}: `}`;
    super(`${where}${message}`, cause === undefined ? {} : { cause });
    this.file = file;
    this.line = line;
    this.field = field;
  }
}

/** The error for something wrong at an offset of the text. */
export function wrongAt(
  { file, text }: { file: string; text: string },
  { offset, message, field }: { offset: number; message: string; field?: string },
): CustomersFileError {
  const line = lineAt(text, offset);
  return new CustomersFileError(message, field === undefined ? { file, line } : { file, line, field });
}
