// The page begins here: connects, wires the parts, and shows what the address names.

import { onAnswer } from './api.js';
import { wireComposer } from './composer.js';
import { openConversation, startNew, talk, watchScrolling, isLost } from './conversation.js';
import { $, add, button, fill, h, icon } from './dom.js';
import { filesShown, wireFiles } from './files.js';
import { actions, loadConversations, wireHistory } from './history.js';
import { drawWho, showGone, showLogin } from './login.js';
import { emit, loadArtifacts, loadStatus, on, part, store } from './store.js';

const THEMES = ['auto', 'light', 'dark'];
const THEME_ICONS = { auto: 'auto', light: 'sun', dark: 'moon' };
const THEME_NAMES = { auto: 'automatic', light: 'light', dark: 'dark' };
const RETRY = 3000;

let connected = false;
let tries = 0;
let retryTimer;

// -- What is wrong

let banner = '';
function warn(text, kind = 'problem') {
	if (banner === text) return;
	banner = text;
	fill($('banner'), text && h('div', { class: `banner ${kind}` }, icon('fail'), h('p', text), button('Dismiss', () => warn(''), 'link')));
}

function light(state, text) {
	$('light').dataset.state = state;
	$('state-text').textContent = text;
}

function drawState() {
	const { servers = [], model } = store.status ?? {};
	$('model').textContent = model ?? '';
	const failed = servers.filter((one) => one.state === 'failed');
	if (!connected) light('failed', 'No connection');
	else if (isLost()) light('failed', 'Connection lost');
	else if (failed.length) light('failed', failed.length === servers.length ? 'No tools' : 'Some tools failed');
	else if (talk.run) light('busy', 'At work');
	else light('ready', 'Ready');
}

// -- Connecting

async function connect() {
	clearTimeout(retryTimer);
	tries += 1;
	try {
		await loadStatus();
	} catch (error) {
		connected = false;
		if (error.status === 401) showLogin(connect, tries > 1);
		else {
			showGone(error.status === 0 ? 'The server does not answer. Is exec-agent still running? This page tries again by itself.' : error.message, connect);
			retryTimer = setTimeout(connect, (error.retryAfter ?? 0) * 1000 || RETRY);
		}
		drawState();
		return;
	}
	const isFirst = document.body.dataset.screen !== 'app';
	connected = true;
	tries = 0;
	document.body.dataset.screen = 'app';
	$('screen').hidden = true;
	fill($('screen'));
	drawWho(changeUser);
	drawState();
	warn('');
	loadConversations().catch((error) => warn(error.message));
	if (store.status.features?.sandbox !== false) loadArtifacts().catch(() => {});
	if (isFirst) route(true);
}

function changeUser() {
	store.artifacts.clear();
	store.marks.clear();
	history.pushState(null, '', '#/');
	document.body.dataset.screen = 'loading';
	emit('artifacts');
	connect();
}

/** The server was gone and answers again: what is shown may be old. */
async function back() {
	warn('');
	await connect();
	if (connected && talk.id && !talk.run) openConversation(talk.id);
}

let gone = false;
onAnswer((status) => {
	if (status === 401 && connected) {
		connected = false;
		showLogin(connect, false);
	}
	if (status === 0 && connected && !gone) {
		gone = true;
		warn('The server does not answer. This page tries again by itself.');
		watch();
	} else if (status > 0 && gone) {
		gone = false;
		back();
	}
});

function watch() {
	if (!gone) return;
	loadStatus().catch(() => setTimeout(watch, RETRY));
}

// -- Addresses: #/c/CONVERSATION and #/c/CONVERSATION/CALL

/** Shows what the address names; `again` also if it is shown already, as after a login. */
function route(again = false) {
	const [, id, call] = /^#\/c\/([^/]+)(?:\/(.+))?$/.exec(location.hash) ?? [];
	drawers();
	if (!id) startNew();
	else if (again || id !== talk.id || call) openConversation(decodeURIComponent(id), call && decodeURIComponent(call));
}

