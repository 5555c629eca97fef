// The open conversation: loads it, follows its run, and keeps the newest in sight.

import { APIError, get, send } from './api.js';
import { $, fill, h, say, slices } from './dom.js';
import { RunStream } from './events.js';
import { shower } from './render.js';
import { emit, loadArtifacts, markArtifacts, on, pictureAddress, store, tellTabs } from './store.js';
import { TurnView, pictureOf, placeOf } from './turn.js';

const NEAR = 80;

export const talk = { id: undefined, title: '', views: [], run: undefined };

let stream;
let link = 'live';
let frame = 0;
let pinned = true;
let top = 0;
let loading = 0;
let gap;
let isAsleep = false;
let writes = [];
const open = (name) => emit('open', name);
const picture = (name, text, captioned) => pictureOf(name, text, open, pictureAddress, captioned);

const context = {
	open,
	show: { ...shower({ has: (name) => store.artifacts.has(name), open, picture }), pictureOf: picture },
	link: (call) => `${location.origin}${location.pathname}#/c/${talk.id}/${encodeURIComponent(call)}`,
	question: (event) => emit('question', event),
	// By place, because the turns of a stored conversation are made from the newest to the oldest.
	before: (path, place) => writes.filter((one) => one.path === path && one.place < place).sort((one, other) => one.place - other.place).at(-1)?.text,
	wrote: (path, text, place) => writes.push({ path, text, place }),
	later: () => schedule(),
};

// -- Scrolling: the end is followed only if it is in view

const box = () => $('scroll');
function toEnd() {
	box().scrollTop = box().scrollHeight;
}

function schedule() {
	frame ||= requestAnimationFrame(() => {
		frame = 0;
		talk.views.at(-1)?.flush();
		if (pinned) toEnd();
		$('newest').hidden = pinned;
	});
}

export function watchScrolling() {
	box().addEventListener('scroll', () => {
		// Only scrolling up leaves the end; growth above the view isn't scrolling.
		const now = box().scrollTop;
		if (box().scrollHeight - now - box().clientHeight < NEAR) pinned = true;
		else if (now < top) pinned = false;
		top = now;
		$('newest').hidden = pinned || !talk.views.length;
	}, { passive: true });
	new ResizeObserver(() => pinned && toEnd()).observe($('turns'));
	$('newest').addEventListener('click', () => {
		pinned = true;
		toEnd();
		$('newest').hidden = true;
		$('text').focus();
	});
}

// -- Loading

function clear() {
	stream?.close();
	stream = undefined;
	isAsleep = false;
	loading += 1;
	Object.assign(talk, { id: undefined, title: '', views: [], run: undefined });
	writes = [];
	$('turns').replaceChildren();
	emit('question', { type: 'question_closed' });
	linked('live');
	pinned = true;
}

function linked(state) {
	if (state === link) return;
	link = state;
	emit('link', state);
}

function changed() {
	const isEmpty = talk.id === undefined && !talk.views.length;
	$('heading').hidden = isEmpty;
	$('title').textContent = talk.title || 'Conversation';
	document.title = talk.title ? `${talk.title} – exec-agent` : 'exec-agent';
	$('empty').hidden = !isEmpty;
	$('log').setAttribute('aria-busy', String(Boolean(talk.run)));
	const last = talk.views.at(-1);
	talk.views.forEach((view) => view.offer(view === last && !talk.run ? {
		edit: () => emit('edit', view.turn),
		again: () => start(view.turn.text, view.turn.attachments ?? [], view.turn.index).catch(() => {}),
	} : {}));
	emit('talk');
}

export function startNew() {
	clear();
	fill($('empty'));
	changed();
	emit('blank');
}

/** Opens a conversation; `call` is the one whose card is opened. */
export async function openConversation(id, call) {
	clear();
	const number = loading;
	talk.id = id;
	changed();
	fill($('turns'), h('li.skeleton', { 'aria-label': 'Loading' }));
	$('log').setAttribute('aria-busy', 'true');
	let whole;
	try {
		whole = await get(`conversations/${encodeURIComponent(id)}`, { patient: true });
	} catch (error) {
		if (number !== loading) return;
		clear();
		changed();
		fill($('empty'), h('div.blank', h('h1', error.status === 404 ? 'This conversation does not exist' : 'This conversation cannot be loaded'),
			h('p', error.status === 404 ? 'It may have been deleted, or it belongs to somebody else.' : error.message)));
		return;
	}
	if (number !== loading) return;
	talk.title = whole.title ?? '';
	talk.run = whole.run_id;
	await render(whole.turns ?? [], number);
	if (number !== loading) return;
	changed();
	toEnd();
	if (call) show(call);
	if (talk.run) follow(talk.run, lastSequence(whole.turns.at(-1)));
}

