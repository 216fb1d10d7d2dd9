// Finds the number whose hash, after the seed, is the digest. Knows nothing else of the page.
const AT_ONCE = 250;
const signs = new TextEncoder();

const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");

const hashed = async (seed, number) => hex(await crypto.subtle.digest("SHA-256", signs.encode(`${seed}:${number}`)));

self.onmessage = async ({ data: { seed, digest, most } }) => {
  for (let from = 0; from < most; from += AT_ONCE) {
    const numbers = Array.from({ length: Math.min(AT_ONCE, most - from) }, (_, index) => from + index);
    const found = (await Promise.all(numbers.map((number) => hashed(seed, number)))).indexOf(digest);
    if (found >= 0) {
      self.postMessage({ number: from + found });
      return;
    }
    self.postMessage({ done: (from + AT_ONCE) / most });
  }
  self.postMessage({ failed: true });
};
