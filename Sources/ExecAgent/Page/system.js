// Dialogs about the system: servers, model, limits, sandboxes; and who works with it.

import { get, request, setUser } from './api.js';
import { button, confirm, dialog, fill, h } from './dom.js';
import { ago, duration, many, number, size, visible } from './format.js';
import { attempt, loadStatus, store } from './store.js';

const STATES = { ready: 'ready', starting: 'busy', failed: 'failed' };
const SANDBOX = { none: 'not started', idle: 'up, idle', busy: 'up, at work' };
const APPROVAL = { never: 'never asked for', ask: 'asked for when the policy says so', page: 'asked for on this page when the policy says so', always: 'given to every call' };

const fact = (name, value) => value && [h('dt', name), h('dd', value)];

function facts() {
	const { version, model, limits = {}, approval, servers = [], sandbox = {} } = store.status;
	return [
		h('dl.fields',
			fact('Version', version), fact('Model', visible(model)), fact('Approval', APPROVAL[approval] ?? approval),
			fact('A run', [limits.run_seconds && `at most ${duration(limits.run_seconds)}`, limits.turns && `${limits.turns} requests to the model`, limits.tokens && `${number(limits.tokens)} tokens`].filter(Boolean).join(', ')),
			fact('Unwatched', limits.detach_seconds && `a run that nobody watches ends after ${duration(limits.detach_seconds)}`),
			fact('An upload', limits.upload_bytes && `at most ${size(limits.upload_bytes)}`)),
		h('h3', 'Tool servers'),
		h('ul.servers', servers.map((one) => h('li', h('span.light', { 'data-state': STATES[one.state] }), ' ', h('strong', visible(one.name)), ` ${one.state}`, one.tools ? `, ${many(one.tools, 'tool')}` : '', one.error && h('span.bad', ` ${visible(one.error)}`)))),
		h('h3', 'Sandbox'),
		h('p', `Your sandbox is ${SANDBOX[sandbox.state] ?? sandbox.state}.`, Number.isFinite(sandbox.workspace_bytes) && ` The workspace has ${size(sandbox.workspace_bytes)}${sandbox.workspace_limit ? ` of ${size(sandbox.workspace_limit)}` : ''}.`),
		Number.isFinite(sandbox.workspace_bytes) && sandbox.workspace_limit > 0 && h('meter', { max: sandbox.workspace_limit, value: sandbox.workspace_bytes, 'aria-label': 'Workspace used' }),
	];
}

async function stopSandbox(path, whose, after) {
	if (!(await confirm(`Stop ${whose} sandbox?`, 'Everything that runs in it ends. Files in the workspace stay.', 'Stop'))) return;
	await attempt(() => request('DELETE', path));
	after();
}

async function operator(place) {
	const draw = () => operator(place);
	try {
		const list = await get('sandboxes');
		const all = list.sandboxes ?? list;
		fill(place, h('h3', 'All sandboxes'), all.length ? h('ul.servers', all.map((one) => h('li.row', h('span.light', { 'data-state': one.state === 'busy' ? 'busy' : 'ready' }), h('strong', visible(one.user)), h('span.quiet', [one.state, one.since && ago(one.since)].filter(Boolean).join(', ')), button('Stop', () => stopSandbox(`sandboxes/${encodeURIComponent(one.user)}`, `${visible(one.user)}’s`, draw), 'link', { 'aria-label': `Stop the sandbox of ${visible(one.user)}` })))) : h('p.quiet', 'No sandbox is running.'));
	} catch (error) {
		fill(place, h('p.bad', error.message));
	}
}

const KEYS = [['/', 'go to the message'], ['Enter', 'send'], ['Shift Enter', 'new line'], ['Esc', 'close, or stop changing a message'], ['↑ ↓', 'move in lists']];

export async function showSystem() {
	const body = h('div');
	const draw = async () => {
		try {
			await loadStatus();
			const all = h('div');
			fill(body, facts(), store.status.sandbox?.state !== 'none' && h('p', button('Stop the sandbox', () => stopSandbox('sandbox', 'your', draw))), all,
				h('h3', 'Keys'), h('dl.fields', KEYS.map(([name, what]) => [h('dt', h('kbd', name)), h('dd', what)])));
			if (store.status.operator) operator(all);
		} catch (error) {
			fill(body, h('p.problem', error.message));
		}
	};
	fill(body, h('p.working', 'Loading'));
	dialog('System', body);
	await draw();
}

/** Who works here: fixed by the key, or chosen. */
export function showUser(changed) {
	const { user = {} } = store.status;
	const field = h('input', { id: 'user-name', value: user.name, maxlength: 63, pattern: '[A-Za-z0-9][A-Za-z0-9_.\\-]{0,62}', autocomplete: 'off', autofocus: true });
	const problem = h('p.bad', { role: 'alert' });
	const node = dialog('Who works here?', h('form', {
		novalidate: true,
		submit: (event) => {
			event.preventDefault();
			if (!field.checkValidity() || !field.value) {
				problem.textContent = 'Use letters, digits, “_”, “.” and “-”, at most 63, a letter or digit first.';
				return;
			}
			node.close();
			setUser(field.value);
			changed();
		},
	}, h('p', 'Each name has a sandbox, files and conversations of its own.'), h('label', { for: 'user-name' }, 'Name'), field, problem,
	h('p.row.end', button('Cancel', () => node.close()), h('button.button.first', 'Change'))));
}
