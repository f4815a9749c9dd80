/** Cheaper than looking for each secret in each text: most texts hold none of these. */
const suspicious = /tutti|:\/\/|private key|authoriz|bearer|basic|api-key|cookie/i;

/** What secrets look like, and what stands in their place. Lengths are bounded: no text makes matching slow. */
const secrets: readonly (readonly [RegExp, string])[] = [
  // A key's first part is no secret, and says which key it was.
  [/\b(tutti_[\w-]{8}_)[\w-]{8,}/g, '$1[redacted]'],
  [/\btutti1\.[\w.~+/=-]+/g, 'tutti1.[redacted]'],
  [/-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|$)/g, '[redacted]'],
  // Passwords that nobody escaped hold "/" and "@" as well.
  [/\b(mongodb(?:\+srv)?:\/\/)[^\s"'<>]{0,1024}@/gi, '$1[redacted]@'],
  [/(:\/\/)[^\s/"'<>]{1,1024}@/g, '$1[redacted]@'],
  [
    /\b((?:proxy-)?authorization|x-api-key|(?:set-)?cookie)("?'?\s{0,4}[:=]\s{0,4}"?'?)(?:(?:bearer|basic|digest|token)\s{1,4})?[^\s"']+/gi,
    '$1$2[redacted]',
  ],
  [/\b(bearer|basic)(\s{1,4})[\w.~+/=-]{16,}/gi, '$1$2[redacted]'],
];

/** Text with everything masked that looks like a key, a token, a password or a private key. */
export function redacted(text: string): string {
  if (!suspicious.test(text)) return text;
  return secrets.reduce((clean, [pattern, mask]) => clean.replace(pattern, mask), text);
}

const secretName = /^(?:(?:proxy-)?authorization|(?:set-)?cookie)$|api-?key$|password$|secret$|token$|private-?key$/i;

/** Whether a field of this name holds a secret, whatever it looks like. */
export function isSecretName(name: string): boolean {
  return secretName.test(name.replaceAll('_', '-'));
}