const lastSequence = (turn) => Math.max(0, ...(turn?.events ?? []).slice(-50).map((event) => event.seq || 0));

/** The newest turns come first; a long history is put before them in small pieces. */
async function render(turns, number) {
	const breathe = slices();
	$('turns').replaceChildren();
	const made = new Array(turns.length);
	for (let at = turns.length - 1; at >= 0; at -= 1) {
		const view = new TurnView({ index: at, ...turns[at] }, context);
		made[at] = view;
		$('turns').prepend(view.node);
		if (at > turns.length - 4) toEnd();
		await breathe();
		if (number !== loading) return;
	}
	talk.views = made;
}

function show(call) {
	const node = [...document.querySelectorAll('details.card')].find((one) => one.dataset.call === call);
	if (!node) return;
	pinned = false;
	node.open = true;
	node.scrollIntoView({ block: 'center' });
	node.querySelector('summary').focus();
}

// -- Runs

function follow(run, after) {
	isAsleep = false;
	if (!document.hidden) tellTabs({ type: 'watch', run });
	stream?.close();
	const mine = new RunStream(run, after, {
		event: (event) => mine === stream && take(event),
		told: (state) => mine === stream && linked(state),
		gone: (error) => {
			if (mine !== stream) return;
			stream = undefined;
			if (error.status === 404 && talk.id) openConversation(talk.id);
		},
	});
	stream = mine;
	mine.start();
}

function take(event) {
	// What is no longer sent is in the conversation, as far as it is kept.
	if (event.type === 'gap' && event.to !== gap) {
		gap = event.to;
		openConversation(talk.id);
		return;
	}
	const view = talk.views.at(-1);
	if (!view) return;
	const words = view.apply(event);
	if (event.type === 'tool_ended' && event.artifacts?.length) markArtifacts(event.artifacts);
	if (event.type === 'finished') {
		stream = undefined;
		talk.run = undefined;
		emit('ended');
		tellTabs({ type: 'changed', id: talk.id });
		changed();
		loadArtifacts().catch(() => {});
	}
	if (words) say(words);
	schedule();
}

/** Sends a message. @throws APIError if the server does not take it */
export async function start(text, attachments, replace) {
	const body = { text, ...(talk.id && { conversation_id: talk.id }), ...(attachments.length && { attachments: attachments.map((one) => one.path) }), ...(replace !== undefined && { replace_turn: replace }) };
	const number = loading;
	const run = await send('POST', 'runs', body);
	if (number !== loading) return;
	if (replace !== undefined) {
		for (const view of talk.views.splice(replace)) view.node.remove();
		writes = writes.filter((one) => one.place < placeOf(replace, 0));
	}
	const isNew = talk.id === undefined;
	talk.id = run.conversation_id;
	talk.title ||= text.split('\n')[0].slice(0, 80);
	talk.run = run.id;
	const view = new TurnView({ index: run.turn, text, attachments, created: new Date().toISOString() }, context);
	talk.views.push(view);
	$('turns').append(view.node);
	pinned = true;
	changed();
	schedule();
	say('Working');
	if (isNew) history.pushState(null, '', `#/c/${talk.id}`);
	follow(run.id, 0);
	emit('started');
	tellTabs({ type: 'changed', id: talk.id });
}

export async function stop() {
	if (!talk.run) return;
	say('Stopping');
	try {
		await send('DELETE', `runs/${encodeURIComponent(talk.run)}`);
	} catch (error) {
		if (!(error instanceof APIError && error.status === 404)) throw error;
	}
}

on('online', () => stream?.hurry());
on('tab', ({ type, id, run }) => {
	if (type === 'changed' && id === talk.id && !talk.run) openConversation(id);
	if (!talk.run || run !== talk.run) return;
	// A browser has few connections: a tab in the background leaves the run to the one that is looked at.
	if (type === 'watch' && document.hidden) {
		stream?.close();
		stream = undefined;
		isAsleep = true;
	} else if (type === 'bye') wake();
});
const wake = () => isAsleep && talk.id && openConversation(talk.id);
document.addEventListener('visibilitychange', () => {
	if (document.hidden) return;
	if (stream) tellTabs({ type: 'watch', run: talk.run });
	else wake();
});
addEventListener('pagehide', () => talk.run && tellTabs({ type: 'bye', run: talk.run }));
export const isLost = () => link === 'lost';
