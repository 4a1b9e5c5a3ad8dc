/**
 * Checks the credential of a request. It promises that one which is sent is always checked, whether it is asked for or
 * not; that a wrong one tells nothing but that it is wrong; and that what was sent is repeated nowhere.
 */
import { GUESS_WINDOW_MS, MAX_GUESSES } from '../limits.js';
import type { DaemonToken } from '../token.js';
import { GuessLimit } from './guess-limit.js';
import { type Refusal, refuse } from './refusal.js';
import { headerValues } from './request-head.js';

/** RFC 6750 section 2.1 (`b64token`); the scheme's case does not matter (RFC 9110 section 11.1). */
const BEARER = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i;

/** Names of a query's fields in which people put credentials, without `-` and `_`. */
const CREDENTIAL_FIELD = /token|^(auth|authorization|bearer|apikey|secret|password|passwd|credentials?)$/;

/** RFC 6750 section 3 has at least one parameter in the challenge. */
const CHALLENGE = 'Bearer realm="holdfast"';
const HOW = 'Send the token of the runtime file (daemon.json) once, as: Authorization: Bearer TOKEN.';

export type CredentialVerdict = { readonly kind: 'accepted'; readonly credential: 'token' | null } | Refusal;

/** A credential in a URL ends in histories, logs and referrers. The target is not repeated in the message. */
export function checkTarget(target: string): Refusal | undefined {
  const start = target.indexOf('?');
  if (start === -1) return undefined;
  for (const name of new URLSearchParams(target.slice(start + 1)).keys()) {
    if (!CREDENTIAL_FIELD.test(name.toLowerCase().replace(/[-_]/g, ''))) continue;
    return refuse(
      400,
      'credential_in_url',
      `A credential does not belong into an address, where logs and histories keep it. ${HOW}`,
    );
  }
  return undefined;
}

export class Credentials {
  readonly #token: DaemonToken;
  readonly #isRequired: boolean;
  readonly #guesses: GuessLimit;

  /** `isRequired`: whether requests without a credential are refused. */
  constructor(token: DaemonToken, isRequired: boolean, guesses = new GuessLimit()) {
    this.#token = token;
    this.#isRequired = isRequired;
    this.#guesses = guesses;
  }

  /** `isOpen`: this request needs no credential even where one is required. */
  check(rawHeaders: readonly string[], isOpen: boolean): CredentialVerdict {
    const sent = headerValues(rawHeaders, 'authorization');
    const [value] = sent;
    if (value === undefined) {
      if (isOpen || !this.#isRequired) return { kind: 'accepted', credential: null };
      return refuse(401, 'credential_missing', `This daemon asks for its token. ${HOW}`, {
        'WWW-Authenticate': CHALLENGE,
      });
    }
    const invalid = { 'WWW-Authenticate': `${CHALLENGE}, error="invalid_token"` };
    if (sent.length > 1) {
      return this.#guessed(
        refuse(
          401,
          'credential_duplicate',
          `The request has more than one Authorization header. ${HOW}`,
          invalid,
        ),
      );
    }
    const candidate = BEARER.exec(value)?.[1];
    if (candidate === undefined) {
      return this.#guessed(
        refuse(
          401,
          'credential_malformed',
          `The Authorization header is not Bearer and one token. ${HOW}`,
          invalid,
        ),
      );
    }
    if (this.#token.matches(candidate)) return { kind: 'accepted', credential: 'token' };
    return this.#guessed(
      refuse(
        401,
        'credential_invalid',
        'This is not the token of this daemon, which has a new one after each start. ' +
          'Read the runtime file (daemon.json) again.',
        invalid,
      ),
    );
  }

  #guessed(refusal: Refusal): Refusal {
    const verdict = this.#guesses.guessed();
    if (verdict.kind === 'counted') return refusal;
    const seconds = Math.max(1, Math.ceil(verdict.retryAfterMs / 1000));
    return {
      ...refuse(
        429,
        'too_many_guesses',
        `More than ${String(MAX_GUESSES)} credentials were refused within ${String(GUESS_WINDOW_MS / 1000)} s. ` +
          `Try again in ${String(seconds)} s; the right token is let through at any time.`,
        { 'Retry-After': String(seconds) },
      ),
      isRepeated: !verdict.isFirst,
    };
  }
}
