// What is there before and beside the conversation: the form for a key, who is signed in, and a server that is gone.

import { hasKey, setKey } from './api.js';
import { $, button, fill, h, icon } from './dom.js';
import { visible } from './format.js';
import { part, store } from './store.js';

/** The login form. */
export function showLogin(retry, wasRefused) {
	const field = h('input', { id: 'key', type: 'password', autocomplete: 'current-password', required: true, spellcheck: 'false' });
	const keep = h('input', { type: 'checkbox' });
	const problem = h('p.bad', { role: 'alert' }, wasRefused && 'This key is not accepted.');
	document.body.dataset.screen = 'login';
	$('screen').hidden = false;
	fill($('screen'), h('form.login', {
		novalidate: true,
		submit: (event) => {
			event.preventDefault();
			if (!field.value.trim()) {
				problem.textContent = 'Type a key.';
				field.focus();
				return;
			}
			setKey(field.value.trim(), keep.checked);
			retry();
		},
	}, h('span.mark', { 'aria-hidden': 'true' }), h('h1', 'exec-agent'), h('p.quiet', 'This server asks for a key.'),
	h('label', { for: 'key' }, 'Key'), field, h('label.row', keep, 'Remember it in this tab'), problem,
	h('button.button.first.wide', 'Continue')));
	field.focus();
}

/** The server does not answer: nothing else can be shown. */
export function showGone(text, retry) {
	document.body.dataset.screen = 'gone';
	$('screen').hidden = false;
	fill($('screen'), h('div.login', { role: 'alert' }, icon('fail'), h('h1', 'No connection'), h('p', text), button('Try again', retry, 'button.first.wide')));
}

export function drawWho(changed) {
	const { user = {}, requires_key: requiresKey } = store.status;
	fill($('who'), h('span.quiet', 'Signed in as '), h('strong', visible(user.name ?? 'default')), ' ',
		!user.is_bound && button('Change', () => part(import('./system.js'), (system) => system.showUser(changed)), 'link', { 'aria-label': 'Change the user' }),
		requiresKey && hasKey() && button('Sign out', () => {
			setKey('', false);
			location.reload();
		}, 'link'));
}