function examples() {
	const all = store.status?.examples ?? [];
	fill($('empty'), h('div.blank.welcome', h('h1', 'What should the agent do?'),
		h('p', 'It runs code in a private sandbox, and hands back the answer and the files.'),
		all.length > 0 && h('ul.examples', { 'aria-label': 'Examples' }, all.slice(0, 6).map((text) => h('li', button(text, () => emit('example', text), 'example'))))));
}

// -- Theme, drawers, keys

function theme(name) {
	document.documentElement.dataset.theme = name;
	fill($('theme'), icon(THEME_ICONS[name]));
	$('theme').setAttribute('aria-label', `Theme: ${THEME_NAMES[name]}`);
	$('theme').title = `Theme: ${THEME_NAMES[name]}`;
}

function drawer(name, shown) {
	$(name).classList.toggle('open', shown);
	$(`${name}-toggle`).setAttribute('aria-expanded', String(shown));
	if (name === 'files') filesShown(shown);
}

const isWide = (width) => matchMedia(`(min-width: ${width}px)`).matches;
const drawers = () => {
	if (!isWide(900)) drawer('nav', false);
};

function wire() {
	$('skip').addEventListener('click', (event) => {
		event.preventDefault();
		$('text').focus();
	});
	add($('nav-toggle'), [icon('menu')]);
	add($('files-toggle'), [icon('panel')]);
	add($('export'), [icon('more')]);
	$('new').prepend(icon('plus'));
	for (const name of ['nav', 'files']) {
		$(`${name}-toggle`).addEventListener('click', () => {
			const shown = !$(name).classList.contains('open');
			drawer(name, shown);
			if (shown && !isWide(name === 'nav' ? 900 : 1200)) $(name).querySelector('button, a').focus();
		});
	}
	drawer('nav', isWide(900));
	drawer('files', isWide(1200));
	theme(document.documentElement.dataset.theme);
	$('theme').addEventListener('click', () => {
		const next = THEMES[(THEMES.indexOf(document.documentElement.dataset.theme) + 1) % THEMES.length];
		theme(next);
		try {
			localStorage.setItem('theme', next);
		} catch {
			// It holds until the page is closed.
		}
	});
	$('system-button').addEventListener('click', () => part(import('./system.js'), (system) => system.showSystem()));
	$('new').addEventListener('click', () => {
		history.pushState(null, '', '#/');
		startNew();
		drawers();
		$('text').focus();
	});
	$('export').addEventListener('click', () => actions($('export'), { id: talk.id, title: talk.title }));
	for (const name of ['hashchange', 'popstate']) addEventListener(name, () => route());
	addEventListener('online', () => {
		emit('online');
		if (!connected) connect();
	});
	addEventListener('keydown', (event) => {
		const typing = event.target.closest?.('input, textarea, select, dialog, [role=menu]');
		if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
			event.preventDefault();
			$('text').focus();
		}
		if (event.key === 'Escape' && !document.querySelector('dialog[open], .menu')) {
			for (const [name, width] of [['nav', 900], ['files', 1200]]) {
				if (isWide(width) || !$(name).classList.contains('open')) continue;
				drawer(name, false);
				$(`${name}-toggle`).focus();
			}
		}
	});
	document.addEventListener('visibilitychange', () => !document.hidden && connected && loadConversations().catch(() => {}));
	on('problem', (text) => warn(text));
	on('link', (state) => {
		if (state === 'lost') warn('Connection lost. The run goes on at the server; this page tries again by itself.', 'lost');
		else warn('');
		drawState();
	});
	on('blank', examples);
	let questions;
	on('question', (event) => {
		if (event.type === 'question') questions ??= import('./question.js');
		if (questions) part(questions, (one) => one.take(event));
	});
	for (const name of ['talk', 'status']) on(name, drawState);
}

wire();
watchScrolling();
wireComposer();
wireHistory();
wireFiles();
connect();
