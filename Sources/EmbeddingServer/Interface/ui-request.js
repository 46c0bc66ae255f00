// Requests and what comes back.

/** What went wrong, in words for whoever looks at the page. */
class Failure extends Error {
  /** - reason: what the server says, without its code. */
  constructor(message, status, reason) {
    super(message);
    this.status = status;
    this.reason = reason ?? message;
  }
}

/** Server-sent events as they come (HTML, section 9.2.6), with lines that end in LF or CRLF. */
async function* events(body) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "", name = "message", data = [];
  try {
    while (true) {
      const {done, value} = await reader.read();
      const lines = (rest + (done ? decoder.decode() : decoder.decode(value, {stream: true}))).split("\n");
      rest = lines.pop();
      for (const ended of lines) {
        const line = ended.endsWith("\r") ? ended.slice(0, -1) : ended;
        if (line === "") {
          if (data.length) yield {name, data: data.join("\n")};
          name = "message";
          data = [];
          continue;
        }
        const colon = line.indexOf(":");
        const field = colon < 0 ? line : line.slice(0, colon);
        const content = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
        if (field === "event") name = content;
        if (field === "data") data.push(content);
      }
      if (done) return;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** What the server says of an error, or that it says nothing. */
function failure(text, status) {
  const prefix = status ? status + ": " : "";
  try {
    const {error, error_type: type} = JSON.parse(text);
    if (typeof error === "string") return new Failure(prefix + error + (type ? " (" + type + ")" : ""), status, error);
  } catch {
    // Not of this server, but of something between here and there.
  }
  return new Failure(prefix + (shortened(text, 200) || "the answer is empty"), status);
}

function authorization(key) {
  return key ? {Authorization: "Bearer " + key} : {};
}

/** The JSON that a path answers. */
async function read(path, key) {
  let response;
  try {
    response = await fetch(path, {headers: {Accept: "application/json", ...authorization(key)}, cache: "no-store"});
  } catch {
    throw new Failure("The server cannot be reached");
  }
  const text = await response.text().catch(() => "");
  if (!response.ok) throw failure(text, response.status);
  try {
    return JSON.parse(text);
  } catch {
    throw new Failure(path + " is not JSON");
  }
}

/**
 * Sends a request and follows its stream.
 *
 * - write: told of each piece of a rationale, with the index of its text.
 * - accept: told of the head of the answer, before the first piece.
 * Returns what the last event holds. Throws a Failure, or the signal's reason.
 */
async function follow(request, key, signal, accept, write) {
  let response;
  try {
    response = await fetch(request.path, {
      method: "POST", headers: {"Content-Type": "application/json", ...authorization(key)}, body: request.body, signal,
      cache: "no-store"});
  } catch (error) {
    throw signal.aborted ? error : new Failure("The server cannot be reached");
  }
  if (!response.ok) throw failure(await response.text().catch(() => ""), response.status);
  accept(response.headers);
  let last;
  try {
    for await (const event of events(response.body)) {
      if (event.name === "token") {
        const {index, text} = JSON.parse(event.data);
        write(index, text);
      }
      if (event.name === "done" || event.name === "error") {
        last = event;
        break;
      }
    }
  } catch (error) {
    if (signal.aborted) throw error;
    throw new Failure("The connection broke off before the answer was whole");
  }
  if (!last) throw new Failure("The connection ended before the answer was whole");
  if (last.name === "error") throw failure(last.data);
  try {
    return JSON.parse(last.data);
  } catch {
    throw new Failure("The answer is not JSON");
  }
}

/** A request as a command. A key stands there as a variable: what is copied is passed on. */
function curl(request, hasKey) {
  return ["curl -N " + shellWord(new URL(request.path, location.href).href),
    "-H 'Content-Type: application/json'",
    ...(hasKey ? ["-H \"Authorization: Bearer $GRACE_KEY\""] : []),
    "-d " + shellWord(request.body)].join(" \\\n  ");
}
