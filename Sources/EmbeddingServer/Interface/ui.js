// The form, the server's state, and what keys do.

/** How often a server is asked how it is, in milliseconds: while nothing is ready, and after. */
const impatience = 2000, patience = 15000;
/** Fields that are sent as they are where something stands in them. */
const numberFields = ["max_rationale_tokens", "temperature", "top_p"];

let runs = [];
let running = null;

// MARK: The server

function showState(state, text) {
  at("server").dataset.state = state;
  // Said again only where it is news: it is read aloud.
  if (at("state").textContent !== text) at("state").textContent = text;
}

function showFacts(info) {
  const names = {
    checkpoint: "Checkpoint", base: "Base", compute: "Compute", dimensions: "Dimensions",
    context_length: "Context, tokens", max_input_length: "Longest prompt, tokens",
    default_max_rationale_tokens: "Rationale, tokens", max_rationale_tokens: "Longest rationale, tokens",
    system_prompt: "System message", version: "Server",
  };
  at("facts").replaceChildren(...Object.entries(names).filter(([key]) => info[key] !== undefined && info[key] !== null)
    .flatMap(([key, name]) => [make("dt", name), make("dd", String(info[key]))]));
  at("max_rationale_tokens").max = info.max_rationale_tokens ?? "";
  at("max_rationale_tokens").placeholder = info.default_max_rationale_tokens ?? "";
}

/** Keeps what is chosen, and does not touch a list that is the same. */
function offer(select, models) {
  const names = models.map(model => model.id);
  const old = Array.from(select.options).slice(1);
  if (old.length === names.length && old.every((option, index) => option.value === names[index])) return;
  const chosen = select.value;
  select.replaceChildren(select.options[0], ...models.map(model => {
    const option = make("option", model.checkpoint ?? model.id);
    option.value = model.id;
    return option;
  }));
  select.value = names.includes(chosen) ? chosen : "";
}

async function look() {
  const key = at("key").value;
  try {
    const health = await read("health", key);
    showState("ready", "Ready: " + health.checkpoint);
    const [info, models] = await Promise.all([read("info", key), read("v1/models", key)]);
    showState("ready", ["Ready: " + info.checkpoint, info.compute, info.dimensions + " dimensions"].join(", "));
    showFacts(info);
    for (const name of ["model", "other-model"]) offer(at(name), models.data);
    return patience;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (error.status === 401) {
      showState("ready", "Ready, for whoever has a key: give it in the settings");
      at("settings").open = true;
      return patience;
    }
    showState("failed", error.status === 503 ? "No checkpoint is ready: " + error.reason : error.message);
    return impatience;
  }
}

async function watch() {
  // Nobody looks at a page that is hidden.
  const pause = document.hidden ? patience : await look().catch(error => {
    showState("failed", String(error));
    return patience;
  });
  setTimeout(watch, pause);
}

// MARK: Requests

/** One request, or two where checkpoints are compared. */
function requests() {
  const texts = [at("text-a").value, at("text-b").value].filter((text, index) => index === 0 || text !== "");
  const fields = {inputs: texts.length > 1 ? texts : texts[0]};
  if (texts.length > 1) fields.granularity = at("granularity").value;
  fields.stream = true;
  for (const name of numberFields) if (at(name).value !== "") fields[name] = Number(at(name).value);
  if (at("prompt_name").value) fields.prompt_name = at("prompt_name").value;
  const models = [at("model").value];
  if (at("other-model").value && at("other-model").value !== models[0]) models.push(at("other-model").value);
  return models.map(model => {
    const body = JSON.stringify(model ? {...fields, model} : fields);
    // A seed has up to 63 bits, more than a number of JavaScript: its digits go as they are, but for zeros before them.
    const seed = at("seed").value.replace(/^0+(?=\d)/, "");
    return {
      texts, model: model || "The server's choice", path: texts.length > 1 ? "explain/similarity" : "explain",
      body: seed ? body.slice(0, -1) + ",\"seed\":" + seed + "}" : body,
    };
  });
}

async function explain() {
  stop();
  const controller = running = new AbortController();
  const wanted = requests();
  runs = wanted.map(request => new Run(request.model, request.texts));
  at("runs").replaceChildren(...runs.map(run => run.element));
  at("announcements").replaceChildren();
  at("view").hidden = true;
  at("stop").hidden = false;
  at("message").textContent = "Writing …";
  const outcomes = await Promise.all(
    runs.map((run, index) => run.send(wanted[index], at("key").value, controller.signal)));
  if (running !== controller) return;
  running = null;
  at("stop").hidden = true;
  at("view").hidden = !runs.some(run => run.marks);
  const heard = outcomes.map((outcome, index) => runs.length > 1 ? runs[index].name + ": " + outcome : outcome);
  at("message").textContent = heard.join(" ");
}

function stop() {
  running?.abort();
  running = null;
  at("stop").hidden = true;
}

async function copy() {
  if (!at("form").reportValidity()) return;
  const text = requests().map(request => curl(request, at("key").value !== "")).join("\n\n");
  at("curl").textContent = text;
  at("curl").hidden = false;
  try {
    await navigator.clipboard.writeText(text);
    at("message").textContent = "Copied.";
  } catch {
    // Not every address may: then it is selected, and Ctrl-C copies it.
    getSelection().selectAllChildren(at("curl"));
    at("message").textContent = "It is selected below: copy it with Ctrl-C.";
  }
}

// MARK: What people do

at("form").addEventListener("submit", event => {
  event.preventDefault();
  explain();
});
at("stop").addEventListener("click", () => {
  running?.abort();
  at("explain").focus();
});
at("copy").addEventListener("click", copy);
at("scale").addEventListener("change", () => runs.forEach(run => run.marks?.paint()));
at("key").addEventListener("change", look);
document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
document.addEventListener("keydown", event => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) at("form").requestSubmit();
  if (event.key !== "Escape") return;
  const isReleased = runs.map(run => run.marks?.release()).some(Boolean);
  if (!isReleased) running?.abort();
});
watch();
