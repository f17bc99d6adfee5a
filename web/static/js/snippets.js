// A job as commands that make it again on this server: for a shell and for Python.

// `schema` is the model's; what is as it would be anyhow is left out. The seed always stands there.
export function requestOf(job, schema) {
  const defaults = schema?.properties ?? {};
  const isTold = ([name, value]) => name === "seed" || JSON.stringify(value) !== JSON.stringify(defaults[name]?.default ?? null);
  const inputs = Object.entries(job.inputs);
  return {
    feature: job.feature,
    model: job.model,
    texts: Object.fromEntries(inputs.filter(([, input]) => input.text !== undefined).map(([name, input]) => [name, input.text])),
    files: inputs.filter(([, input]) => input.url).map(([name, input]) => ({ name, filename: plain(input.filename || name), url: input.url })),
    params: Object.fromEntries(Object.entries(job.params).filter(isTold)),
    result: job.outputs.find((output) => output.role === "model")?.name ?? `mesh.${job.output_format || "glb"}`,
    needsToken: !!job.owner,
  };
}

// A name that every file system takes, and that no shell reads anything into.
const plain = (name) => name.replace(/[^\w.-]+/g, "_").replace(/^[-.]+/, "");
const quoted = (text) => `'${escaped(text)}'`;
const escaped = (text) => text.replaceAll("'", `'\\''`);
const variable = (name) => name.toUpperCase().replace(/\W/g, "_");
const field = (name) => `sed -E 's/.*"${name}": ?"([^"]+)".*/\\1/'`;

export function curl(request, origin) {
  const key = request.needsToken ? ' -H "Authorization: Bearer $AIGC_TOKEN"' : "";
  const lines = [request.needsToken && "# AIGC_TOKEN holds a token of yours", `SERVER=${quoted(origin)}`];
  for (const { name, filename, url } of request.files) {
    lines.push(
      `curl -sf "$SERVER"${quoted(url)} -o ${quoted(filename)}  # or take a file of your own`,
      `${variable(name)}=$(curl -sf${key} -T ${quoted(filename)} "$SERVER/api/v1/uploads?filename=${encodeURIComponent(filename)}" | ${field("file_id")})`,
    );
  }
  const inputs = [
    ...Object.entries(request.texts).map(([name, text]) => escaped(`${JSON.stringify(name)}: ${JSON.stringify({ text })}`)),
    ...request.files.map(({ name }) => `${escaped(JSON.stringify(name))}: {"upload": "'"$${variable(name)}"'"}`), // out of the quotes and back
  ];
  const [feature, model, params] = [request.feature, request.model, request.params].map((value) => escaped(JSON.stringify(value)));
  lines.push(
    `JOB=$(curl -sf${key} "$SERVER/api/v1/jobs" -H 'Content-Type: application/json' \\`,
    `  -d '{"feature": ${feature}, "model": ${model}, "inputs": {${inputs.join(", ")}}, "params": ${params}}' | sed -E 's/^\\{"id": ?"([^"]+)".*/\\1/')`,
    `curl -sNf${key} "$SERVER/api/v1/jobs/$JOB/events"  # ends when the job does`,
    `curl -f${key} "$SERVER/api/v1/jobs/$JOB/outputs/"${quoted(encodeURIComponent(request.result))} -o ${quoted(plain(request.result))}`,
  );
  return lines.filter(Boolean).join("\n");
}

export function python(request, origin) {
  const { files, params, needsToken } = request;
  const { text, ...otherTexts } = request.texts;
  const others = Object.fromEntries(Object.entries(otherTexts).map(([name, value]) => [name, { text: value }]));
  const given = [
    literal(request.feature),
    `model=${literal(request.model)}`,
    text !== undefined && `text=${literal(text)}`,
    Object.keys(others).length && `inputs=${literal(others)}`,
    files.length && `files=${literal(Object.fromEntries(files.map(({ name, filename }) => [name, filename])))}`,
    Object.keys(params).length && `params=${literal(params)}`,
  ];
  return [
    ...(files.length ? ["from urllib.request import urlretrieve", ""] : []),
    "from aigc.client import Client",
    "",
    `client = Client(${literal(origin)})${needsToken ? "  # your token is in AIGC_TOKEN" : ""}`,
    ...files.map(({ filename, url }) => `urlretrieve(${literal(origin + url)}, ${literal(filename)})  # or take a file of your own`),
    "job = client.submit(",
    ...given.filter(Boolean).map((line) => `    ${line},`),
    ")",
    'client.wait(job["id"])',
    `client.download(job["id"], ${literal(plain(request.result))})`,
  ].join("\n");
}

// As Python writes it. What JSON escapes in a text, Python reads alike.
function literal(value) {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (typeof value === "object") return `{${Object.entries(value).map(([name, item]) => `${literal(name)}: ${literal(item)}`).join(", ")}}`;
  return JSON.stringify(value);
}
