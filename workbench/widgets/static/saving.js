// Python at the other end: asked, asked again, and what it has not acknowledged kept meanwhile.

const ANSWER_TIMEOUT_MS = 8000;
const RETRY_MS = [1000, 2000, 4000, 8000, 15000];
// Under which names a browser remembers who listens, and how.
const REMEMBERED = { rater: "workbench.rater", device: "workbench.device" };

class Link {
  /** `invoke` is anywidget's way to call a command of the widget's Python half. */
  constructor(invoke) {
    this.invoke = invoke;
  }

  async ask(command, message) {
    const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    const [reply] = await this.invoke(command, message, { signal });
    if (reply.error) throw new SentenceError(reply.error);
    return reply;
  }

  /**
   * Ask until there is a reply, ever less often.
   *
   * `onTry(again)` is called before each try, `onTrouble(sentence, tryNow)` after each failure; it
   * says whether to go on.
   */
  async insist(command, message, { onTry, onTrouble }) {
    for (let attempt = 0; ; attempt++) {
      onTry(attempt > 0);
      try {
        return await this.ask(command, message);
      } catch (error) {
        const pause = RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)];
        const again = new Promise((resolve) => {
          this.stopWaiting = resolve;
          setTimeout(() => resolve(true), pause);
        });
        if (!onTrouble(sentence(error), () => this.stopWaiting(true))) return null;
        if (!(await again)) return null;
      }
    }
  }

  close() {
    this.stopWaiting?.(false);
  }
}

/** A sentence that Python wrote for the reader. */
class SentenceError extends Error {}

function sentence(error) {
  if (error instanceof SentenceError) return error.message;
  return "Python does not answer; if its kernel was stopped, run the cell or open the page again.";
}

function remembered(key) {
  try {
    return localStorage.getItem(key) ?? "";
  } catch {
    return ""; // a browser may refuse storage; the page then remembers nothing
  }
}

function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // As above.
  }
}

/** Only pages over https or on this machine have crypto.randomUUID. */
function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
