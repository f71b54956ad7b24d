import { AsyncLocalStorage } from 'node:async_hooks';
import { type DestinationStream, destination, type Logger, pino, stdTimeFunctions } from 'pino';

/**
 * Structured log: one JSON object per line with `level`, `time` (RFC 3339, UTC) and `msg`. Without pino's `child`: what
 * a child is bound to does not pass through the cleaning below.
 */
export type Log = Pick<Logger, 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'isLevelEnabled' | 'flush'>;

/** What happens in the course of one request, or of one deed of a command. */
export interface Course {
  readonly requestId: string;
  readonly ip?: string;
}

/** Run what belongs to a request in its course, and whatever is recorded on the way names it. */
export const course = new AsyncLocalStorage<Course>();

/** Names whose text is never written, at whatever depth; `code` and `state` only when they look like a credential. */
const secretName =
  /^(?:proxy-)?authorization$|cookie|passw|secret|token$|^tokens$|assertion|verifier|credential$|(?:private|master)_?key|^otp$/i;
const shortLived = /^(?:code|state|nonce|jwk|d)$/;

/** Credentials inside a URL (`mongodb://name:word@host`) and bearer values inside a sentence. */
const inText = /(\/\/)[^/\s@]+@|\b(bearer|basic|dpop)\s+[\w.~+/=-]{8,}/gi;

const deepest = 6;

function cleanText(text: string): string {
  return text.replace(inText, (_found, slashes: string | undefined, scheme: string | undefined) =>
    slashes ? '//[hidden]@' : `${scheme} [hidden]`,
  );
}

function cleanMember(name: string, value: unknown, depth: number): unknown {
  const hidden = secretName.test(name) || (shortLived.test(name) && String(value).length >= 20);
  if (hidden && value !== undefined && value !== null && typeof value !== 'boolean') return '[hidden]';
  return clean(value, depth);
}

function cleanError(error: Error, depth: number): Record<string, unknown> {
  const code = 'code' in error ? error.code : undefined;
  return {
    type: error.name,
    message: cleanText(error.message),
    ...(code === undefined ? {} : { code }),
    ...('error_detail' in error ? { detail: clean(error.error_detail, depth + 1) } : {}),
    stack: cleanText(error.stack ?? ''),
    ...(error.cause === undefined ? {} : { cause: clean(error.cause, depth + 1) }),
    ...(error instanceof AggregateError ? { errors: clean(error.errors, depth + 1) } : {}),
  };
}

function clean(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return cleanText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= deepest) return '[deeper]';
  if (value instanceof Error) return cleanError(value, depth);
  if (Array.isArray(value)) return value.map((item) => clean(item, depth + 1));
  if ('toJSON' in value && typeof value.toJSON === 'function') return clean(value.toJSON(), depth + 1);
  if (ArrayBuffer.isView(value)) return '[bytes]';
  const members = Object.entries(value).map(([name, member]) => [name, cleanMember(name, member, depth + 1)]);
  return Object.fromEntries(members);
}

const cleanLine = (line: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(line).map(([name, value]) => [name, cleanMember(name, value, 0)]));

/** Standard output, written without blocking; what is left is written when the process exits. */
function standardOutput(): DestinationStream {
  // With a least length of 0 `flush` would not wait for the write that is under way.
  const stream = destination({ dest: 1, sync: false, minLength: 1 });
  process.once('exit', () => {
    try {
      stream.flushSync();
    } catch {
      // Standard output is gone, or was never ready: nobody is left to be told.
    }
  });
  return stream;
}

/**
 * Makes the log. Members named like credentials are hidden at any depth, as are credentials in URLs; errors are
 * written with stack, code and their chain of causes.
 */
export function createLog({ level, stream }: { level: string; stream?: DestinationStream }): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label }),
        log: cleanLine,
      },
      hooks: {
        logMethod(args, method) {
          const [first, second] = args;
          if (typeof first === 'string') args[0] = cleanText(first);
          else if (typeof second === 'string') args[1] = cleanText(second);
          return method.apply(this, args);
        },
      },
      // Errors are already made printable by `log` above; pino's own serializer would drop their causes.
      serializers: { err: (error: unknown) => error },
    },
    stream ?? standardOutput(),
  );
}
