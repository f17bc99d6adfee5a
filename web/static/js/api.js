// The server's REST API.

export class Refused extends Error {
  constructor(response, problem) {
    const detail = problem.detail ?? problem.message ?? response.statusText;
    super(typeof detail === "string" ? detail : JSON.stringify(detail));
    this.suggestion = problem.suggestion ?? "";
    this.errors = problem.errors ?? [];
  }
}

// The server was not reached: asked again it may answer.
export class Unreachable extends Error {}

async function call(method, path, body, headers = {}) {
  const options = { method, headers };
  if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers["Content-Type"] = "application/json";
  }
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Unreachable("The server does not answer.");
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw refused(response, answer, path);
  return answer;
}

// Whoever is not known any more has to log in again; see login.js.
function refused(response, answer, path) {
  if (response.status === 401 && path !== SESSION) document.dispatchEvent(new Event("session-over"));
  return new Refused(response, answer);
}

const SESSION = "/api/v1/session", USERS = "/api/v1/users";

export const api = {
  session: () => call("GET", SESSION),
  logIn: (body) => call("POST", SESSION, body),
  logOut: () => call("DELETE", SESSION),
  register: (body) => call("POST", `${USERS}/register`, body),
  changePassword: (body) => call("PUT", `${USERS}/me/password`, body),
  tokens: () => call("GET", `${USERS}/tokens`),
  makeToken: (body) => call("POST", `${USERS}/tokens`, body),
  revokeToken: (prefix) => call("DELETE", `${USERS}/tokens/${encodeURIComponent(prefix)}`),
  accounts: () => call("GET", `${USERS}/admin/users?limit=1000`),
  addAccount: (body) => call("POST", `${USERS}/admin/users`, body),
  changeAccount: (id, body) => call("PATCH", `${USERS}/admin/users/${encodeURIComponent(id)}`, body),
  removeAccount: (id) => call("DELETE", `${USERS}/admin/users/${encodeURIComponent(id)}`),
  audit: (query) => call("GET", `/api/v1/audit?${new URLSearchParams(query)}`),
  features: () => call("GET", "/api/v1/features"),
  models: () => call("GET", "/api/v1/models"),
  jobs: (query) => call("GET", `/api/v1/jobs?${new URLSearchParams(query)}`),
  job: (id) => call("GET", `/api/v1/jobs/${encodeURIComponent(id)}`),
  submit: (body, key) => call("POST", "/api/v1/jobs", body, { "Idempotency-Key": key }),
  // Accepted is accepted, though perhaps nobody has begun to yet.
  cancel: async (id) => {
    const job = await call("POST", `/api/v1/jobs/${id}/cancel`, {});
    return job.finished_at ? job : { ...job, stage: "cancelling" };
  },
  retry: (id) => call("POST", `/api/v1/jobs/${id}/retry`, {}),
  remove: (id) => call("DELETE", `/api/v1/jobs/${id}`),
  system: () => call("GET", "/api/v1/system/status"),
  queue: (query) => call("GET", `/api/v1/system/queue?${new URLSearchParams(query)}`),
  endAll: (body) => call("POST", "/api/v1/system/queue/cancel", body),
  move: (id, priority) => call("PATCH", `/api/v1/jobs/${encodeURIComponent(id)}`, { priority }),
  log: (query) => call("GET", `/api/v1/system/logs?${new URLSearchParams(query)}`),
  owners: () => call("GET", "/api/v1/owners"),
  configuration: () => call("GET", "/api/v1/system/configuration"),
  reload: () => call("POST", "/api/v1/system/reload"),
  control: (model, action, worker) => call("POST", `/api/v1/models/${encodeURIComponent(model)}/${action}`, { worker }),
  worker: (name, action) => action === "forget"
    ? call("DELETE", `/api/v1/workers/${encodeURIComponent(name)}`)
    : call("POST", `/api/v1/workers/${encodeURIComponent(name)}/${action}`, {}),
};

// fetch cannot tell how much has been sent, so uploads go the older way.
export function upload(file, onProgress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", `/api/v1/uploads?${new URLSearchParams({ filename: file.name })}`);
    request.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
    request.onerror = () => reject(new Unreachable("The upload broke off."));
    request.onload = () => {
      let answer = {};
      try {
        answer = JSON.parse(request.responseText);
      } catch {
        // An answer that is no JSON is told by its status.
      }
      if (request.status < 300) resolve(answer);
      else reject(refused({ status: request.status, statusText: request.statusText }, answer));
    };
    request.send(file);
  });
}
