// Requests to the server this page came from. The key is kept in memory, or in the tab's session if the person asks.

const BASE = new URL('.', import.meta.url);
const QUIET = 20000;

const session = {
	get: (name) => {
		try {
			return sessionStorage.getItem(name) ?? '';
		} catch {
			return '';
		}
	},
	set: (name, value) => {
		try {
			if (value) sessionStorage.setItem(name, value);
			else sessionStorage.removeItem(name);
		} catch {
			// A browser without storage forgets it with the page.
		}
	},
};

const access = { key: session.get('key'), user: session.get('user') };

export function setKey(key, remember) {
	access.key = key;
	session.set('key', remember ? key : '');
}

export function setUser(user) {
	access.user = user;
	session.set('user', user);
}

export const hasKey = () => access.key !== '';

/** A refusal or a failure. Status 0: the server did not answer. */
export class APIError extends Error {
	constructor(status, message, code, retryAfter) {
		super(message);
		Object.assign(this, { status, code, retryAfter });
	}
}

const listeners = new Set();
/** Adds a listener that gets the status of each answer: 0 if the server did not answer. */
export const onAnswer = (listener) => listeners.add(listener);
const tell = (status) => listeners.forEach((listener) => listener(status));

export const address = (path) => new URL(path, BASE);

export function fields() {
	const all = {};
	if (access.key) all.Authorization = `Bearer ${access.key}`;
	if (access.user) all['X-Agent-User'] = access.user;
	return all;
}

export const quoted = (path) => path.split('/').map(encodeURIComponent).join('/');

/** The response, once its head is there. */
export async function request(method, path, { json, signal, accept, patient } = {}) {
	const headers = fields();
	if (accept) headers.Accept = accept;
	if (json !== undefined) headers['Content-Type'] = 'application/json';
	const limits = patient ? [] : [AbortSignal.timeout(QUIET)];
	let response;
	try {
		response = await fetch(address(path), {
			method, headers, body: json === undefined ? undefined : JSON.stringify(json), cache: 'no-store',
			credentials: 'omit', referrerPolicy: 'no-referrer', signal: AbortSignal.any([...limits, ...(signal ? [signal] : [])]),
		});
	} catch (error) {
		if (signal?.aborted) throw error;
		tell(0);
		throw new APIError(0, 'The server does not answer.');
	}
	tell(response.status);
	if (!response.ok) throw await refusal(response);
	return response;
}

async function refusal(response) {
	let error = {};
	try {
		error = JSON.parse(await response.text()).error ?? {};
	} catch {
		// A proxy may have answered with a page of its own.
	}
	return failure(response.status, error, response.headers.get('Retry-After'));
}

/** What a refusal means for the person. */
function failure(status, error, retryAfter) {
	const seconds = Number(retryAfter) || undefined;
	const own = typeof error?.message === 'string' ? error.message : '';
	const words = {
		401: 'The server asks for a key.',
		413: own || 'This is larger than the server accepts.',
		429: `Too many requests at once.${seconds ? ` Try again in ${seconds} s.` : ' Try again in a moment.'}`,
		503: own || 'The server is busy. Try again in a moment.',
	};
	return new APIError(status, words[status] ?? (own || `The server refused it (${status}).`), error?.code, seconds);
}

export async function get(path, options) {
	const response = await request('GET', path, options);
	try {
		return await response.json();
	} catch {
		throw new APIError(0, 'The answer of the server broke off.');
	}
}

export async function send(method, path, json, options) {
	const response = await request(method, path, { json, ...options });
	const text = await response.text();
	return text ? JSON.parse(text) : {};
}

export async function blob(path, type) {
	const response = await request('GET', path, { patient: true });
	try {
		return new Blob([await response.arrayBuffer()], { type });
	} catch {
		throw new APIError(0, 'The download broke off.');
	}
}

/** The beginning of a text, and whether there is more of it. */
export async function beginning(path, limit) {
	const response = await request('GET', path, { patient: true });
	const reader = response.body.getReader();
	const decoder = new TextDecoder();
	let text = '';
	let count = 0;
	for (;;) {
		const { done, value } = await reader.read();
		if (done) return { text: text + decoder.decode(), cut: false };
		count += value.length;
		text += decoder.decode(value, { stream: true });
		if (count >= limit) {
			reader.cancel().catch(() => {});
			return { text: text.slice(0, limit), cut: true };
		}
	}
}

/** Sends a file; tells how much of it has gone. */
export function upload(file, progress) {
	const call = new XMLHttpRequest();
	const done = new Promise((resolve, reject) => {
		call.open('PUT', address(`files/${encodeURIComponent(file.name)}`));
		for (const [name, value] of Object.entries(fields())) call.setRequestHeader(name, value);
		call.setRequestHeader('Content-Type', 'application/octet-stream');
		call.upload.addEventListener('progress', (event) => event.lengthComputable && progress(event.loaded / event.total));
		call.addEventListener('load', () => {
			let answer = {};
			try {
				answer = JSON.parse(call.responseText);
			} catch {
				// Handled by its status.
			}
			tell(call.status);
			if (call.status === 201 || call.status === 200) resolve(answer);
			else reject(failure(call.status, answer.error, call.getResponseHeader('Retry-After')));
		});
		call.addEventListener('error', () => reject(new APIError(0, 'The connection broke off.')));
		call.addEventListener('abort', () => reject(new APIError(-1, 'Cancelled.')));
		call.send(file);
	});
	return { done, cancel: () => call.abort() };
}
