import { createHash } from 'node:crypto';

const style = `
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
  body { display: grid; place-items: center; min-height: 90vh; margin: 0; }
  form { display: grid; gap: 0.75rem; width: min(26rem, 90vw); }
  input, button { font: inherit; padding: 0.5rem; }
  p { margin: 0; }
`;

const script = `
  const form = document.querySelector('form');
  const problem = document.querySelector('[role=alert]');
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    problem.textContent = '';
    const key = form.elements.key.value.trim();
    try {
      const answer = await fetch('/api/session', { method: 'POST', body: JSON.stringify({ key }) });
      if (answer.ok) return location.reload();
      problem.textContent =
        answer.status === 401 ? 'This key is not valid.' :
        answer.status === 429 ? 'Too many wrong keys: wait a minute.' : 'That did not work (' + answer.status + ').';
    } catch {
      problem.textContent = 'The server does not answer.';
    }
  });
`;

/** What a browser without a session sees in place of a page. It loads nothing. */
export const loginPage = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Tutti: sign in</title>
<style>${style}</style>
<form method="post">
  <h1>Tutti</h1>
  <label for="key">API key</label>
  <input id="key" name="key" type="password" autocomplete="current-password" required autofocus>
  <button>Sign in</button>
  <p role="alert"></p>
  <p><small>An administrator makes keys with <code>tutti keys create</code>.</small></p>
</form>
<script>${script}</script>
</html>
`;

/** Headers that go with the page: nothing but its own script runs, and no other page can frame it. */
export const loginHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': [
    "default-src 'none'",
    "connect-src 'self'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
};

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
