// The one WebSocket: requests, their replies, events, and connecting again by itself.
import { keepToken, token } from "./token.js";

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 8000;
const PING_EVERY_MS = 20000;
const PING_DEADLINE_MS = 8000;
const REPLY_DEADLINE_MS = 30000;
const UNAUTHENTICATED = 4401;

export class ReplyError extends Error {
  constructor(sentence, code) {
    super(sentence);
    this.code = code;
  }
}

/** Dispatches "state" (this.state: "connecting" | "open" | "lost"), and each event frame under
 * its action's name, with the payload as `detail`. `me`: whom PiChat takes this screen for. Where it
 * does not know it, the page that pairs is opened. */
export class Link extends EventTarget {
  #url;
  #socket = null;
  #waiting = new Map();
  #next = 1;
  #pauseMs = FIRST_PAUSE_MS;
  #timer = 0;
  #pinging = 0;

  state = "connecting";
  me = null;

  constructor(url) {
    super();
    this.#url = url;
  }

  start() {
    this.#connect();
    const hurry = () => {
      if (this.state === "lost" && document.visibilityState === "visible") {
        this.#connect();
      }
    };
    addEventListener("online", hurry);
    document.addEventListener("visibilitychange", hurry);
  }

  /** Send a request. `onFrame` gets every frame of the reply; the promise is the payload of its
   * `complete`, or rejects with a ReplyError. */
  request(action, payload = {}, { onFrame = () => {}, onId = () => {} } = {}) {
    return new Promise((resolve, reject) => {
      if (this.state !== "open") {
        reject(new ReplyError("PiChat is not connected at the moment.", "lost"));
        return;
      }
      onId(this.#send(action, payload, { resolve, reject, onFrame }));
    });
  }

  #send(action, payload, waiting) {
    const requestId = `p${this.#next++}`;
    this.#waiting.set(requestId, waiting);
    this.#socket.send(JSON.stringify({ action, payload, request_id: requestId }));
    return requestId;
  }

  /** Like request, for what has to answer soon. */
  async ask(action, payload = {}, deadlineMs = REPLY_DEADLINE_MS) {
    let timer = 0;
    let requestId = null;
    const late = new Promise((_, reject) => {
      timer = setTimeout(
        () => reject(new ReplyError("PiChat did not answer in time.", "late")),
        deadlineMs,
      );
    });
    try {
      const asked = this.request(action, payload, { onId: (id) => (requestId = id) });
      return await Promise.race([asked, late]);
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(requestId); // an answer that comes too late finds nobody
    }
  }

  #connect() {
    clearTimeout(this.#timer);
    this.#socket?.close();
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.onopen = () => this.#introduce(socket);
    socket.onmessage = (message) => this.#read(JSON.parse(message.data));
    socket.onclose = ({ code }) => {
      if (code === UNAUTHENTICATED) {
        keepToken(null); // it was revoked
      }
      if (this.#socket === socket) {
        this.#closed();
      }
    };
  }

  /** Say who this screen is, before anything else. */
  async #introduce(socket) {
    const own = token();
    const late = setTimeout(() => socket.close(), REPLY_DEADLINE_MS);
    try {
      this.me = await new Promise((resolve, reject) => {
        const payload = own === null ? {} : { token: own };
        this.#send("authenticate", payload, { resolve, reject, onFrame: () => {} });
      });
    } catch (error) {
      this.#unknown(socket, error, own);
      return;
    } finally {
      clearTimeout(late);
    }
    if (this.#socket === socket) {
      this.#opened();
    }
  }

  /** A token that does not count may have been in the way of being known without one. */
  #unknown(socket, error, own) {
    if (error.code === "unauthenticated" && own === null) {
      socket.onclose = null;
      location.replace("/pair");
    } else if (error.code === "unauthenticated") {
      keepToken(null);
    }
    socket.close();
  }

  #opened() {
    this.#pauseMs = FIRST_PAUSE_MS;
    clearInterval(this.#pinging);
    this.#pinging = setInterval(() => this.#ping(), PING_EVERY_MS);
    this.#become("open");
  }

  #closed() {
    clearInterval(this.#pinging);
    this.#socket = null;
    const lost = new ReplyError("The connection was lost before the answer came.", "lost");
    for (const { reject } of this.#waiting.values()) {
      reject(lost);
    }
    this.#waiting.clear();
    this.#timer = setTimeout(() => this.#connect(), this.#pauseMs * (0.75 + Math.random() / 2));
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
    this.#become("lost");
  }

  async #ping() {
    const socket = this.#socket;
    try {
      await this.ask("ping", {}, PING_DEADLINE_MS);
    } catch (error) {
      if (error.code === "late" && this.#socket === socket) {
        socket.onclose = null;
        socket.close();
        this.#closed();
      }
    }
  }

  #become(state) {
    if (this.state !== state) {
      this.state = state;
      this.dispatchEvent(new Event("state"));
    }
  }

  #read(frame) {
    if (frame.status === "event") {
      this.dispatchEvent(new CustomEvent(frame.action, { detail: frame.payload }));
      return;
    }
    const waiting = this.#waiting.get(frame.request_id);
    if (!waiting) {
      return;
    }
    waiting.onFrame(frame);
    if (frame.status === "complete") {
      this.#waiting.delete(frame.request_id);
      waiting.resolve(frame.payload);
    } else if (frame.status === "error") {
      this.#waiting.delete(frame.request_id);
      waiting.reject(new ReplyError(frame.error, frame.payload?.code));
    }
  }
}
