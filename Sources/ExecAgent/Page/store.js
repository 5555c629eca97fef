// What all parts of the page know, and how they tell each other.

import { blob, get, quoted } from './api.js';
import { save } from './dom.js';
import { baseName, isImage, typeOf } from './format.js';

const listeners = new Map();

export function on(name, listener) {
	if (!listeners.has(name)) listeners.set(name, []);
	listeners.get(name).push(listener);
}

export function emit(name, value) {
	for (const listener of listeners.get(name) ?? []) listener(value);
}

/** Uses a part of the page that is loaded once it is needed. */
export async function part(loading, use) {
	let loaded;
	try {
		loaded = await loading;
	} catch {
		emit('problem', 'This part of the page could not be loaded. Load the page again once the server answers.');
		return;
	}
	await use(loaded);
}

/** Does what may fail, and says why if it does. @returns whether it was done */
export async function attempt(work) {
	try {
		await work();
		return true;
	} catch (error) {
		emit('problem', error.message);
		return false;
	}
}

export const store = { status: null, conversations: [], artifacts: new Map(), marks: new Map() };

/** The other tabs of this page, in the same browser. */
const channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel('exec-agent') : undefined;
channel?.addEventListener('message', ({ data }) => emit('tab', data));
export const tellTabs = (message) => channel?.postMessage(message);

export async function loadStatus() {
	store.status = await get('status');
	emit('status');
}

let asked = 0;

export async function loadArtifacts() {
	const number = (asked += 1);
	const { artifacts } = await get('artifacts');
	if (number !== asked) return;
	store.artifacts = new Map(artifacts.map((one) => [one.name, one]));
	emit('artifacts');
}

let timer;

/** Marks what a call has made or changed, and asks for the list soon. */
export function markArtifacts(made) {
	for (const one of made) {
		const known = store.artifacts.get(one.name);
		store.marks.set(one.name, one.change === 'changed' ? 'changed' : 'new');
		store.artifacts.set(one.name, { modified: new Date().toISOString(), ...known, ...one });
	}
	emit('artifacts');
	clearTimeout(timer);
	timer = setTimeout(() => loadArtifacts().catch(() => {}), 500);
}

export const artifactPath = (name) => `artifacts/${quoted(name)}`;
export const filePath = (path) => `files/content?path=${encodeURIComponent(path)}`;

/** Hands a file of the server to the person; `gone` is what is said if it is not there any more. */
export async function download(path, name, gone) {
	try {
		save(baseName(name), await blob(path));
	} catch (error) {
		emit('problem', (error.status === 404 && gone) || error.message);
	}
}

const pictures = new Map();
const MOST_PICTURES = 60;

/** The address of a picture within this page; the picture is loaded once for each state of the file. */
export function pictureAddress(name) {
	const one = store.artifacts.get(name);
	const key = `${store.status?.user?.name}\n${name}\n${one?.digest ?? one?.modified}`;
	if (!pictures.has(key)) {
		const loading = blob(artifactPath(name), isImage(name) ? typeOf(name) : 'image/png').then((data) => URL.createObjectURL(data));
		loading.catch(() => pictures.delete(key));
		pictures.set(key, loading);
		if (pictures.size > MOST_PICTURES) {
			const [oldest, old] = pictures.entries().next().value;
			pictures.delete(oldest);
			old.then((url) => URL.revokeObjectURL(url), () => {});
		}
	}
	return pictures.get(key);
}
