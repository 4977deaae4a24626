// This screen's own token, which pairing gave it. It stays in this browser.

const KEY = "pichat.token";
let current = null; // where the browser keeps nothing, at least until the page is left

export function token() {
  try {
    return localStorage.getItem(KEY) ?? current;
  } catch {
    return current;
  }
}

/** Keep it; null forgets it. */
export function keepToken(value) {
  current = value;
  try {
    if (value === null) {
      localStorage.removeItem(KEY);
    } else {
      localStorage.setItem(KEY, value);
    }
  } catch {
    // It holds until the page is left.
  }
}

/** What a request over HTTP has to say of who asks. */
export function credentials() {
  const value = token();
  return value === null ? {} : { Authorization: `Bearer ${value}` };
}
